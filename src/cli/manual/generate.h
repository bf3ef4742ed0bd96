#ifndef CLI_MANUAL_GENERATE_H
#define CLI_MANUAL_GENERATE_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Documentation made from the tables of commands, switches and settings, so
 * that it cannot differ from them.  scripts/docs puts it where it belongs.
 */

/* By its name, "mdoc-settings" for instance; NULL with *e.  The caller frees
 * it. */
char *generate(const char *what, struct err *e);

/* mdoc.c: pieces of the manuals, in mdoc(7). */
void mdoc_synopsis(struct buf *);
void mdoc_commands(struct buf *);
void mdoc_examples(struct buf *);
void mdoc_options(struct buf *);
void mdoc_settings(struct buf *);

/* markdown.c: pieces of README.md. */
void markdown_settings(struct buf *);

/* completion_x.c: what the shells read. */
void completion_bash(struct buf *);
void completion_zsh(struct buf *);
void completion_fish(struct buf *);

#endif

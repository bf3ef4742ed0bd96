#ifndef CLI_MANUAL_HELP_H
#define CLI_MANUAL_HELP_H

#include "cli/command/commands.h"

/*
 * Help for people, made from the tables of commands, switches and settings,
 * and at most 80 columns wide.  The caller frees it.
 */

/* The whole program. */
char *help_text(void);

/* One command. */
char *help_command(const struct command *);

/* Text as lines of at most 79 columns, each with the prefix. */
void help_wrap(struct buf *, const char *text, const char *prefix);

/* "--retry-delay TIME", "--token-file FILE", "--expect-continue[=no]". */
char *help_flag(const struct setting *);

/*
 * A configuration file with every setting at its default, as a comment "#name
 * = value" below what it means ("# ...").
 */
char *help_sample(void);

/*
 * Print the tables as JSON: commands, options and settings.  Manuals, README
 * and completions are made of it (scripts/docs), so that they cannot differ.
 */
void help_tables(void);

#endif

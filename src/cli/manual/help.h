#pragma once

#include "cli/command/commands.h"

/*
 * Print help for people, made from the tables of commands, switches and
 * settings, and at most 80 columns wide: of one command, or with NULL of the
 * whole program.
 */
void help_print(const struct command *);

/* Text as lines of at most 79 columns, each with the prefix. */
void help_wrap(struct buf *, const char *text, const char *prefix);

/*
 * Print a configuration file with every setting at its default, as a comment
 * "#name = value" below what it means ("# ...").
 */
void help_sample(void);

/*
 * Print the tables as JSON: commands, options and settings.  Manuals, README
 * and completions are made of it (scripts/docs), so that they cannot differ.
 */
void help_tables(void);

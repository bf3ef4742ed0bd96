#ifndef CLI_HELP_H
#define CLI_HELP_H

/* Texts made from the tables of commands, switches and settings. */

/* --help: at most 80 columns wide; the caller frees it. */
char *help_text(void);

/* The list of options for the manual, in mdoc(7); the caller frees it. */
char *help_mdoc(void);

/*
 * A configuration file with every setting at its default, as a comment "#name
 * = value" below what it means ("# ..."); the caller frees it.
 */
char *help_sample(void);

#endif

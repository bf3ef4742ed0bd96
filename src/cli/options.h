#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/config.h"

/* Switches of the command line that are no settings. */
struct options {
	bool is_help, is_version, is_forced, is_json, is_mdoc;
	const char *config_path;
	struct flag *flags;
	size_t n_flags;
	char **words; /* what is no flag, in order; borrowed from argv */
	size_t n_words;
};

struct option_switch {
	const char *name;
	char letter;     /* 0: none */
	size_t offset;   /* in struct options */
	const char *arg; /* NULL: a bool, else a string */
	const char *help;
	bool is_hidden;
};

extern const struct option_switch option_switches[];
extern const size_t option_switches_n;

/*
 * Parse the command line: --name value, --name=value, -h; "--" ends the
 * flags, which may stand anywhere before it.  Names are never abbreviated:
 * "--token" must not become "--token-file".  -1 with ERR_USAGE.
 */
int options_parse(struct options *, int argc, char **argv, struct err *e);
void options_free(struct options *);

#endif

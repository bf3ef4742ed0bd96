#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"

struct command {
	const char *name;
	const char *synopsis; /* behind the name */
	const char *help;
	size_t min_words, max_words;
	bool takes_force, takes_json, takes_mdoc;
	bool needs_no_config; /* works whatever is configured */
	/* Words are what follows the command's name. */
	int (*run)(const struct loaded *, const struct options *,
	    char *const *words, size_t n, struct err *e);
};

extern const struct command commands[];
extern const size_t commands_n;

/*
 * Find the command and run it.  The first word is a command's name, or the
 * recording's directory as Jibri gives it (it holds a slash or is one).
 * -1 with *e, whose text is empty when it was already logged.
 */
int commands_run(const struct options *, struct err *e);

#endif

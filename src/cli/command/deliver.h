#pragma once

#include "cli/settings/options.h"

/*
 * One attempt, by hand also on an archive, with its result for people or, with
 * --json, for programs.
 */
int deliver(const struct loaded *, const struct options *,
    const struct attempt_request *, struct err *e);

/*
 * Do the same with each word, going on after one that failed.  -1 with the
 * worst class; after a stop the rest is left.
 */
int deliver_each(struct loaded *, const struct options *, char *const *words,
    size_t n,
    int (*one)(struct loaded *, const struct options *, const char *word,
	struct err *),
    struct err *e);

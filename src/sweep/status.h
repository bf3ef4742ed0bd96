#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "sweep/survey.h"

/* What became of every recording below the roots, for whoever asks. */

/*
 * Each has a session, that of its directory's name if no other is known.
 * facts.damaged is 0 but for one that is done, next_ms but for one that waits.
 */
struct status {
	struct finding *rows;
	size_t n, cap;
	size_t count[VERDICTS]; /* of all, whether shown or not */
	size_t left;            /* rows that the limit left out */
	int64_t now_ms;
};

enum status_sort {
	STATUS_BY_STATE, /* the most urgent first */
	STATUS_BY_AGE,   /* the oldest first */
	STATUS_BY_SIZE,  /* the largest first */
	STATUS_BY_SESSION,
	STATUS_SORTS
};

/* Which rows are kept. */
struct status_query {
	unsigned verdicts; /* bits 1 << VERDICT_... */
	int64_t older_ms;  /* only those of a greater age; 0: all */
	enum status_sort sort;
	int64_t limit; /* so many; 0: all */
};

struct status_policy {
	const struct verdict_policy *verdict;
	const struct recording_policy *recording;
	const struct identity_policy *identity; /* NULL: no room is guessed */
};

/*
 * -1 with *e when a root cannot be read; the others were read anyway.
 */
int status_collect(struct status *, const struct status_policy *,
    const struct text_list *roots, const struct status_query *, struct err *e);
void status_free(struct status *);

/*
 * Since when it is there: the last write of its media, without them the
 * journal's first event; 0: not known.
 */
int64_t status_since_ms(const struct finding *);

/* The sort with this name: "state", "age", "size", "session"; or -1. */
int status_parse_sort(const char *name);

/* The set of verdicts that a list of names means, or 0. */
unsigned status_parse_verdicts(const char *names);

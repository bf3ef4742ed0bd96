#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "sweep/survey.h"

/* The state of every recording below the roots, for users. */

/* How urgent it is, as monitoring plugins say it. */
enum status_level {
	STATUS_OK,
	STATUS_WARNING,  /* undelivered for over STATUS_LATE_H */
	STATUS_CRITICAL, /* held, or undelivered for over STATUS_LOST_H */
	STATUS_LEVELS
};

enum { STATUS_LATE_H = 2, STATUS_LOST_H = 24 };

/*
 * Each row has a session, by default its directory's name. facts.damaged is 0
 * unless it is done, next_ms unless it waits.
 */
struct status {
	struct finding *rows;
	size_t n, cap;
	/* Of all, shown or not. */
	size_t count[VERDICTS];
	size_t undelivered[STATUS_LEVELS]; /* by age; not the held ones */
	size_t left;                       /* omitted because of the limit */
	int64_t now_ms;
};

enum status_sort {
	STATUS_BY_STATE, /* the most urgent first */
	STATUS_BY_AGE,   /* the oldest first */
	STATUS_BY_SIZE,  /* the largest first */
	STATUS_BY_SESSION,
	STATUS_SORTS
};

/* Which rows to keep. */
struct status_query {
	unsigned verdicts; /* bits 1 << VERDICT_... */
	int64_t older_ms;  /* only those of a greater age; 0: all */
	enum status_sort sort;
	int64_t limit; /* number of rows; 0: all */
};

struct status_policy {
	const struct verdict_policy *verdict;
	const struct recording_policy *recording;
	const struct identity_policy *identity; /* NULL: do not guess rooms */
};

/* -1 with *e when a root cannot be read; the others are included anyway. */
int status_collect(struct status *, const struct status_policy *,
    const struct text_list *roots, const struct status_query *, struct err *e);
void status_free(struct status *);

/*
 * When it was recorded: the last write of its media, or else the journal's
 * first event; 0: unknown.
 */
int64_t status_since_ms(const struct finding *);

/* How urgent this one is, and the most urgent of all. */
enum status_level status_level_of(const struct finding *, int64_t now_ms);
enum status_level status_level(const struct status *);

/* The sort order of this name: "state", "age", "size", "session"; or -1. */
int status_parse_sort(const char *name);

/* The set of verdicts in a list of names; 0: invalid. */
unsigned status_parse_verdicts(const char *names);

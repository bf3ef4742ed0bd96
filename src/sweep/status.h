#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "sweep/survey.h"

/* What became of every recording below the roots, for whoever asks. */

struct status_row {
	enum verdict verdict;
	char *session, *path, *room, *meeting_id;
	char *why; /* the last error, or what keeps it; NULL: nothing */
	bool is_listed;
	size_t artifacts, stored; /* when listed */
	int64_t bytes;
	int64_t attempts;
	int64_t next_ms;    /* since 1970; 0: none is planned */
	int64_t updated_ms; /* since 1970; 0: never */
};

struct status {
	struct status_row *rows; /* the most urgent first */
	size_t n, cap;
	size_t count[VERDICTS]; /* of all, whether shown or not */
};

/*
 * Only rows with a verdict of this set (bits 1 << VERDICT_...) are kept.  -1
 * with *e when a root cannot be read; the others were read all the same.
 */
int status_collect(struct status *, const struct verdict_policy *,
    const struct recording_policy *, const struct text_list *roots,
    unsigned verdicts, struct err *e);
void status_free(struct status *);

/* The set of verdicts that a list of names means, or 0. */
unsigned status_parse_verdicts(const char *names);

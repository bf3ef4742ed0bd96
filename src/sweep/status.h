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
	struct finding *rows; /* the most urgent first */
	size_t n, cap;
	size_t count[VERDICTS]; /* of all, whether shown or not */
};

/*
 * Only rows with a verdict of this set (bits 1 << VERDICT_...) are kept.  -1
 * with *e when a root cannot be read; the others were read anyway.
 */
int status_collect(struct status *, const struct verdict_policy *,
    const struct recording_policy *, const struct text_list *roots,
    unsigned verdicts, struct err *e);
void status_free(struct status *);

/* The set of verdicts that a list of names means, or 0. */
unsigned status_parse_verdicts(const char *names);

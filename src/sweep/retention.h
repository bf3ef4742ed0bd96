#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "delivery/pipeline.h"
#include "sweep/counters.h"
#include "sweep/removal.h"
#include "sweep/survey.h"

/*
 * Removes delivered recordings: only those whose STOPPED was acknowledged and
 * of which the server proves to have every file now.
 */

struct retention_policy {
	int64_t keep_ms;  /* after the acknowledged STOPPED; 0: forever */
	int64_t min_free; /* percent of the disk; 0: no minimum */
	int proof;        /* enum removal_proof */
};

struct retention_deps {
	const struct retention_policy *policy;
	const struct verdict_policy *verdict;
	const struct pipeline_policy *pipeline;
	bool has_copies; /* some may come from an archive */
	/* Unless NULL, only add the paths of what would be removed. */
	struct text_list *foreseen;
	int64_t *gone; /* add the counters of what is removed; or NULL */
};

struct retention_result {
	size_t removed;
	size_t lost;          /* newly held: the server lost something */
	size_t unproven;      /* kept: the list proves too little */
	struct err early;     /* why it ended early; or ERR_NONE */
	enum err_class worst; /* of errors while asking, and of lost */
};

/*
 * Remove recordings unpacked from an archive at once, and others according to
 * the policy.  Oldest first, asking about each once; the first outage ends it.
 * What cannot be removed now is tried again next time.
 */
void retention_run(const struct retention_deps *, const struct text_list *roots,
    struct retention_result *);

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
 * Removing recordings that are delivered.  What is removed was acknowledged,
 * and the server proves to have each of its files now; anything else stays.
 */

struct retention_policy {
	int64_t keep_ms;  /* since the acknowledged STOPPED; 0: for ever */
	int64_t min_free; /* percent of the disk; 0: whatever is free */
	int proof;        /* enum removal_proof */
};

struct retention_deps {
	const struct retention_policy *policy;
	const struct verdict_policy *verdict;
	const struct pipeline_policy *pipeline;
	bool has_copies; /* there may be some that came out of an archive */
	bool is_dry_run; /* only say what would be removed */
	int64_t
	    *gone; /* counters that what is removed is added to; NULL: none */
};

struct retention_result {
	size_t removed;
	size_t lost;          /* newly held, as the server lost something */
	size_t unproven;      /* kept, as the list says too little */
	struct err early;     /* why it ended early; ERR_NONE: it did not */
	enum err_class worst; /* of what kept us from asking, and of lost */
};

/*
 * What came out of an archive at once, and what else there is by the policy.
 * The oldest first, each asked for once; the first outage ends it.  What
 * cannot be removed now is tried again next time.
 */
void retention_run(const struct retention_deps *, const struct text_list *roots,
    struct retention_result *);

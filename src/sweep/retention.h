#ifndef SWEEP_RETENTION_H
#define SWEEP_RETENTION_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "delivery/pipeline.h"
#include "sweep/survey.h"

/*
 * Removing recordings that are delivered.  What is removed was acknowledged,
 * and the server shows each of its files now, with its size; anything else
 * stays.  The directory is renamed first and its journal removed last, so
 * that a crash leaves everything, or what the next sweep goes on with.
 */

struct retention_policy {
	int64_t keep_ms;  /* since the acknowledged STOPPED; 0: for ever */
	int64_t min_free; /* percent of the disk; 0: whatever is free */
};

struct retention_deps {
	const struct retention_policy *policy;
	const struct verdict_policy *verdict;
	const struct pipeline_policy *pipeline;
	/* Told of each that would be removed, and then nothing is; or NULL. */
	void (*would_remove)(const char *path);
};

struct retention_result {
	size_t removed;
	size_t lost;          /* newly held, as the server lost something */
	enum err_class worst; /* of what kept us from asking, and of lost */
};

/* -1 with ERR_CONFIG for a policy that cannot be. */
int retention_check(const struct retention_policy *, struct err *e);

/* The oldest first; what cannot be removed now is tried again next time. */
void retention_run(const struct retention_deps *, const struct text_list *roots,
    struct retention_result *);

#endif

#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "delivery/pipeline.h"

/*
 * Removes one delivered recording in place: the files, then the journal, then
 * the directory.  A crash leaves a delivered recording with fewer files, which
 * the next removal finishes.
 */

/* What proves that an artifact is on the server. */
enum removal_proof {
	REMOVAL_LIST, /* its id is listed with its size */
	REMOVAL_DEEP, /* and its download has the same SHA-256 */
	REMOVAL_NONE, /* nothing: what is here is a copy */
};

struct removal {
	const struct pipeline_policy *pipeline;
	enum removal_proof proof;
	int rootfd;
	const char *root, *name; /* the directory, and its location */
	const char *archive;     /* only if unpacked from this one; or NULL */
	struct counts *counts;   /* of its journal; NULL: not wanted */
};

enum removal_outcome {
	REMOVAL_DONE,
	REMOVAL_KEPT,     /* *e says why; no action needed */
	REMOVAL_UNPROVEN, /* *e says what proof is missing */
	REMOVAL_LOST,     /* the server lost something; held from now on */
	REMOVAL_FAILED,   /* *e says why */
};

/*
 * Remove the recording if STOPPED is acknowledged, everything in it is
 * delivered, and the server proves to have it.  In two parts, as the first runs
 * in a process confined to the recording: remove everything in the directory,
 * then the directory, if it is still the one that st describes.
 */
enum removal_outcome removal_empty(const struct removal *, struct err *e);
enum removal_outcome removal_finish(const struct removal *,
    const struct stat *st, struct err *e);

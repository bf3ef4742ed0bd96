#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "delivery/pipeline.h"

/*
 * Removing one delivered recording, where it is: the files, then the journal,
 * then the directory.  A crash leaves a delivered recording with fewer files,
 * which the next removal finishes.
 */

/* What proves that an artifact is at the server. */
enum removal_proof {
	REMOVAL_LIST, /* the id in the journal is listed with its size */
	REMOVAL_DEEP, /* and what is downloaded has the same SHA-256 */
	REMOVAL_NONE, /* nothing; what is here is a copy */
};

struct removal {
	const struct pipeline_policy *pipeline;
	enum removal_proof proof;
	int rootfd;
	const char *root, *name; /* the directory, and where it is */
	const char *archive;     /* only if it came out of this one; or NULL */
	struct counts *counts;   /* what its journal had; NULL: not asked */
};

enum removal_outcome {
	REMOVAL_DONE,
	REMOVAL_KEPT,     /* *e says why; nobody needs to look */
	REMOVAL_UNPROVEN, /* *e says what the proof lacks */
	REMOVAL_LOST,     /* the server lost something; held from now on */
	REMOVAL_FAILED,   /* *e says why */
};

/*
 * Remove the recording if STOPPED is acknowledged, everything in it is
 * delivered, and the server proves to have it.  In two parts, as a process
 * that works on the recording alone does the first: all that is in the
 * directory, and the directory, where it still is what it was when st was
 * taken.
 */
enum removal_outcome removal_empty(const struct removal *, struct err *e);
enum removal_outcome removal_finish(const struct removal *,
    const struct stat *st, struct err *e);

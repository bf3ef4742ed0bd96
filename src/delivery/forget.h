#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "recording/recording.h"
#include "remote/destination.h"

struct pipeline_policy;

/* Operator's commands to give up a recording, or to forget its journal. */

enum forget_outcome {
	FORGET_GIVEN_UP,
	FORGET_GIVEN_UP_BEFORE,
	FORGET_DELIVERED, /* nothing to give up; nothing was noted */
};

/*
 * Note durably that an open recording is given up.  -1 as journal_open(), or
 * with ERR_PERMANENT when the journal cannot be written.  Here and below, a dry
 * run decides the same and changes nothing.
 */
int forget_recording(struct recording *, bool is_dry_run, enum forget_outcome *,
    struct err *e);

/*
 * Empty the journal of an open recording, even a damaged one.  -1 as above, or
 * with ERR_TEMPORARY while the server may still be storing something:
 * forgetting that would send it twice.
 */
int forget_journal(struct recording *, bool is_dry_run,
    const struct destination_policy *, struct err *e);

/*
 * Abort the unfinished uploads in parts of an open recording, including those
 * its journal does not know: *n is their number.  -1 with the reason it could
 * not.
 */
int forget_parts(const struct recording *, bool is_dry_run,
    const struct pipeline_policy *, size_t *n, struct err *e);

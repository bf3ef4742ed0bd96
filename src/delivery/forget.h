#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "recording/recording.h"
#include "remote/destination.h"

struct pipeline_policy;

/* What an operator gives up: a recording, or what its journal says. */

enum forget_outcome {
	FORGET_GIVEN_UP,
	FORGET_GIVEN_UP_BEFORE,
	FORGET_DELIVERED, /* nothing is left to give up, nothing was noted */
};

/*
 * Note durably that an open recording is given up.  -1 as journal_open(), or
 * with ERR_PERMANENT when the journal cannot be written.  Here and below, a dry
 * run decides the same, and changes nothing.
 */
int forget_recording(struct recording *, bool is_dry_run, enum forget_outcome *,
    struct err *e);

/*
 * Empty the journal of an open recording, also a damaged one.  -1 as above,
 * or with ERR_TEMPORARY while the server may still be storing what was sent:
 * who does not know that sends it twice.
 */
int forget_journal(struct recording *, bool is_dry_run,
    const struct destination_policy *, struct err *e);

/*
 * Abort what was begun to be uploaded in parts of an open recording, also
 * what its journal does not know of: *n of them.  -1 with what kept us.
 */
int forget_parts(const struct recording *, bool is_dry_run,
    const struct pipeline_policy *, size_t *n, struct err *e);

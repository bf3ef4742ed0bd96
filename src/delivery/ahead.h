#pragma once

#include "delivery/pipeline.h"

/* What can be done for a recording while Jibri still writes it. */

struct ahead_policy {
	bool is_wanted;     /* parts are sent as they are written */
	bool stays;         /* until the end; else what is there now is sent */
	int64_t rate_bytes; /* so many a second at most; 0: any number */
	bool tells_started; /* STARTED, where the room is certain */
};

/* Would ahead_run() do anything for one that began so? */
bool ahead_is_of_use(const struct ahead_policy *,
    const struct pipeline_policy *, bool was_started, int64_t bytes);

/*
 * Tell STARTED, and send parts until the recording is finished, another run
 * waits for it, nothing more is written, or, where it does not stay, those that
 * were there are sent.  Whatever it did is a head start: the delivery compares
 * it all with the file.  0 also where there is nothing to do; -1 with what kept
 * it from going on, which nobody was told.
 */
int ahead_run(const char *directory, const struct ahead_policy *,
    const struct pipeline_policy *, struct err *e);

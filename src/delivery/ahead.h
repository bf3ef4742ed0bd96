#pragma once

#include "delivery/pipeline.h"

/* What can be sent of a recording while Jibri is still writing it. */

struct ahead_policy {
	bool is_wanted;     /* send parts as they are written */
	bool stays;         /* until the end; else sends what is there now */
	int64_t rate_bytes; /* limit per second; 0: unlimited */
	bool tells_started; /* send STARTED if the room is certain */
};

/* Would ahead_run() have anything to do? */
bool ahead_is_of_use(const struct ahead_policy *,
    const struct pipeline_policy *, bool was_started, int64_t bytes);

/*
 * Send STARTED, then send parts until the recording is finished, another run
 * waits for it, or nothing more is written; without stays, until the present
 * parts are sent.  The result is only a head start: the delivery compares all
 * of it with the file.  0 also when there is nothing to do; -1 with the reason
 * it stopped, which was not reported to anybody.
 */
int ahead_run(const char *directory, const struct ahead_policy *,
    const struct pipeline_policy *, struct err *e);

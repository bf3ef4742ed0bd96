#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "delivery/pipeline.h"

/* One webhook, sent by hand or by whoever starts a recording. */

enum notify_event { NOTIFY_STARTED, NOTIFY_STOPPED, NOTIFY_FAILED };

struct notify_request {
	enum notify_event event;
	const char *directory;      /* NULL: there is none here */
	const char *room, *session; /* without a directory both */
	const char *error;          /* of FAILED; NULL: that of the last run */
	bool is_forced;
	bool is_dry_run; /* decide, and send and write nothing */
};

struct notify_result {
	char *session, *room;
	char *error;  /* of FAILED */
	bool is_told; /* it was sent; else it was not necessary */
};

/*
 * Send the webhook and note in the journal, where there is a directory, that
 * it was acknowledged.  STARTED is not sent, with 0, when it was before, or
 * when the recording is past it.  STOPPED is not sent, with ERR_PERMANENT,
 * while something is missing: here an artifact that is not at the server, or
 * media that are whole; without a directory, any file at the server.
 * is_forced sends in any case.  -1 otherwise with the class of what failed.
 * The result is set in any case, and freed by the caller.
 */
int notify_run(const struct notify_request *, const struct pipeline_policy *,
    struct notify_result *, struct err *e);

/* STARTED of an open job, as of when its directory was made. */
int notify_started(struct job *, struct err *e);
void notify_result_free(struct notify_result *);

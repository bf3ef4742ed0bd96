#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "delivery/pipeline.h"

/* One webhook, sent by hand or when a recording starts. */

enum notify_event { NOTIFY_STARTED, NOTIFY_STOPPED, NOTIFY_FAILED };

struct notify_request {
	enum notify_event event;
	const char *directory;      /* NULL: not on this host */
	const char *room, *session; /* without a directory, both */
	const char *error;          /* for FAILED; NULL: the last run's */
	bool is_forced;
	bool is_dry_run; /* decide, but send and write nothing */
};

struct notify_result {
	char *session, *room;
	char *error;  /* for FAILED */
	bool is_told; /* sent; otherwise it was not necessary */
};

/*
 * Send the webhook and, if there is a directory, note the acknowledgement in
 * its journal.  STARTED is not sent (result 0) if it was sent before or the
 * recording is past it.  STOPPED is refused with ERR_PERMANENT while something
 * is missing: an artifact on the server, or intact media; without a directory,
 * any file on the server. is_forced sends in any case.  Otherwise -1 with the
 * class of the failure.  The result is always set; the caller frees it.
 */
int notify_run(const struct notify_request *, const struct pipeline_policy *,
    struct notify_result *, struct err *e);

/* Send STARTED for an open job, dated to the creation of its directory. */
int notify_started(struct job *, struct err *e);
void notify_result_free(struct notify_result *);

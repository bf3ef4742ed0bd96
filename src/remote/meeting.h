#pragma once

#include "base/err.h"
#include "base/retry.h"
#include "io/http.h"
#include "remote/auth.h"

/* The meeting-service: from a room's name to its meeting's id. */

struct meeting_policy {
	char *url;
	int64_t answer_timeout_ms;
};

/* Is there no meeting-service ("none")? */
bool meeting_is_none(const struct meeting_policy *);

/*
 * GET {url}/api/meetings/room/{room}.  The id, plain enough for a path; the
 * caller frees it.  NULL: ERR_PERMANENT "unknown room" for a 404 or an id
 * that is not plain, else by the class of the failure.
 */
char *meeting_lookup(struct http *, const struct meeting_policy *,
    struct auth *, const struct retry_policy *, const char *room,
    struct err *e);

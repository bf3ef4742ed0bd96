#pragma once

#include "base/err.h"
#include "base/retry.h"
#include "io/http.h"
#include "remote/auth.h"

/* The meeting-service: maps a room's name to its meeting id. */

struct meeting_policy {
	char *url;
	int64_t answer_timeout_ms;
};

/* Is the meeting-service disabled ("none")? */
bool meeting_is_none(const struct meeting_policy *);

/*
 * GET {url}/api/meetings/room/{room}.  Returns the id, which is safe in a path;
 * the caller frees it.  NULL: ERR_PERMANENT "unknown room" for a 404 or an
 * unsafe id, otherwise by the class of the failure.
 */
char *meeting_lookup(struct http *, const struct meeting_policy *,
    struct auth *, const struct retry_policy *, const char *room,
    struct err *e);

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/progress.h"

/*
 * What was tried for a recording, as the events of its journal tell it.  A
 * journal that was compacted has the last failure only, and how many attempts
 * there were.  Times are milliseconds since 1970, 0 where they are not known.
 */

enum { HISTORY_MOST = 1000 }; /* of either; the oldest are dropped */

enum history_result {
	HISTORY_OPEN, /* it has not said how it ended */
	HISTORY_FAILED,
	HISTORY_DONE,     /* STOPPED was acknowledged */
	HISTORY_WITHHELD, /* done, and nobody was told */
	HISTORY_CHECKED,  /* by hand: the server has what was asked for */
	HISTORY_DEFERRED, /* the hook left it to the sweeper */
	HISTORY_GIVEN_UP, /* by an operator, as the next */
	HISTORY_RESET,
	HISTORY_RESULTS
};

struct history_attempt {
	enum history_result result;
	int64_t began_ms, ended_ms, retry_at_ms;
	enum err_class class; /* of what failed */
	char *host, *text;    /* or NULL */
};

/* One that was acknowledged. */
struct history_webhook {
	int64_t at_ms, moment_ms;
	char *event, *id; /* or NULL */
};

struct history {
	struct history_attempt *attempts; /* oldest first */
	size_t n, cap;
	struct history_webhook *webhooks;
	size_t n_webhooks, cap_webhooks;
	int64_t began; /* attempts, also those that were dropped */
};

/* Take the next event: the function of a struct event_reader. */
void history_add(void *history, const struct event *);
void history_free(struct history *);

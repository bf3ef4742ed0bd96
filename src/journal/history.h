#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/progress.h"

/*
 * What was tried for a recording, according to the events of its journal.  A
 * compacted journal has only the last failure and the number of attempts.
 * Times are milliseconds since 1970, 0 if unknown.
 */

enum { HISTORY_MOST = 1000 }; /* of each; the oldest are dropped */

enum history_result {
	HISTORY_OPEN, /* no end recorded */
	HISTORY_FAILED,
	HISTORY_DONE,     /* STOPPED was acknowledged */
	HISTORY_WITHHELD, /* done without a notification */
	HISTORY_CHECKED,  /* by hand: the server has everything asked for */
	HISTORY_DEFERRED, /* the hook left it to the sweeper */
	HISTORY_GIVEN_UP, /* by an operator, as is RESET */
	HISTORY_RESET,
	HISTORY_RESULTS
};

struct history_attempt {
	enum history_result result;
	int64_t began_ms, ended_ms, retry_at_ms;
	enum err_class class; /* class of the failure */
	char *host, *text;    /* may be NULL */
};

/* An acknowledged notification. */
struct history_webhook {
	int64_t at_ms, moment_ms;
	char *event, *id; /* may be NULL */
};

struct history {
	struct history_attempt *attempts; /* oldest first */
	size_t n, cap;
	struct history_webhook *webhooks;
	size_t n_webhooks, cap_webhooks;
	int64_t began; /* attempts, including dropped ones */
};

/* Add the next event.  Usable as the function of a struct event_reader. */
void history_add(void *history, const struct event *);
void history_free(struct history *);

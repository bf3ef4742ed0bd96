#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/http_tally.h"
#include "journal/progress.h"

/*
 * Counters that only rise, computed from journals that come and go.  The sum
 * over all journals falls when a recording is removed; so the last sum is kept,
 * and a counter rises by what was added since.
 */

enum { COUNTER_BINS = 12, COUNTER_STATUSES = HTTP_STATUS_MOST + 1 };

enum counter {
	COUNTER_BYTES,
	COUNTER_STORED,
	COUNTER_FAILED,
	COUNTER_UNKNOWN,
	COUNTER_TOLD_STARTED,
	COUNTER_TOLD_STOPPED,
	COUNTER_TOLD_FAILED,
	COUNTER_AVAILABLE_MS, /* the sum of all */
	COUNTER_AVAILABLE,    /* and their number, by range */
	COUNTER_REQUESTS = COUNTER_AVAILABLE + COUNTER_BINS,
	COUNTERS = COUNTER_REQUESTS + HTTP_SERVICES * COUNTER_STATUSES
};

enum service_state { SERVICE_UNASKED, SERVICE_UP, SERVICE_DOWN };

struct counters {
	int64_t published[COUNTERS];
	int64_t seen[COUNTERS]; /* the last sum over the journals */
	int64_t now[COUNTERS];  /* the present sum */
	int64_t gone[COUNTERS]; /* of those that we removed since */
	int64_t success_ms;     /* last acknowledged STOPPED; 0: none */
	enum service_state service[HTTP_SERVICES]; /* at its last answer */
};

/* Add a recording to now or gone. */
void counters_add(int64_t to[COUNTERS], const struct counts *);

/*
 * Add what is new since the last time.  A service that answered only 5xx is
 * down.
 */
void counters_advance(struct counters *);

/*
 * Write and read published and seen as JSON.  False for an invalid state, which
 * changes nothing.
 */
void counters_save(const struct counters *, struct buf *out);
bool counters_load(struct counters *, const char *text, size_t len);

/* Append the counters in Prometheus' text format. */
void counters_format(const struct counters *, struct buf *out);

/* "# HELP" and "# TYPE" of jibri_finalize_NAME. */
void counters_head(struct buf *out, const char *name, const char *type,
    const char *help);

#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "io/http_tally.h"
#include "journal/progress.h"

/*
 * Counters that only rise, out of journals that come and go.  What journals
 * add up to falls when a recording is removed; so what they added up to last
 * time is kept, and a counter rises by what has come since.
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
	COUNTER_AVAILABLE_MS, /* all of them together */
	COUNTER_AVAILABLE,    /* and how many were in which time */
	COUNTER_REQUESTS = COUNTER_AVAILABLE + COUNTER_BINS,
	COUNTERS = COUNTER_REQUESTS + HTTP_SERVICES * COUNTER_STATUSES
};

enum service_state { SERVICE_UNASKED, SERVICE_UP, SERVICE_DOWN };

struct counters {
	int64_t published[COUNTERS];
	int64_t seen[COUNTERS]; /* what the journals added up to last time */
	int64_t now[COUNTERS];  /* and this time */
	int64_t gone[COUNTERS]; /* those that we removed since */
	int64_t success_ms;     /* the last acknowledged STOPPED; 0: none */
	enum service_state service[HTTP_SERVICES]; /* last heard of */
};

/* Add a recording, to now or to gone. */
void counters_add(int64_t to[COUNTERS], const struct counts *);

/* What is new counts.  A service that answered nothing but 5xx is down. */
void counters_advance(struct counters *);

/*
 * The state as JSON, and back: what is published and seen.  False for what is
 * no state, which changes nothing.
 */
void counters_save(const struct counters *, struct buf *out);
bool counters_load(struct counters *, const char *text, size_t len);

/* Append them in Prometheus' text format. */
void counters_format(const struct counters *, struct buf *out);

/* "# HELP" and "# TYPE" of jibri_finalize_NAME. */
void counters_head(struct buf *out, const char *name, const char *type,
    const char *help);

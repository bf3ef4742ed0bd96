#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "io/http.h"
#include "sweep/counters.h"
#include "sweep/survey.h"

/*
 * The sum over the journals below the roots, in Prometheus' text format, for
 * node_exporter's textfile collector and the Pushgateway.  Gauges cover the
 * recordings present now; counters (see counters.h) only rise.
 */

struct metrics {
	size_t count[VERDICTS];
	struct counters *counters; /* the caller's */
	size_t paused;             /* roots */
	int64_t undelivered_bytes;
	int64_t oldest_ms;               /* oldest still being tried; 0: none */
	size_t live;                     /* still being recorded */
	int64_t live_bytes, ahead_bytes; /* of these; in the store */
	int64_t attempts, ambiguous;
	int64_t failures[ERR_CLASSES];
	uint64_t free_bytes, total_bytes; /* of the fullest root's disk */
	int64_t began_ms, duration_ms;    /* of the sweep */
};

/* Read everything below the roots; what cannot be read is omitted. */
void metrics_collect(struct metrics *, const struct verdict_policy *,
    const struct recording_policy *, const struct text_list *roots);

/* Append the text.  Pure; now_ms is the present time. */
void metrics_format(const struct metrics *, int64_t now_ms, struct buf *out);

/*
 * Advance the counters from the state in FILE.state, and replace the file
 * atomically.  -1 as err_sys().
 */
int metrics_write(const struct metrics *, const char *path, struct err *e);

/*
 * Send them to the Pushgateway at this URL for this host.  Call metrics_write()
 * first, if at all.  -1 with *e.
 */
int metrics_push(const struct metrics *, const char *url,
    const struct http_policy *, int64_t answer_timeout_ms, struct err *e);

#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "io/http.h"
#include "sweep/counters.h"
#include "sweep/survey.h"

/*
 * What the journals below the roots add up to, as Prometheus' text format for
 * node_exporter's textfile collector and the Pushgateway.  A gauge is of the
 * recordings that are here now; counters, see there, only rise.
 */

struct metrics {
	size_t count[VERDICTS];
	struct counters *counters; /* the caller's */
	size_t paused;             /* roots */
	int64_t undelivered_bytes;
	int64_t oldest_ms;               /* the oldest that is tried; 0: none */
	size_t live;                     /* still recorded */
	int64_t live_bytes, ahead_bytes; /* of those, and at the store */
	int64_t attempts, ambiguous;
	int64_t failures[ERR_CLASSES];
	uint64_t free_bytes, total_bytes; /* of the fullest root's disk */
	int64_t began_ms, duration_ms;    /* of the sweep */
};

/* Read everything below the roots; what cannot be read is left out. */
void metrics_collect(struct metrics *, const struct verdict_policy *,
    const struct recording_policy *, const struct text_list *roots);

/* Append the text.  Pure but for the clock's moment, now_ms. */
void metrics_format(const struct metrics *, int64_t now_ms, struct buf *out);

/*
 * Advance the counters by the state in FILE.state, and put all in place of the
 * file, which never holds a part of it.  -1 as err_sys().
 */
int metrics_write(const struct metrics *, const char *path, struct err *e);

/*
 * Send them to the Pushgateway at this URL, as those of this host, after
 * metrics_write() if that is called at all.  -1 with *e.
 */
int metrics_push(const struct metrics *, const char *url,
    const struct http_policy *, int64_t answer_timeout_ms, struct err *e);

#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "sweep/survey.h"

/*
 * What the journals below the roots add up to, as Prometheus' text format
 * for node_exporter's textfile collector.  Every value is a gauge: a
 * recording that is removed takes its share along.
 */

struct metrics {
	size_t count[VERDICTS];
	int64_t undelivered_bytes;
	int64_t oldest_ms;   /* the oldest undelivered one; 0: none */
	int64_t success_ms;  /* the last acknowledged STOPPED; 0: none */
	int64_t delay_ms;    /* from the last write to that */
	int64_t ahead_bytes; /* at the store, of what is still recorded */
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
 * Put them in place of the file, which never holds a part of them.  -1 as
 * err_sys().
 */
int metrics_write(const struct metrics *, const char *path, struct err *e);

#pragma once

#include "base/buf.h"
#include "base/term.h"
#include "delivery/watch.h"

/*
 * Shows people the progress of an upload: on a terminal as live lines below the
 * log, one per transfer and one for all; elsewhere as a log line every 30
 * seconds for each transfer that takes that long.
 */

enum meter_when { METER_AUTO, METER_ALWAYS, METER_NEVER };

/* Bytes a second over the last seconds. */
struct meter_rate {
	double bytes, ms; /* weighted: older values count less */
};

struct meter {
	bool is_live;
	bool is_utf8;   /* names may be UTF-8 */
	bool is_forced; /* live in the background or without a terminal too */
	struct watch watch;
	int64_t looked_ms; /* 0: never */
	int64_t done_bytes;
	struct meter_rate rate;
};

/* NULL when nothing is to be shown.  The meter must outlive the watch. */
const struct watch *meter_init(struct meter *, enum meter_when, bool is_quiet);

/* For a run whose live lines would get mixed with those of others. */
const struct watch *meter_init_log(struct meter *, enum meter_when);

/* Update with the present view.  Pure. */
void meter_note(struct meter *, const struct watch_view *, int64_t now_ms);

/* The live lines, narrower than the terminal and fewer than its rows.  Pure. */
void meter_draw(struct buf *, const struct meter *, const struct watch_view *,
    struct term_size, int64_t now_ms);

#pragma once

#include "base/buf.h"
#include "base/term.h"
#include "delivery/watch.h"

/*
 * Shows people how an upload gets on: on a terminal by live lines below the
 * log, one for each transfer and one for all, elsewhere by a line in the log
 * every 30 seconds for each that takes so long.
 */

enum meter_when { METER_AUTO, METER_ALWAYS, METER_NEVER };

/* Bytes a second over the last seconds. */
struct meter_rate {
	double bytes, ms; /* weighted: what is long ago counts little */
};

struct meter {
	bool is_live;
	bool is_utf8;   /* names are text, not ASCII */
	bool is_forced; /* live even in the background or on no terminal */
	struct watch watch;
	int64_t looked_ms; /* 0: never */
	int64_t done_bytes;
	struct meter_rate rate;
};

/* NULL when nothing is to be shown.  The meter must outlive the watch. */
const struct watch *meter_init(struct meter *, enum meter_when, bool is_quiet);

/* For a run whose live lines would mix with those of others. */
const struct watch *meter_init_log(struct meter *, enum meter_when);

/* Take a moment in: what has moved since the last.  Pure. */
void meter_note(struct meter *, const struct watch_view *, int64_t now_ms);

/*
 * The live lines, none as wide as the terminal and fewer than it has rows.
 * Pure.
 */
void meter_draw(struct buf *, const struct meter *, const struct watch_view *,
    struct term_size, int64_t now_ms);

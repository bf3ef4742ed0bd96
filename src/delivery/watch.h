#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An observer of the upload of a recording. */

/* An artifact being sent. */
struct watch_flight {
	const char *path;
	int64_t size;         /* bytes */
	int64_t acknowledged; /* bytes acknowledged by the peer; at most size */
	bool is_storing;      /* all are; waiting for the answer */
	int64_t started_ms;   /* of this try, by clock_mono_ms() */
	int64_t sent_ms;      /* if is_storing: since then */
	int64_t failures;     /* earlier tries */
};

/* The present state of the recording. */
struct watch_view {
	const struct watch_flight *flights;
	size_t n_flights;
	size_t artifacts, stored;    /* by this run or an earlier one */
	int64_t bytes, stored_bytes; /* of these */
	int64_t failures;            /* of all tries */
	size_t n_waiting;            /* to be tried again */
	int64_t next_ms; /* if n_waiting: the first, by clock_mono_ms() */
};

struct watch {
	/* Called about four times a second while the upload waits. */
	void (*look)(void *ctx, const struct watch_view *);
	/* Called when the upload is over. */
	void (*end)(void *ctx);
	void *ctx;
};

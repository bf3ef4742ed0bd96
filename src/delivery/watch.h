#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Somebody who looks on while a recording is uploaded. */

/* One artifact on its way. */
struct watch_flight {
	const char *path;
	int64_t size;         /* bytes */
	int64_t acknowledged; /* of them, by the other end; at most size */
	bool is_storing;      /* all are, and the answer is awaited */
	int64_t started_ms;   /* this try, by clock_mono_ms() */
	int64_t sent_ms;      /* if is_storing: since when */
	int64_t failures;     /* of the tries before */
};

/* The recording as it is at this moment. */
struct watch_view {
	const struct watch_flight *flights;
	size_t n_flights;
	size_t artifacts, stored;    /* by this run or an earlier one */
	int64_t bytes, stored_bytes; /* of the same */
	int64_t failures;            /* of all tries */
	size_t n_waiting;            /* to be tried again */
	int64_t next_ms; /* if n_waiting: the first, by clock_mono_ms() */
};

struct watch {
	/* About four times a second while the upload waits for something. */
	void (*look)(void *ctx, const struct watch_view *);
	/* The upload is over. */
	void (*end)(void *ctx);
	void *ctx;
};

#pragma once

#include <stdbool.h>
#include <stdint.h>

/* State shared by all requests of a run; zeroed: no failure yet. */
struct retry_run {
	int64_t first_failure_ms;
};

/* When to repeat a failed request. */
struct retry_policy {
	int64_t tries;         /* in all, at least 1 */
	int64_t base_ms;       /* longest pause before the second try */
	int64_t max_ms;        /* the pause doubles up to this */
	int64_t for_ms;        /* no repeat starts later than this after the
				  run's first failure */
	struct retry_run *run; /* NULL: shared with no other request */
};

/* The failures of one request; zeroed: none. */
struct retry {
	int64_t failures;
	int64_t first_failure_ms;
};

/* The longest Retry-After that is respected. */
enum { RETRY_AFTER_MAX_MS = 3600 * 1000 };

/*
 * Count a failure at now_ms and decide when to try again: after a random part
 * of the doubling pause (full jitter), on top of the server's Retry-After
 * (clamped). random is any 32 random bits.  False when there is no further try.
 * Pure except for *r and the run.
 */
bool retry_next(const struct retry_policy *, struct retry *r, int64_t now_ms,
    int64_t retry_after_ms, uint32_t random, int64_t *at_ms);

/* May a repeat still start at that moment? */
bool retry_is_allowed(const struct retry_policy *, const struct retry *,
    int64_t at_ms);

/*
 * 32 random bits.  Early at boot they are derived from the time: not for
 * secrets.
 */
uint32_t retry_random(void);

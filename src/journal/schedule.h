#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/progress.h"

/*
 * When to try a failed recording again, across runs.  The same rule for every
 * class of failure.  A run that died counts as a failure at the time of its
 * last event.  Everything here is pure; times are milliseconds since 1970.
 */

struct schedule_policy {
	int64_t delay_ms;     /* longest pause after the first failure */
	int64_t delay_max_ms; /* the pause doubles up to this */
	int64_t give_up_ms;   /* of continuous failure; then it is held */
};

/* The minimum number of consecutive failures before it is given up. */
enum { SCHEDULE_LEAST_FAILURES = 10 };

/*
 * When to try again after a run that ended with this error at now_ms: after the
 * doubling pause, reduced by up to half at random, and never before the
 * server's Retry-After has passed.  No pause after an interruption, and at most
 * 15 minutes, or the first pause, after an outage.  failures counts the earlier
 * ones.
 */
int64_t schedule_next_ms(const struct schedule_policy *, const struct err *,
    int64_t failures, int64_t now_ms, uint32_t random);

/* When the next try is due, according to the journal. */
int64_t schedule_due_ms(const struct schedule_policy *,
    const struct progress *);

/*
 * Is the next try due? Also true when the clock was set back before the
 * failure; never later than the longest pause of any rule.
 */
bool schedule_is_due(const struct schedule_policy *, const struct progress *,
    int64_t now_ms);

/*
 * Has it failed for so long and so often that one more failure at now_ms is the
 * last?
 */
bool schedule_gives_up(const struct schedule_policy *, const struct progress *,
    int64_t now_ms);

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/progress.h"

/*
 * When is a recording that failed tried again, across runs?  One rule for
 * every class of failure.  A run that died counts as a failure of the moment
 * of its last event.  Everything here is pure; times are milliseconds since
 * 1970.
 */

struct schedule_policy {
	int64_t delay_ms;     /* after the first failure, at most */
	int64_t delay_max_ms; /* the pause doubles up to this */
	int64_t give_up_ms;   /* of failing in a row; then it is held */
};

/* So many failures in a row it takes at least before it is given up. */
enum { SCHEDULE_LEAST_FAILURES = 10 };

/*
 * The moment of the next try after a run that ended so at now_ms: after the
 * doubling pause, of which jitter takes at most the half, and never before
 * the server's Retry-After is over.  An interruption costs no pause.
 * failures are those before this one.  After an outage the pause is 15 minutes
 * at most.
 */
int64_t schedule_next_ms(const struct schedule_policy *, const struct err *,
    int64_t failures, int64_t now_ms, uint32_t random);

/* The moment of the next try, as the journal has it. */
int64_t schedule_due_ms(const struct schedule_policy *,
    const struct progress *);

/*
 * Has the moment come?  Also when the clock was set back before the failure,
 * and never later than any rule could ask for.
 */
bool schedule_is_due(const struct schedule_policy *, const struct progress *,
    int64_t now_ms);

/*
 * Has it failed for so long, and so often, that one more failure at now_ms
 * is the last?
 */
bool schedule_gives_up(const struct schedule_policy *, const struct progress *,
    int64_t now_ms);

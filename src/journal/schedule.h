#ifndef JOURNAL_SCHEDULE_H
#define JOURNAL_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/progress.h"

/*
 * When is a recording that failed tried again, across runs?  Everything here
 * is pure; times are milliseconds since 1970.
 */

struct schedule_policy {
	int64_t delay_ms;     /* after the first failure, at most */
	int64_t delay_max_ms; /* the pause doubles up to this */
	int64_t give_up_ms;   /* of failing in a row; then it is held */
};

enum {
	/* Answered 5xx in so many runs, an artifact has the long pause. */
	SCHEDULE_REFUSALS = 3,
	SCHEDULE_LONG_PAUSE_MS = 12 * 3600 * 1000,
};

/*
 * The moment of the next try after a run that ended so at now_ms: after the
 * doubling pause, of which jitter takes at most the half, and never before
 * the server's Retry-After is over.  What is no fault of the recording
 * (configuration, credentials, an interruption) costs it no pause.  failures
 * are those before this one.
 */
int64_t schedule_next_ms(const struct schedule_policy *, const struct err *,
    int64_t failures, int64_t now_ms, uint32_t random);

/*
 * Until when an artifact that is answered 5xx again and again is left alone;
 * 0 when it need not be.
 */
int64_t schedule_artifact_ms(const struct fact *);

/*
 * Has the moment come?  Also when the clock was set back before the failure,
 * and never later than any rule could ask for.
 */
bool schedule_is_due(const struct schedule_policy *, const struct progress *,
    int64_t now_ms);

/* Has it failed for so long that this failure is the last? */
bool schedule_gives_up(const struct schedule_policy *, const struct progress *,
    const struct err *, int64_t now_ms);

#endif

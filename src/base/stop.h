#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What ends a run before its time: SIGTERM, SIGINT, SIGHUP or the deadline.
 * Everything that waits, waits through this module or on its descriptor.
 */

/*
 * Catch the signals and ignore SIGPIPE.  The first signal asks for an
 * orderly end; a second one of the same run changes nothing.
 */
int stop_init(struct err *e);

/*
 * In a child of fork(2): what wakes the parent wakes us no more, and the
 * other way round.  -1 as err_sys().
 */
int stop_after_fork(struct err *e);

/* A process that does not end within this after its deadline is killed. */
enum { STOP_KILL_MS = 5000 };

/*
 * The run ends at this moment of clock_mono_ms(); INT64_MAX: it has no
 * deadline.  Should it not, SIGALRM ends it STOP_KILL_MS later.
 */
void stop_at(int64_t mono_ms);

/* So much more or less time, for a last word; SIGALRM comes as before. */
void stop_extend(int64_t ms);

/*
 * 0, or -1 with ERR_INTERRUPTED and the reason: the signal or the deadline.
 */
int stop_check(struct err *e);

/* Has the deadline passed, and was there no signal? */
bool stop_is_overdue(void);

/* Milliseconds until the deadline, at least 0. */
int64_t stop_left_ms(void);

/* Readable for ever once a signal came. */
int stop_fd(void);

/* That signal; 0: none came.  SIGHUP is forgotten where another came. */
int stop_signal(void);

/* The same, and the run goes on as if it had not come. */
int stop_take(void);

/* Sleep until that moment of clock_mono_ms(), or until there is a stop. */
void stop_sleep_until(int64_t mono_ms);

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What ends a run early: SIGTERM, SIGINT, SIGHUP or the deadline.  All waiting
 * goes through this module or watches its descriptor.
 */

/*
 * Catch the signals and ignore SIGPIPE.  The first signal requests an orderly
 * end; a second one in the same run changes nothing.
 */
int stop_init(struct err *e);

/*
 * In a child of fork(2): stop sharing wake-ups with the parent.  -1 as
 * err_sys().
 */
int stop_after_fork(struct err *e);

/* How long after its deadline a process that did not end is killed. */
enum { STOP_KILL_MS = 5000 };

/*
 * Set the deadline, a time of clock_mono_ms(); INT64_MAX: none.  SIGALRM ends a
 * run that is still going STOP_KILL_MS later.
 */
void stop_at(int64_t mono_ms);

/* Move the deadline by this much, for a final message; SIGALRM is not moved. */
void stop_extend(int64_t ms);

/* 0, or -1 with ERR_INTERRUPTED and the reason: the signal or the deadline. */
int stop_check(struct err *e);

/* Has the deadline passed without a signal? */
bool stop_is_overdue(void);

/* The deadline, a time of clock_mono_ms(); INT64_MAX: none. */
int64_t stop_deadline_ms(void);

/* Milliseconds until the deadline, at least 0. */
int64_t stop_left_ms(void);

/* Stays readable once a signal came. */
int stop_fd(void);

/* The signal; 0: none came.  Another signal replaces SIGHUP. */
int stop_signal(void);

/* Return the signal and forget it; the run continues. */
int stop_take(void);

/* Sleep until that moment of clock_mono_ms(), or until a stop. */
void stop_sleep_until(int64_t mono_ms);

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * A child process for one piece of work.  Nothing that happens to it affects
 * others, and the privileges it drops are dropped for it alone.  The reader
 * must validate the report: the child may have been taken over.
 */
struct child {
	pid_t pid;          /* 0: none */
	int fd;             /* readable when it has ended or reported */
	int64_t began_ms;   /* clock_mono_ms(), as is kill_at_ms */
	int64_t kill_at_ms; /* it should have ended by then */
};

/*
 * Fork a child that calls work(), which writes a report of at most PIPE_BUF
 * bytes to fd and then exits.  Its run ends at stop_at_ms, a time of
 * clock_mono_ms(), and when its parent's ends.  Log lines that are held back
 * stay with the parent.  -1 as err_sys() when no process can be started.
 */
int child_start(struct child *, void (*work)(const void *ctx, int fd),
    const void *ctx, int64_t stop_at_ms, struct err *e);

/*
 * Read the report, of exactly this size, from a child that has ended, is about
 * to end, or must be killed because its time is up.  -1 with ERR_TEMPORARY when
 * it ended without a report.  Waits a few seconds at most: a process that hangs
 * in the kernel is left behind.
 */
int child_end(struct child *, void *report, size_t size, struct err *e);

/*
 * child_start() and child_end() in one, within this run's time.  A signal that
 * ends this run ends the child too.  Log lines that are held back go to the
 * child.
 */
int child_run(void (*work)(const void *ctx, int fd), const void *ctx,
    void *report, size_t size, struct err *e);

/* For a child that sends more than a report; set fd and zero the rest. */
struct child_inbox {
	int fd;
	int64_t silence_ms; /* how long it may send nothing; 0: for ever */
	size_t at, end;
	char bytes[16 * 1024];
};

/*
 * Read the next bytes.  -1 when the child has ended or was silent for too long,
 * and after a stop.
 */
int child_receive(struct child_inbox *, void *to, size_t len);

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * A process of its own for one piece of work, so that nothing that happens to
 * it can happen to others, and what it gives up, it alone gives up.  What it
 * says in the end is checked by whoever reads it: it may not be ours any more.
 */
struct child {
	pid_t pid;          /* 0: none */
	int fd;             /* readable when it has ended or said something */
	int64_t began_ms;   /* both by clock_mono_ms() */
	int64_t kill_at_ms; /* it should have ended itself by then */
};

/*
 * Start one that calls work(), which writes a report of PIPE_BUF bytes at most
 * to fd, and then ends.  Its run ends at that moment of clock_mono_ms(), and
 * with its parent's.  What the log holds back is the parent's to write.  -1 as
 * err_sys() when no process can be started.
 */
int child_start(struct child *, void (*work)(const void *ctx, int fd),
    const void *ctx, int64_t stop_at_ms, struct err *e);

/*
 * The report, of exactly this size, of a child that has ended, is about to, or
 * is to be killed as its time is over.  -1 with ERR_TEMPORARY for one that
 * ended without a word.  Waits for some seconds at most: one that hangs in the
 * kernel is left behind.
 */
int child_end(struct child *, void *report, size_t size, struct err *e);

/*
 * The same from start to end, in this run's time.  A signal that ends this run
 * ends the child's; what the log holds back is the child's to write.
 */
int child_run(void (*work)(const void *ctx, int fd), const void *ctx,
    void *report, size_t size, struct err *e);

/* What comes from a child that says more than a report; its fd to begin. */
struct child_inbox {
	int fd;
	size_t at, end;
	char bytes[16 * 1024];
};

/* The next bytes.  -1 when the child has ended, and after a stop. */
int child_receive(struct child_inbox *, void *to, size_t len);

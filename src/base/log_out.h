#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Where log lines and results go, for log.c. */

struct log_out {
	int fd;
	bool has_reader; /* it may stop reading */
	bool is_patient; /* it may take its time: it asked for the result */
	bool is_stuck;   /* it did stop: not waited for again */
	int error;       /* errno of the last failed write, or 0 */
	struct buf waiting;
};

extern struct log_out log_stdout, log_stderr;

/* Find out what each is.  For a pipe, lines are held back, as log.h says. */
void log_out_init(void);

bool log_out_is_held(void);
int64_t log_out_due_ms(void);
void log_out_flush(void);

/* Wait until nothing is held back. */
void log_out_await(void);

/* How long to wait for a reader. */
int log_out_patience_ms(bool is_stuck);

void log_out_put(struct log_out *, const char *text);

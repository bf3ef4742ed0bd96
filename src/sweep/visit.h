#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/child.h"
#include "base/err.h"
#include "delivery/ahead.h"
#include "delivery/attempt.h"
#include "sweep/removal.h"

/*
 * One recording's turn in a sweep: attempt_run() in a process of its own, so
 * that nothing that happens to one recording can happen to the others.
 */

struct visit_policy {
	const struct attempt_policy *attempt;
	const struct pipeline_policy *pipeline;
	const struct ahead_policy *ahead;
	int64_t deadline_ms; /* of one visit */
	int64_t jobs;        /* that share the rate */
	bool takes_held;
	const struct auth_token *token; /* to begin with; NULL: none */
	const struct watch *watch; /* of each visit's uploads; NULL: nobody */
};

/* To one that is still recorded: ahead_run(). */
int visit_start_ahead(struct child *, const struct visit_policy *,
    const char *directory, struct err *e);

/* What became of it. */
struct visit_report {
	struct err err; /* ERR_NONE: delivered */
	uint8_t is_own; /* booleans; see attempt_result */
	uint8_t is_token_renewed;
	struct outage outage;
	/* Of the recording, at its end. */
	int64_t artifacts, stored, sent, sent_bytes;
};

/* -1 as err_sys() when no process can be started. */
int visit_start(struct child *, const struct visit_policy *,
    const char *directory, struct err *e);

/*
 * The report of a visit that has ended, is about to, or is to be killed as
 * its time is over.  False for one that ended without a word; it has failed
 * temporarily, and err says how.  Waits for some seconds at most: one that
 * hangs in the kernel is left behind.
 */
bool visit_end(struct child *, struct visit_report *);

/* What the process does, from its start to its report. */
void visit_deliver(const struct visit_policy *, const char *directory,
    struct visit_report *);

/*
 * removal_empty(), in a process of its own, but for the directory itself, which
 * its owner may not be allowed to remove.
 */
enum removal_outcome visit_remove(const struct removal *, struct err *e);

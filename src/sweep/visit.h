#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/child.h"
#include "base/err.h"
#include "delivery/ahead.h"
#include "delivery/attempt.h"
#include "sweep/removal.h"

/*
 * A visit to one recording in a sweep: attempt_run() in a separate process, so
 * that nothing that happens to one recording affects others.
 */

struct visit_policy {
	const struct attempt_policy *attempt;
	const struct pipeline_policy *pipeline;
	const struct ahead_policy *ahead;
	int64_t deadline_ms; /* of one visit */
	int64_t jobs;        /* sharing the rate limit */
	bool takes_held;
	const struct auth_token *token; /* initial one; NULL: none */
	const struct watch *watch;      /* of each visit's uploads; or NULL */
};

/* Visit a recording in progress: ahead_run(). */
int visit_start_ahead(struct child *, const struct visit_policy *,
    const char *directory, struct err *e);

/* The result of a visit. */
struct visit_report {
	struct err err;   /* ERR_NONE: delivered */
	uint8_t was_done; /* booleans; see attempt_result */
	uint8_t is_own, is_token_renewed;
	struct outage outage;
	/* Of the recording, at the end. */
	int64_t artifacts, stored, sent, sent_bytes;
};

/* -1 as err_sys() when no process can be started. */
int visit_start(struct child *, const struct visit_policy *,
    const char *directory, struct err *e);

/*
 * The report of a visit that has ended, is about to end, or must be killed
 * because its time is up.  False for one without a report: it has failed
 * temporarily, and err says how.  Waits a few seconds at most: a process that
 * hangs in the kernel is left behind.
 */
bool visit_end(struct child *, struct visit_report *);

/* The work of the visiting process, up to its report. */
void visit_deliver(const struct visit_policy *, const char *directory,
    struct visit_report *);

/*
 * removal_empty() in a separate process, and then the directory itself, which
 * its owner may not be allowed to remove.
 */
enum removal_outcome visit_remove(const struct removal *, struct err *e);

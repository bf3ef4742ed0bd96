#include "sweep/visit.h"

#include <fcntl.h>
#include <limits.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

/* Written to the pipe at once, even if nobody reads. */
_Static_assert(sizeof(struct visit_report) <= PIPE_BUF, "a small report");

/* What both kinds of visit have in common. */
static struct pipeline_policy
pipeline_of(const struct visit_policy *policy)
{
	struct pipeline_policy pipeline = *policy->pipeline;
	int64_t rate_bytes = pipeline.http.rate_bytes;

	pipeline.is_checked = true;
	pipeline.auth.inherited = policy->token;
	/* This visit's share of the common limit. */
	if (rate_bytes > 0)
		pipeline.http.rate_bytes = rate_bytes / policy->jobs + 1;
	return pipeline;
}

/* A sweep logs nothing for a success, but systemd's journal gets an entry. */
static void
tell_journal(const struct attempt_result *r, const struct err *e)
{
	if (e->class == ERR_NONE && !r->was_done && !r->is_given_up)
		log_event(LOG_DONE_ID, LOG_INFO,
		    "done: %zu artifacts stored (%zu sent now)", r->stored,
		    r->totals.sent);
	else if (e->class == ERR_PERMANENT)
		log_event(LOG_HELD_ID, LOG_ERROR, "held: %s", e->text);
}

/* One try of each request: further tries are scheduled by the sweep. */
void
visit_deliver(const struct visit_policy *policy, const char *directory,
    struct visit_report *report)
{
	struct pipeline_policy pipeline = pipeline_of(policy);
	const struct attempt_request request = {
		.directory = directory,
		.is_visit = true,
		/*
		 * The server may have lost what is stored according to the
		 * journal.
		 */
		.is_by_hand = policy->takes_held,
		.takes_held = policy->takes_held,
		.watch = policy->watch,
	};
	struct attempt_result result;

	pipeline.retry.tries = 1;
	if (attempt_run(&request, policy->attempt, &pipeline, &result,
		&report->err) == 0)
		report->err.class = ERR_NONE;
	else if (!result.is_logged && report->err.class != ERR_BUSY)
		log_error("%s", report->err.text);
	tell_journal(&result, &report->err);
	report->was_done = result.was_done || result.is_given_up;
	report->is_own = result.is_own;
	report->is_token_renewed = result.is_token_renewed;
	report->outage = result.outage;
	report->artifacts = (int64_t)result.artifacts;
	report->stored = (int64_t)result.stored;
	report->sent = (int64_t)result.totals.sent;
	report->sent_bytes = result.totals.sent_bytes;
	attempt_result_free(&result);
}

struct task {
	const struct visit_policy *policy;
	const char *directory;
};

static void
work(const void *ctx, int fd)
{
	const struct task *task = ctx;
	struct visit_policy policy = *task->policy;
	struct pipeline_policy pipeline = *policy.pipeline;
	struct visit_report report = { 0 };

	pipeline.recording.is_alone = true;
	policy.pipeline = &pipeline;
	visit_deliver(&policy, task->directory, &report);
	(void)file_write_all(fd, &report, sizeof(report));
}

int
visit_start(struct child *c, const struct visit_policy *policy,
    const char *directory, struct err *e)
{
	const struct task task = { policy, directory };

	/* The sweep's deadline does not apply: it sends a signal then. */
	return child_start(c, work, &task,
	    clock_mono_ms() + policy->deadline_ms, e);
}

static void
work_ahead(const void *ctx, int fd)
{
	const struct task *task = ctx;
	struct pipeline_policy pipeline = pipeline_of(task->policy);
	struct visit_report report = { 0 };

	pipeline.recording.is_alone = true;
	if (ahead_run(task->directory, task->policy->ahead, &pipeline,
		&report.err) == 0)
		report.err.class = ERR_NONE;
	(void)file_write_all(fd, &report, sizeof(report));
}

int
visit_start_ahead(struct child *c, const struct visit_policy *policy,
    const char *directory, struct err *e)
{
	const struct task task = { policy, directory };

	return child_start(c, work_ahead, &task, INT64_MAX, e);
}

static bool
is_valid(const struct visit_report *r)
{
	return err_is_valid(&r->err) && err_is_valid(&r->outage.err) &&
	    r->outage.service <= OUTAGE_FILE && r->was_done <= 1 &&
	    r->is_own <= 1 && r->is_token_renewed <= 1;
}

static int
set_made_up(struct err *e)
{
	return err_set(e, ERR_TEMPORARY, "its process sent an invalid report");
}

bool
visit_end(struct child *c, struct visit_report *report)
{
	struct err e;
	int result = child_end(c, report, sizeof(*report), &e);

	if (result == 0 && is_valid(report))
		return true;
	if (result == 0)
		(void)set_made_up(&e);
	*report = (struct visit_report){ .err = e };
	return false;
}

/* --- removing ------------------------------------------------------------- */

struct removal_report {
	enum removal_outcome outcome;
	struct err err;
	struct counts counts;
};

_Static_assert(sizeof(struct removal_report) <= PIPE_BUF, "a small report");

static void
work_removing(const void *ctx, int fd)
{
	struct removal r = *(const struct removal *)ctx;
	struct pipeline_policy pipeline = *r.pipeline;
	struct removal_report report = { 0 };

	pipeline.recording.is_alone = true;
	r.pipeline = &pipeline;
	r.counts = &report.counts;
	report.outcome = removal_empty(&r, &report.err);
	(void)file_write_all(fd, &report, sizeof(report));
}

enum removal_outcome
visit_remove(const struct removal *r, struct err *e)
{
	struct removal_report report;
	struct stat st;

	if (fstatat(r->rootfd, r->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return REMOVAL_KEPT;
	if (child_run(work_removing, r, &report, sizeof(report), e) == -1)
		return REMOVAL_FAILED;
	if (!err_is_valid(&report.err) ||
	    (unsigned)report.outcome > REMOVAL_FAILED) {
		(void)set_made_up(e);
		return REMOVAL_FAILED;
	}
	*e = report.err;
	if (r->counts)
		*r->counts = report.counts;
	return report.outcome == REMOVAL_DONE ? removal_finish(r, &st, e)
					      : report.outcome;
}

#include "delivery/attempt.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/retry.h"
#include "base/stop.h"
#include "delivery/recorder.h"

/* LAST_WORD_MS: time for FAILED after the deadline. */
enum { HOST_BYTES = 256, LAST_WORD_MS = 4000 };

bool
attempt_tells_failed(const struct attempt_policy *policy, enum err_class kind,
    bool is_announcing, bool is_room_known, bool was_told)
{
	bool is_failure = kind == ERR_TEMPORARY || kind == ERR_PERMANENT ||
	    kind == ERR_REFUSED || kind == ERR_CONFIG;

	if (!is_failure || is_announcing || !is_room_known || was_told)
		return false;
	return policy->failed_webhook == FAILED_AT_ONCE ||
	    (policy->failed_webhook == FAILED_FINAL && kind == ERR_PERMANENT);
}

static void
note_began(struct job *job, const char *changed)
{
	struct journal *j = &job->journal;
	char host[HOST_BYTES] = "";

	(void)gethostname(host, sizeof(host) - 1);
	journal_note(j,
	    (struct event){
		.kind = EVENT_BEGAN,
		.host = host,
		.pid = getpid(),
		.version = VERSION,
	    });
	if (job->is_forced)
		journal_note(j, (struct event){ .kind = EVENT_FORCED });
	else
		pipeline_reopen(job, changed);
	journal_commit(j);
}

/*
 * Note how the run ended and when the next try is due.  True when it was the
 * last.
 */
static bool
note_failed(struct job *job, const struct attempt_policy *policy, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	int64_t now_ms = clock_unix_ms();
	bool is_last = e->class != ERR_PERMANENT &&
	    e->class != ERR_INTERRUPTED &&
	    schedule_gives_up(&policy->schedule, p, now_ms);

	if (is_last) {
		char since[CLOCK_TEXT_BYTES];

		clock_rfc3339(p->struggling_since_ms, since);
		e->class = ERR_PERMANENT;
		(void)err_wrap(e, "held, as it has failed since %s", since);
	}
	/* What failed in an upload was logged for each artifact. */
	if (job->totals.failed == 0 || is_last || stop_is_overdue() ||
	    e->class == ERR_INTERRUPTED)
		log_error("%s", e->text);
	journal_note(&job->journal,
	    (struct event){
		.kind = EVENT_FAILED,
		.class = err_class_name(e->class),
		.text = e->text,
		.retry_at_ms = e->class == ERR_PERMANENT
		    ? 0
		    : schedule_next_ms(&policy->schedule, e, p->failures,
			  now_ms, retry_random()),
	    });
	journal_commit(&job->journal);
	return is_last;
}

/* A signal is not a failure, but a deadline that was too short is. */
static void
count_deadline(struct err *e)
{
	if (e->class == ERR_INTERRUPTED && stop_is_overdue())
		e->class = ERR_TEMPORARY;
}

/*
 * Is a service out, or does it ask for a pause?  Its answer to an upload
 * concerns only this recording, and a service that accepted one file works.
 */
static void
find_cause(const struct job *job, const struct err *e,
    struct attempt_result *result)
{
	bool is_uploading = job->journal.progress.state == REC_RESOLVED;
	bool is_out = e->is_outage && !(is_uploading && job->totals.sent > 0);

	result->is_own = is_uploading && !e->is_outage;
	if (e->class == ERR_TEMPORARY && (is_out || e->retry_after_ms > 0))
		result->outage = (struct outage){
			is_uploading ? OUTAGE_FILE : OUTAGE_MEETING,
			*e,
		};
}

static void
tell_failed(struct job *job, struct attempt_result *result, struct err *e)
{
	struct err undelivered = { 0 };
	int64_t more_ms = stop_is_overdue() ? LAST_WORD_MS : 0;
	bool is_told;

	/* Jibri is waiting, and the service has just failed to answer. */
	job->is_hurried = more_ms > 0 ||
	    (e->is_outage && job->journal.progress.state == REC_NEW);
	stop_extend(more_ms);
	is_told = pipeline_send(job, "FAILED", e->text,
		      job->journal.progress.failed_since_ms, &undelivered) == 0;
	stop_extend(-more_ms);
	if (is_told)
		return;
	log_error("%s", undelivered.text);
	if (undelivered.is_outage)
		result->outage = (struct outage){ OUTAGE_MEETING, undelivered };
	if (undelivered.class != ERR_INTERRUPTED)
		e->class = err_worse(e->class, undelivered.class);
}

/*
 * The run's error counts, but a FAILED that was not delivered can make it
 * worse.  The final failure is announced even if an earlier one was.
 */
static void
record_failure(struct job *job, const struct attempt_policy *policy,
    struct attempt_result *result, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	bool is_room_known =
	    (job->identity.room || p->room) && !pipeline_is_redirected(job);
	bool is_last;

	count_deadline(e);
	/* It was delivered, and nothing is known to be wrong. */
	if (job->is_by_hand && p->state == REC_ANNOUNCED) {
		log_error("%s", e->text);
		return;
	}
	find_cause(job, e, result);
	is_last = note_failed(job, policy, e);
	/* For a service that is out, one request per sweep is enough. */
	if (job->is_swept && result->outage.service == OUTAGE_MEETING &&
	    !is_last)
		return;
	if (!job->is_silent &&
	    attempt_tells_failed(policy, e->class, job->is_announcing,
		is_room_known, p->is_failed_announced && !is_last))
		tell_failed(job, result, e);
}

/* Leave it to the sweeper; false when that cannot be noted. */
static bool
defer(struct job *job)
{
	struct journal *j = &job->journal;
	const char *room = job->room_argument;
	autofree char *overruled = room
	    ? identity_contradiction(&job->recording, &job->policy->identity,
		  room)
	    : NULL;

	if (job->is_forced)
		journal_note(j, (struct event){ .kind = EVENT_FORCED });
	journal_note(j,
	    (struct event){
		.kind = EVENT_DEFERRED,
		.room = room,
		.session = job->session_argument,
		.overruled = overruled,
	    });
	journal_commit(j);
	if (!j->is_degraded)
		return true;
	log_warn("cannot leave a note for the sweeper; delivering it "
		 "now");
	return false;
}

static int
recheck(struct job *job, struct attempt_result *result, struct err *e)
{
	const char *changed;

	if (!job->is_by_hand || job->is_forced)
		return 0;
	/* The recheck took some time. */
	if (pipeline_recheck(job, e) == -1 ||
	    recording_scan(&job->recording, e) == -1)
		return -1;
	result->was_done = pipeline_is_finished(job, &changed);
	return 0;
}

/* End a run that announces nothing; otherwise it would seem to have died. */
static void
note_checked(struct job *job)
{
	journal_note(&job->journal, (struct event){ .kind = EVENT_CHECKED });
	journal_commit(&job->journal);
}

static int
deliver(struct job *job, const struct attempt_policy *policy,
    struct attempt_result *result, const char *changed, struct err *e)
{
	recording_log_doubts(&job->recording);
	note_began(job, changed);
	if (e->class == ERR_NONE && recheck(job, result, e) == 0 &&
	    (result->was_done || pipeline_run(job, e) == 0)) {
		if (result->was_done || job->is_partial)
			note_checked(job);
		return 0;
	}
	record_failure(job, policy, result, e);
	return -1;
}

static int
preview(struct job *job, struct attempt_result *result, const char *changed,
    struct err *e)
{
	/* The journal is a copy in memory. */
	note_began(job, changed);
	if (e->class != ERR_NONE ||
	    pipeline_preview(job, &result->preview, e) == -1)
		return -1;
	result->is_previewed = true;
	return 0;
}

/*
 * If one run after the other died without noting a failure, this one reports it
 * and does nothing else.
 */
static bool
is_dead(struct job *job, const struct attempt_policy *policy,
    struct attempt_result *result, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	struct err ignored;

	if (!job->is_swept || job->is_by_hand || !progress_has_died(p) ||
	    !schedule_gives_up(&policy->schedule, p, clock_unix_ms()))
		return false;
	(void)pipeline_identify(job, &ignored);
	(void)err_set(e, ERR_TEMPORARY, "its last run died");
	record_failure(job, policy, result, e);
	return true;
}

/* A survey does not read them again. */
static void
note_private(struct job *job)
{
	for (size_t i = 0; i < job->recording.n_skipped; i++) {
		const struct skipped *s = &job->recording.skipped[i];
		const struct fact *fact =
		    progress_fact(&job->journal.progress, s->path);

		if (s->is_private &&
		    (fact == NULL || fact->private_stamp != s->stamp))
			journal_note(&job->journal,
			    (struct event){ .kind = EVENT_PRIVATE,
				.path = s->path,
				.stamp = s->stamp });
	}
	journal_commit(&job->journal);
}

static int
run(struct job *job, const struct attempt_request *request,
    const struct attempt_policy *policy, struct attempt_result *result,
    struct err *e)
{
	const char *changed = NULL;
	bool is_finished;

	e->class = ERR_NONE;
	result->is_listed = recording_scan(&job->recording, e) == 0;
	upload_refresh(&job->recording, &job->journal);
	is_finished = result->is_listed && pipeline_is_finished(job, &changed);
	result->is_given_up = job->journal.progress.is_given_up &&
	    !job->is_by_hand && !job->is_forced;
	if (result->is_given_up)
		return 0;
	if (result->is_listed && !pipeline_is_anything_selected(job))
		return err_set(e, ERR_NO_INPUT,
		    "--only selects none of its artifacts");
	/* Held after it was delivered: some of it is gone. */
	job->is_by_hand |=
	    is_finished && job->journal.progress.failed_class == ERR_PERMANENT;
	if (request->is_dry_run)
		return preview(job, result, changed, e);
	result->was_done = is_finished && !job->is_forced && !job->is_by_hand;
	if (result->was_done) {
		note_private(job);
		return 0;
	}
	if (request->is_deferred && !job->is_by_hand && defer(job)) {
		result->was_deferred = true;
		return 0;
	}
	if (request->open_files &&
	    recorder_await(request->open_files, &job->recording, e) == -1)
		return -1;
	if (!is_dead(job, policy, result, e) &&
	    deliver(job, policy, result, changed, e) == 0) {
		note_private(job);
		return 0;
	}
	result->is_logged = true;
	return -1;
}

/* Is there a file that was not there when it was held for its media? */
static bool
has_other_media(struct job *job)
{
	const char *changed = NULL;
	struct err ignored;

	return progress_lacks_media(&job->journal.progress) &&
	    recording_scan(&job->recording, &ignored) == 0 &&
	    !pipeline_is_finished(job, &changed) && changed != NULL;
}

/* Another sweeper may have been here between the survey and the lock. */
static int
check_still_due(const struct attempt_request *request,
    const struct attempt_policy *policy, struct job *job, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	bool is_held = p->failed_class == ERR_PERMANENT;

	if (!request->is_visit || (is_held && request->takes_held) ||
	    (!p->is_given_up && has_other_media(job)))
		return 0;
	if (!is_held && !p->is_given_up &&
	    schedule_is_due(&policy->schedule, p, clock_unix_ms()))
		return 0;
	return err_set(e, ERR_BUSY, "another process has just tried it");
}

const char *
attempt_state_name(enum err_class kind)
{
	switch (kind) {
	case ERR_NONE:
		return "done";
	case ERR_PERMANENT:
		return "held";
	case ERR_BUSY:
		return "busy";
	case ERR_NO_INPUT:
	case ERR_USAGE:
		return "unknown";
	default:
		return "waiting";
	}
}

static void
fill_result(struct attempt_result *result, const struct job *job)
{
	const struct progress *p = &job->journal.progress;
	const struct recording *rec = &job->recording;

	result->path = xstrdup(rec->path);
	if (rec->dirfd != -1 || job->session_argument)
		result->session = xstrdup(job_session(job));
	result->room = xstrdup(job_room(job));
	result->meeting_id = xstrdup(p->meeting_id);
	result->artifacts = rec->n;
	for (size_t i = 0; i < rec->n; i++) {
		result->stored += upload_is_stored(p, &rec->artifacts[i]);
		result->bytes += rec->artifacts[i].size;
	}
	result->attempts = p->attempts;
	result->ambiguous = p->ambiguous;
	result->totals = job->totals;
	result->is_partial = job->is_partial;
	result->is_token_renewed = job->auth && auth_was_renewed(job->auth);
	result->is_withheld = p->is_withheld;
}

static int
open_and_run(struct job *job, const struct attempt_request *request,
    const struct attempt_policy *policy, struct attempt_result *result,
    struct err *e)
{
	bool is_told = request->room || request->session || request->is_forced;
	int opened = job_open(job, request->directory, request->is_dry_run, e);

	/* The process that has it delivers it, or defers it. */
	result->was_deferred = opened == -1 && e->class == ERR_BUSY &&
	    request->is_deferred && !is_told;
	if (result->was_deferred)
		return 0;
	if (opened == -1 || check_still_due(request, policy, job, e) == -1)
		return -1;
	return run(job, request, policy, result, e);
}

int
attempt_run(const struct attempt_request *request,
    const struct attempt_policy *policy, const struct pipeline_policy *pipeline,
    struct attempt_result *result, struct err *e)
{
	bool is_partial = request->only && request->only->n > 0;
	autofree char *webhook = webhook_url(&pipeline->webhook);
	struct job job = {
		.policy = pipeline,
		.room_argument = request->room,
		.session_argument = request->session,
		.meeting_id_argument = request->meeting_id,
		.only = request->only,
		.watch = request->watch,
		.is_forced = request->is_forced && !is_partial,
		.is_partly_forced = request->is_forced && is_partial,
		.is_silent = request->is_silent || webhook == NULL,
		.is_by_hand = request->is_by_hand,
		.is_swept = request->is_visit,
	};
	int outcome;

	*result = (struct attempt_result){ 0 };
	outcome = open_and_run(&job, request, policy, result, e);
	pipeline_note_counts(&job);
	fill_result(result, &job);
	if (request->archive != NULL)
		mem_replace(&result->path, request->archive);
	result->state = result->is_given_up ? "given-up"
	    : result->was_deferred || (result->is_partial && outcome == 0)
	    ? "waiting"
	    : attempt_state_name(outcome == 0 ? ERR_NONE : e->class);
	job_close(&job);
	return outcome;
}

void
attempt_result_free(struct attempt_result *result)
{
	free(result->path);
	free(result->session);
	free(result->room);
	free(result->meeting_id);
	preview_free(&result->preview);
}

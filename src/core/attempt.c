#include "core/attempt.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum { HOST_BYTES = 256 };

bool
attempt_tells_failed(const struct attempt_policy *policy, enum err_class kind,
    bool is_announcing, bool is_room_known, bool was_told)
{
	bool is_failure = kind == ERR_TEMPORARY || kind == ERR_PERMANENT ||
	    kind == ERR_REFUSED || kind == ERR_CONFIG;

	if (!is_failure || is_announcing || !is_room_known || was_told)
		return false;
	switch (policy->failed_webhook) {
	case FAILED_AT_ONCE:
		return true;
	case FAILED_FINAL:
		return kind == ERR_PERMANENT;
	default:
		return false;
	}
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
	if (job->is_forced) {
		journal_note(j, (struct event){ .kind = EVENT_FORCED });
	} else if (j->progress.state > REC_RESOLVED && changed) {
		pipeline_reopen(job, changed);
	}
	journal_commit(j);
}

/*
 * The error of the run is what counts, but a FAILED that was not delivered
 * can make it worse.
 */
static void
record_failure(struct job *job, const struct attempt_policy *policy,
    struct err *e)
{
	const struct progress *p = &job->journal.progress;
	bool is_room_known =
	    (job->identity.room || p->room) && !pipeline_is_redirected(job);
	struct err undelivered = { 0 };

	/* What an upload failed of is said already, for each artifact. */
	if (job->totals.failed == 0 || e->class == ERR_INTERRUPTED)
		log_error("%s", e->text);
	journal_note(&job->journal,
	    (struct event){
		.kind = EVENT_FAILED,
		.class = err_class_name(e->class),
		.text = e->text,
	    });
	journal_commit(&job->journal);
	if (!attempt_tells_failed(policy, e->class, job->is_announcing,
		is_room_known, p->is_failed_announced))
		return;
	if (pipeline_send_failed(job, e->text, &undelivered) == 0)
		return;
	log_error("%s", undelivered.text);
	if (undelivered.class != ERR_INTERRUPTED)
		e->class = err_worse(e->class, undelivered.class);
}

static int
run(struct job *job, const struct attempt_request *request,
    const struct attempt_policy *policy, struct attempt_result *result,
    struct err *e)
{
	const char *changed = NULL;
	int outcome = recording_scan(&job->recording, e);

	result->is_listed = outcome == 0;
	result->is_given_up = job->journal.progress.is_given_up &&
	    !request->is_by_hand && !job->is_forced;
	if (result->is_given_up)
		return 0;
	if (outcome == 0 && !job->is_forced &&
	    pipeline_is_finished(job, &changed)) {
		result->was_done = true;
		return 0;
	}
	recording_log_skipped(&job->recording);
	note_began(job, changed);
	if (outcome == 0)
		outcome = pipeline_run(job, e);
	result->is_logged = outcome == -1;
	if (outcome == -1)
		record_failure(job, policy, e);
	return outcome;
}

static const char *
state_name(enum err_class kind)
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

static char *
copy_of(const char *a, const char *b)
{
	return a ? xstrdup(a) : b ? xstrdup(b) : NULL;
}

static void
fill_result(struct attempt_result *result, const struct job *job)
{
	const struct progress *p = &job->journal.progress;
	const struct recording *rec = &job->recording;

	result->path = copy_of(rec->path, NULL);
	result->session = copy_of(job->identity.session,
	    p->session ? p->session : job->session_argument);
	if (result->session == NULL && rec->dirfd != -1)
		result->session = xstrdup(recording_name(rec));
	result->room = copy_of(job->identity.room, p->room);
	result->meeting_id = copy_of(p->meeting_id, NULL);
	result->artifacts = rec->n;
	for (size_t i = 0; i < rec->n; i++) {
		result->stored += upload_is_stored(p, &rec->artifacts[i]);
		result->bytes += rec->artifacts[i].size;
	}
	result->attempts = p->attempts;
	result->ambiguous = p->ambiguous;
	result->totals = job->totals;
}

static int
open_and_run(struct job *job, const struct attempt_request *request,
    const struct attempt_policy *policy, struct attempt_result *result,
    struct err *e)
{
	const struct progress *p = &job->journal.progress;

	if (identity_check_arguments(request->room, request->session, e) == -1)
		return -1;
	if (recording_open(&job->recording, request->directory,
		&job->policy->recording, e) == -1)
		return -1;
	log_set_session(request->session ? request->session
					 : recording_name(&job->recording));
	if (journal_open(&job->journal, job->recording.dirfd, e) == -1)
		return -1;
	if (p->session && !request->session)
		log_set_session(p->session);
	return run(job, request, policy, result, e);
}

int
attempt_run(const struct attempt_request *request,
    const struct attempt_policy *policy, const struct pipeline_policy *pipeline,
    struct attempt_result *result, struct err *e)
{
	struct job job = {
		.policy = pipeline,
		.room_argument = request->room,
		.session_argument = request->session,
		.is_forced = request->is_forced,
		.recording = { .dirfd = -1 },
		.journal = { .fd = -1 },
	};
	int outcome;

	*result = (struct attempt_result){ 0 };
	outcome = open_and_run(&job, request, policy, result, e);
	fill_result(result, &job);
	result->state = result->is_given_up
	    ? "given up"
	    : state_name(outcome == 0 ? ERR_NONE : e->class);
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
}

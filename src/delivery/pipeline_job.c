#include "base/log.h"
#include "delivery/pipeline_internal.h"
#include "recording/trace_id.h"

int
job_open(struct job *job, const char *directory, bool is_looking, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	const char *named = job->session_argument;
	struct recording *rec = &job->recording;

	rec->dirfd = job->journal.fd = -1;
	if (identity_check_arguments(job->room_argument, named,
		job->meeting_id_argument, e) == -1 ||
	    (job->is_swept ? recording_open_below : recording_open)(rec,
		directory, &job->policy->recording, e) == -1 ||
	    recording_enter(rec, e) == -1)
		return -1;
	trace_log_session(named ? named : recording_name(rec));
	if ((is_looking
		    ? journal_look(&job->journal, rec->dirfd, rec->path, NULL,
			  e)
		    : (job->is_ahead ? journal_open_free
				     : journal_open)(&job->journal, rec->dirfd,
			  rec->path, rec->policy->locking, e)) == -1)
		return -1;
	if (p->session && !named)
		trace_log_session(p->session);
	log_set_room(job->room_argument ? job->room_argument : p->room);
	return 0;
}

void
pipeline_note_counts(struct job *job)
{
	struct journal *j = &job->journal;
	struct event ev = {
		.kind = EVENT_COUNTED,
		.count = (int64_t)job->totals.failed,
	};

	if (job->http == NULL || j->is_lost)
		return;
	ev.requests = http_take_tally(job->http);
	if (http_tally_is_empty(&ev.requests) && ev.count == 0)
		return;
	journal_note(j, ev);
	journal_commit(j);
}

void
job_close(struct job *job)
{
	auth_close(job->auth);
	http_close(job->http);
	identity_free(&job->identity);
	journal_close(&job->journal);
	recording_close(&job->recording);
}

const char *
job_session(const struct job *job)
{
	const char *known = job->journal.progress.session;

	return job->identity.session ? job->identity.session
	    : job->session_argument  ? job->session_argument
	    : known                  ? known
				     : recording_name(&job->recording);
}

const char *
job_room(const struct job *job)
{
	return job->identity.room ? job->identity.room
				  : job->journal.progress.room;
}

int
pipeline_open_http(struct job *job, struct err *e)
{
	char trace[TRACE_ID_BYTES];

	if (job->http != NULL)
		return 0;
	if (!job->policy->is_checked &&
	    pipeline_check_reach(job->policy, e) == -1)
		return -1;
	job->retry = job->policy->retry;
	job->retry.run = &job->failures;
	job->http = http_open(&job->policy->http);
	trace_id(job_session(job), trace);
	http_set_trace(job->http, trace);
	job->auth = auth_open(&job->policy->auth, &job->retry, job->http);
	return 0;
}

struct destination
pipeline_destination(const struct job *job)
{
	return (struct destination){
		.policy = &job->policy->destination,
		.http = job->http,
		.auth = job->auth,
		.retry = &job->retry,
	};
}

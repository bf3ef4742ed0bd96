#include "delivery/pipeline_internal.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "recording/trace_id.h"

enum { ROUNDS = 3 };

static bool
differs(const char *a, const char *b)
{
	return a && b && strcmp(a, b) != 0;
}

bool
pipeline_is_redirected(const struct job *job)
{
	const struct progress *p = &job->journal.progress;

	return differs(job->room_argument, p->room) ||
	    differs(job->session_argument, p->session) ||
	    differs(job->meeting_id_argument, p->meeting_id);
}

/* The first artifact that is not stored yet; NULL: none. */
static const char *
first_missing(const struct job *job, const struct text_list *only)
{
	const struct recording *rec = &job->recording;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];

		if (!upload_is_stored(&job->journal.progress, a) &&
		    upload_is_selected(only, a))
			return a->path;
	}
	return NULL;
}

bool
pipeline_is_finished(const struct job *job, const char **changed)
{
	const struct progress *p = &job->journal.progress;
	const struct recording *rec = &job->recording;

	/* A folder that cannot be read may contain anything. */
	*changed =
	    rec->trouble.class == ERR_NONE ? first_missing(job, NULL) : ".";
	return *changed == NULL && p->state == REC_ANNOUNCED &&
	    !pipeline_is_redirected(job);
}

int
pipeline_identify(struct job *job, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	const struct identity_hints hints = {
		.room_argument = job->room_argument,
		.session_argument = job->session_argument,
		.meeting_id_argument = job->meeting_id_argument,
		.room_journal = p->room,
		.session_journal = p->session,
		.overruled = p->overruled,
	};

	identity_free(&job->identity);
	return identity_find(&job->identity, &job->recording,
	    &job->policy->identity, &hints, e);
}

/* Noting it again would reopen a finished recording. */
static bool
is_resolved_so(const struct job *job)
{
	const struct progress *p = &job->journal.progress;
	const struct identity *id = &job->identity;

	return p->state > REC_NEW && strcmp(p->room, id->room) == 0 &&
	    strcmp(p->session, id->session) == 0 &&
	    strcmp(p->meeting_id, id->meeting_id) == 0 &&
	    !differs(p->overruled ? p->overruled : "",
		id->overruled ? id->overruled : "");
}

static int
check_room(const struct job *job, struct err *e)
{
	const struct progress *p = &job->journal.progress;

	if (p->state == REC_NEW)
		return 0;
	return identity_check_room(&job->recording, &job->policy->identity,
	    p->room, p->overruled, e);
}

int
pipeline_check_room(struct job *job, struct err *e)
{
	int result = check_room(job, e);

	job->is_silent |= result == -1;
	return result;
}

/* The operator's decision about the room has to be noted first. */
static bool
is_overruling(const struct job *job)
{
	struct err ignored;

	return job->room_argument && check_room(job, &ignored) == -1;
}

static int
look_again(struct job *job, struct err *e)
{
	if (recording_scan(&job->recording, e) == -1)
		return -1;
	job->is_announcing = false;
	if (job->recording.trouble.class == ERR_NONE)
		return pipeline_check_room(job, e);
	*e = job->recording.trouble;
	return -1;
}

static int
stage_resolve(struct job *job, struct err *e)
{
	const struct pipeline_policy *policy = job->policy;
	struct identity *id = &job->identity;
	struct err unknown;
	bool is_known = pipeline_identify(job, &unknown) == 0;

	/*
	 * Report missing settings first: without them no recording can be
	 * delivered.
	 */
	job->is_silent |= !is_known;
	if (pipeline_check_services(policy, e) == -1)
		return -1;
	if (!is_known) {
		*e = unknown;
		return -1;
	}
	trace_log_session(id->session);
	log_set_room(id->room);
	if (pipeline_open_http(job, e) == -1)
		return -1;
	if (id->meeting_id == NULL && meeting_is_none(&policy->meeting))
		id->meeting_id = xstrdup("none");
	else if (id->meeting_id == NULL)
		id->meeting_id = meeting_lookup(job->http, &policy->meeting,
		    job->auth, &job->retry, id->room, e);
	if (id->meeting_id == NULL && e->class == ERR_PERMANENT)
		return identity_hint_room(e, &job->recording,
		    "if it is known under another name, ");
	if (id->meeting_id == NULL)
		return -1;
	if (!meeting_is_none(&policy->meeting))
		log_info("room %s is meeting %s", id->room, id->meeting_id);
	if (is_resolved_so(job))
		return 0;
	journal_note(&job->journal,
	    (struct event){
		.kind = EVENT_RESOLVED,
		.session = id->session,
		.room = id->room,
		.meeting_id = id->meeting_id,
		.overruled = id->overruled,
	    });
	journal_commit(&job->journal);
	return 0;
}

/*
 * Now, but never before a moment that may have been announced.  Without a
 * journal, the newest artifact's time, so that a repeat says the same.
 */
static int64_t
complete_moment_ms(const struct job *job)
{
	const struct progress *p = &job->journal.progress;
	int64_t moment_ms = job->journal.is_degraded
	    ? recording_newest_ns(&job->recording) / 1000000
	    : clock_unix_ms();

	if (moment_ms < p->told_ms)
		moment_ms = p->told_ms;
	return moment_ms > p->failed_since_ms ? moment_ms : p->failed_since_ms;
}

static void
note_complete(struct job *job)
{
	const struct recording *rec = &job->recording;
	struct event ev = {
		.kind = EVENT_COMPLETE,
		.count = (int64_t)rec->n,
		.moment_ms = complete_moment_ms(job),
	};

	for (size_t i = 0; i < rec->n; i++)
		ev.bytes += rec->artifacts[i].size;
	journal_note(&job->journal, ev);
	journal_commit(&job->journal);
}

static struct upload_deps
deps_of(struct job *job)
{
	return (struct upload_deps){
		.recording = &job->recording,
		.journal = &job->journal,
		.policy = &job->policy->upload,
		.to = pipeline_destination(job),
		.only = job->only,
		.watch = job->watch,
	};
}

/* A file can appear while others are being sent: scan again. */
static int
stage_upload(struct job *job, struct err *e)
{
	const struct upload_deps deps = deps_of(job);
	const char *changed = NULL;

	if (deps.to.policy->ops->check(deps.to.policy, e) == -1)
		return -1;
	for (int round = 0; round < ROUNDS; round++) {
		if (upload_run(&deps, &job->totals, e) == -1 ||
		    look_again(job, e) == -1)
			return -1;
		changed = first_missing(job, job->only);
		if (changed != NULL)
			continue;
		if (upload_check_shared(&job->recording, &job->journal, e) ==
		    -1)
			return -1;
		job->is_partial = first_missing(job, NULL) != NULL;
		pipeline_abort_strays(job);
		if (!job->is_partial)
			note_complete(job);
		return 0;
	}
	return err_set(e, ERR_TEMPORARY,
	    "%s: keeps changing while it is being sent", changed);
}

static const struct stage {
	const char *name;
	int (*run)(struct job *, struct err *);
} stages[] = {
	[REC_NEW] = { "resolve", stage_resolve },
	[REC_RESOLVED] = { "upload", stage_upload },
	[REC_STORED] = { "announce", pipeline_announce },
};

static int
run_stages(struct job *job, struct err *e)
{
	const struct progress *p = &job->journal.progress;

	while (p->state < REC_ANNOUNCED && !job->is_partial) {
		enum rec_state before = p->state;

		if (stop_check(e) == -1 ||
		    journal_check(&job->journal, e) == -1 ||
		    pipeline_check_room(job, e) == -1)
			return -1;
		log_debug("stage: %s", stages[before].name);
		if (before > REC_NEW && pipeline_open_http(job, e) == -1)
			return -1;
		if (stages[before].run(job, e) == -1)
			return -1;
		assert(p->state > before || job->is_partial);
	}
	return 0;
}

void
pipeline_reopen(struct job *job, const char *changed)
{
	/* A read error proves no change. */
	if (job->recording.trouble.class != ERR_NONE || changed == NULL ||
	    job->journal.progress.state <= REC_RESOLVED)
		return;
	log_info("%s: new or changed, the recording is open again", changed);
	journal_note(&job->journal,
	    (struct event){ .kind = EVENT_REOPENED, .path = changed });
	journal_commit(&job->journal);
}

int
pipeline_prepare(struct job *job, bool is_repeat, struct upload_deps *deps,
    struct err *e)
{
	const struct progress *p = &job->journal.progress;

	if ((p->state == REC_NEW || is_repeat || pipeline_is_redirected(job) ||
		is_overruling(job)) &&
	    stage_resolve(job, e) == -1)
		return -1;
	if (pipeline_check_services(job->policy, e) == -1 ||
	    pipeline_open_http(job, e) == -1)
		return -1;
	*deps = deps_of(job);
	return 0;
}

/*
 * Another run that comes now, such as a second Jibri's, is told that the
 * recording is busy; so what it brought is for this run to deliver.
 */
int
pipeline_run(struct job *job, struct err *e)
{
	const char *changed = NULL;

	if ((pipeline_is_redirected(job) || is_overruling(job)) &&
	    stage_resolve(job, e) == -1)
		return -1;
	/* An earlier failed scan may have hidden the change. */
	if (!pipeline_is_finished(job, &changed))
		pipeline_reopen(job, changed);
	for (int round = 0; round < ROUNDS; round++) {
		if (run_stages(job, e) == -1 || look_again(job, e) == -1)
			return -1;
		if (job->is_partial || pipeline_is_finished(job, &changed))
			return 0;
		pipeline_reopen(job, changed);
	}
	return err_set(e, ERR_TEMPORARY, "%s: keeps changing after it was sent",
	    changed);
}

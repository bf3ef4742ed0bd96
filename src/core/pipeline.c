#include "core/pipeline.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "core/media.h"
#include "io/digest.h"
#include "io/mimetype.h"

enum { ROUNDS = 3 };

int
job_open(struct job *job, const char *directory, bool is_looking, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	const char *named = job->session_argument;
	struct recording *rec = &job->recording;

	if (identity_check_arguments(job->room_argument, named,
		job->meeting_id_argument, e) == -1 ||
	    recording_open(rec, directory, &job->policy->recording, e) == -1)
		return -1;
	log_set_session(named ? named : recording_name(rec));
	if ((is_looking ? journal_look : journal_open)(&job->journal,
		rec->dirfd, e) == -1)
		return -1;
	if (p->session && !named)
		log_set_session(p->session);
	return 0;
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

static int
open_http(struct job *job, struct err *e)
{
	if (job->http != NULL)
		return 0;
	if (!job->policy->is_checked &&
	    pipeline_check_reach(job->policy, e) == -1)
		return -1;
	job->http = http_open(&job->policy->http);
	job->auth =
	    auth_open(&job->policy->auth, &job->policy->retry, job->http);
	return 0;
}

static int
check_urls(const struct pipeline_policy *p, struct err *e)
{
	return pipeline_check_url("meeting-service-url", p->meeting.url, e) ==
		-1
	    ? -1
	    : pipeline_check_url("file-service-url", p->filestore.url, e);
}

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

/* The first artifact that has yet to be stored; NULL: none. */
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

	/* Nobody knows what is in a folder that cannot be read. */
	*changed =
	    rec->trouble.class == ERR_NONE ? first_missing(job, NULL) : ".";
	return *changed == NULL && p->state == REC_ANNOUNCED &&
	    !pipeline_is_redirected(job);
}

static int
find_identity(struct job *job, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	const struct identity_hints hints = {
		.room_argument = job->room_argument,
		.session_argument = job->session_argument,
		.meeting_id_argument = job->meeting_id_argument,
		.room_journal = p->room,
		.session_journal = p->session,
	};

	identity_free(&job->identity);
	return identity_find(&job->identity, &job->recording,
	    &job->policy->identity, &hints, e);
}

/* Noted once more, it would open a finished recording again. */
static bool
is_resolved_so(const struct job *job)
{
	const struct progress *p = &job->journal.progress;
	const struct identity *id = &job->identity;

	return p->state > REC_NEW && strcmp(p->room, id->room) == 0 &&
	    strcmp(p->session, id->session) == 0 &&
	    strcmp(p->meeting_id, id->meeting_id) == 0;
}

static int
stage_resolve(struct job *job, struct err *e)
{
	const struct pipeline_policy *policy = job->policy;
	struct identity *id = &job->identity;

	if (find_identity(job, e) == -1)
		return -1;
	log_set_session(id->session);
	if (check_urls(policy, e) == -1 || open_http(job, e) == -1)
		return -1;
	if (id->meeting_id == NULL)
		id->meeting_id = meeting_lookup(job->http, &policy->meeting,
		    job->auth, &policy->retry, id->room, e);
	if (id->meeting_id == NULL)
		return -1;
	log_info("room %s is meeting %s", id->room, id->meeting_id);
	if (is_resolved_so(job))
		return 0;
	journal_note(&job->journal,
	    (struct event){
		.kind = EVENT_RESOLVED,
		.session = id->session,
		.room = id->room,
		.meeting_id = id->meeting_id,
	    });
	journal_commit(&job->journal);
	return 0;
}

static void
note_complete(struct job *job)
{
	const struct recording *rec = &job->recording;
	struct event ev = {
		.kind = EVENT_COMPLETE,
		.count = (int64_t)rec->n,
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
		.http = job->http,
		.policy = &job->policy->upload,
		.filestore = &job->policy->filestore,
		.auth = job->auth,
		.retry = &job->policy->retry,
		.obeys_pauses = job->obeys_pauses,
		.only = job->only,
		.watch = job->watch,
	};
}

/* A file can appear while the others are being sent: look again. */
static int
stage_upload(struct job *job, struct err *e)
{
	const struct upload_deps deps = deps_of(job);
	const char *changed = NULL;

	if (pipeline_check_url("file-service-url", deps.filestore->url, e) ==
	    -1)
		return -1;
	for (int round = 0; round < ROUNDS; round++) {
		if (upload_run(&deps, &job->totals, e) == -1 ||
		    recording_scan(&job->recording, e) == -1)
			return -1;
		if (job->recording.trouble.class != ERR_NONE) {
			*e = job->recording.trouble;
			return -1;
		}
		changed = first_missing(job, job->only);
		if (changed != NULL)
			continue;
		job->is_partial = first_missing(job, NULL) != NULL;
		if (!job->is_partial)
			note_complete(job);
		return 0;
	}
	return err_set(e, ERR_TEMPORARY,
	    "%s: keeps changing while it is being sent", changed);
}

static bool
is_media_fact(const struct fact *fact)
{
	return fact->type && mimetype_is_media(fact->type);
}

static bool
is_media(const struct job *job, const struct artifact *a)
{
	const struct fact *fact =
	    progress_fact(&job->journal.progress, a->path);

	return a->is_media || (fact && is_media_fact(fact));
}

/* What was removed here since it was stored is still at the server. */
static int
check_removed_media(const struct job *job, struct err *e)
{
	if (progress_has_stored(&job->journal.progress, is_media_fact))
		return 0;
	return err_set(e, ERR_PERMANENT, "the recording holds no media file");
}

/* One media file that is whole makes a recording. */
int
pipeline_check_media(const struct job *job, struct err *e)
{
	const struct recording *rec = &job->recording;
	autobuf struct buf damage = { 0 };
	size_t whole = 0;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		enum media_health health;
		char why[128] = "";
		autoclose int fd = -1;
		struct stat st;

		if (!is_media(job, a))
			continue;
		if (stop_check(e) == -1)
			return -1;
		fd = recording_open_artifact(rec, a->path, &st, e);
		if (fd == -1)
			return err_wrap(e, "%s", a->path);
		health = media_check(fd, a->path, st.st_size, why, sizeof(why));
		if (health == MEDIA_UNREADABLE)
			return err_set(e, ERR_TEMPORARY, "%s: cannot be read",
			    a->path);
		if (health == MEDIA_WHOLE) {
			whole++;
			continue;
		}
		log_warn("%s: damaged: %s", a->path, why);
		(void)buf_addf(&damage, "%s%s: %s", damage.len ? "; " : "",
		    a->path, why);
	}
	if (whole > 0)
		return 0;
	if (damage.len == 0)
		return check_removed_media(job, e);
	return err_set(e, ERR_PERMANENT, "recording is damaged: %s",
	    buf_str(&damage));
}

static const char *
room_of(const struct job *job)
{
	return job->identity.room ? job->identity.room
				  : job->journal.progress.room;
}

static const char *
session_of(const struct job *job)
{
	return job->identity.session ? job->identity.session
				     : job->journal.progress.session;
}

/*
 * From session, event and what is stored (and the error, which is part of
 * the body): a repeat carries the same.
 */
static char *
webhook_id(const struct job *job, const char *event, const char *error)
{
	const struct progress *p = &job->journal.progress;
	const struct recording *rec = &job->recording;
	struct digest *d = digest_new();
	autofree char *head =
	    xasprintf("%s\n%s\n%s\n%" PRId64 "\n%s\n", session_of(job), event,
		room_of(job), p->generation, error ? error : "");
	char hex[DIGEST_HEX_BYTES];

	digest_add(d, head, strlen(head));
	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		autofree char *line = NULL;

		if (!upload_is_stored(p, a))
			continue;
		line = xasprintf("%s%c%" PRId64 " %" PRId64 "\n", a->path, '\n',
		    a->size, a->mtime_ns);
		digest_add(d, line, strlen(line));
	}
	digest_hex(d, hex);
	digest_free(d);
	return xasprintf("msg_%.32s", hex);
}

static int
send_webhook(struct job *job, const char *event, const char *error,
    int64_t timestamp_ms, struct err *e)
{
	const struct pipeline_policy *policy = job->policy;
	autofree char *id = webhook_id(job, event, error);
	const struct webhook webhook = {
		.event = event,
		.room = room_of(job),
		.session = session_of(job),
		.error = error,
		.timestamp_ms = timestamp_ms,
		.id = id,
	};

	if (pipeline_check_url("meeting-service-url", policy->meeting.url, e) ==
		-1 ||
	    open_http(job, e) == -1 ||
	    webhook_send(job->http, &policy->webhook, job->auth, &policy->retry,
		&webhook, e) == -1)
		return err_wrap(e, "%s webhook", event);
	journal_note(&job->journal,
	    (struct event){
		.kind = EVENT_ANNOUNCED,
		.webhook = event,
		.id = id,
	    });
	journal_commit(&job->journal);
	log_info("%s acknowledged", event);
	return 0;
}

int
pipeline_send_failed(struct job *job, const char *why, struct err *e)
{
	const struct progress *p = &job->journal.progress;
	int64_t since_ms = p->failed_since_ms > p->last_fact_ms
	    ? p->failed_since_ms
	    : p->last_fact_ms;

	return send_webhook(job, "FAILED", why, since_ms, e);
}

/*
 * The time of the last fact; that of the newest artifact when no fact will
 * be there for a repeat, as the same id must not go out with another time.
 */
static int64_t
stopped_ms(const struct job *job)
{
	const struct recording *rec = &job->recording;
	int64_t newest_ns = 0;

	for (size_t i = 0; i < rec->n; i++)
		if (rec->artifacts[i].mtime_ns > newest_ns)
			newest_ns = rec->artifacts[i].mtime_ns;
	return job->journal.is_degraded && newest_ns > 0
	    ? newest_ns / 1000000
	    : job->journal.progress.last_fact_ms;
}

static int
stage_announce(struct job *job, struct err *e)
{
	if (pipeline_check_media(job, e) == -1)
		return -1;
	if (job->is_silent) {
		journal_note(&job->journal,
		    (struct event){ .kind = EVENT_WITHHELD });
		journal_commit(&job->journal);
		return 0;
	}
	job->is_announcing = true;
	return send_webhook(job, "STOPPED", NULL, stopped_ms(job), e);
}

static const struct stage {
	const char *name;
	int (*run)(struct job *, struct err *);
} stages[] = {
	[REC_NEW] = { "resolve", stage_resolve },
	[REC_RESOLVED] = { "upload", stage_upload },
	[REC_STORED] = { "announce", stage_announce },
};

static int
run_stages(struct job *job, struct err *e)
{
	const struct progress *p = &job->journal.progress;

	while (p->state < REC_ANNOUNCED && !job->is_partial) {
		enum rec_state before = p->state;

		if (stop_check(e) == -1)
			return -1;
		log_debug("stage: %s", stages[before].name);
		if (before > REC_NEW && open_http(job, e) == -1)
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
	log_info("%s: new or changed, the recording is open again", changed);
	journal_note(&job->journal,
	    (struct event){ .kind = EVENT_REOPENED, .path = changed });
	journal_commit(&job->journal);
}

int
pipeline_prepare(struct job *job, bool is_anew, struct upload_deps *deps,
    struct err *e)
{
	const struct progress *p = &job->journal.progress;

	if ((p->state == REC_NEW || is_anew || pipeline_is_redirected(job)) &&
	    stage_resolve(job, e) == -1)
		return -1;
	if (check_urls(job->policy, e) == -1 || open_http(job, e) == -1)
		return -1;
	*deps = deps_of(job);
	return 0;
}

/*
 * Who comes while STOPPED is under way, a second Jibri for instance, is told
 * that we are busy: what it brought is ours to deliver.
 */
int
pipeline_run(struct job *job, struct err *e)
{
	const char *changed = NULL;

	if (pipeline_is_redirected(job) && stage_resolve(job, e) == -1)
		return -1;
	for (int round = 0; round < ROUNDS; round++) {
		if (run_stages(job, e) == -1 ||
		    recording_scan(&job->recording, e) == -1)
			return -1;
		job->is_announcing = false;
		if (job->is_partial || pipeline_is_finished(job, &changed))
			return 0;
		pipeline_reopen(job, changed);
	}
	return err_set(e, ERR_TEMPORARY, "%s: keeps changing after it was sent",
	    changed);
}

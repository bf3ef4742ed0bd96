#include "delivery/ahead.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/notify.h"
#include "delivery/pipeline_internal.h"
#include "recording/trace_id.h"

enum {
	GIVE_WAY_MS = 1200,    /* of two seconds, for active transfers */
	FINISH_MS = 60 * 1000, /* the same, when nobody is waiting */
	SILENT_MS = 15 * 1000, /* without a new byte: nobody writes */
	BRIEF_MS = 60 * 1000,  /* a visit without stays */
	AGAIN_MS = 20 * 1000   /* try STARTED again */
};

struct ahead {
	struct job *job;
	const struct artifact *artifact;
	int64_t size, metadata;    /* metadata: its initial stamp; 0: none */
	int64_t grew_ms, until_ms; /* clock_mono_ms() */
	ino_t ino;
};

static bool
sends_parts(const struct ahead_policy *ahead, const struct pipeline_policy *p,
    int64_t bytes)
{
	const struct destination_policy *to = &p->destination;
	const struct part_ops *parts = to->ops->parts;

	return ahead->is_wanted && parts && p->identity.room_from_media &&
	    parts->is_placed_early(to) &&
	    upload_ahead_is_of_use(bytes, parts->bytes(to, bytes));
}

static bool
tells_started(const struct ahead_policy *ahead, const struct pipeline_policy *p)
{
	autofree char *url = webhook_url(&p->webhook);

	return ahead->tells_started && url && p->identity.room_from_media &&
	    strstr(p->identity.room_format, "{tenant}") == NULL;
}

bool
ahead_is_of_use(const struct ahead_policy *ahead,
    const struct pipeline_policy *p, bool was_started, int64_t bytes)
{
	return sends_parts(ahead, p, bytes) ||
	    (tells_started(ahead, p) && !was_started);
}

/* The file that Jibri is writing; NULL: none. */
static const struct artifact *
find_growing(const struct recording *rec)
{
	const struct artifact *found = NULL;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];

		if (a->is_media && strchr(a->path, '/') == NULL &&
		    (!found || a->mtime_ns > found->mtime_ns))
			found = a;
	}
	return found;
}

/* The stamp of metadata.json, which Jibri writes after the media; 0: none. */
static int64_t
metadata_stamp(int dirfd)
{
	struct stat st;

	return fstatat(dirfd, RECORDING_METADATA, &st, AT_SYMLINK_NOFOLLOW) == 0
	    ? file_stamp(&st)
	    : 0;
}

static int64_t
left_ms(void *ctx)
{
	struct ahead *a = ctx;
	const struct job *job = a->job;
	int dirfd = job->recording.dirfd;
	struct stat st;
	struct err ignored;

	if (journal_is_wanted(&job->journal))
		return GIVE_WAY_MS;
	if (metadata_stamp(dirfd) != a->metadata ||
	    clock_mono_ms() >= a->until_ms)
		return FINISH_MS;
	if (journal_check(&job->journal, &ignored) == -1 ||
	    fstatat(dirfd, a->artifact->path, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_ino != a->ino || st.st_size < a->size)
		return 0;
	if (st.st_size > a->size)
		a->grew_ms = clock_mono_ms();
	a->size = st.st_size;
	return clock_mono_ms() - a->grew_ms < SILENT_MS ? -1 : 0;
}

static int
send_parts(struct job *job, const struct artifact *artifact, bool stays,
    int64_t until_ms, struct err *e)
{
	const struct identity *id = &job->identity;
	static char unknown[] = "";
	const struct progress place = {
		.meeting_id = unknown,
		.session = id->session,
		.room = id->room,
		.forced = job->journal.progress.forced,
	};
	const struct upload_deps deps = {
		.recording = &job->recording,
		.journal = &job->journal,
		.policy = &job->policy->upload,
		.to = pipeline_destination(job),
		.is_ahead = true,
	};
	struct ahead a = {
		.job = job,
		.artifact = artifact,
		.metadata = metadata_stamp(job->recording.dirfd),
		.grew_ms = clock_mono_ms(),
		.until_ms = until_ms,
	};
	struct stat st;

	if (fstatat(job->recording.dirfd, artifact->path, &st,
		AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s", artifact->path);
	a.size = st.st_size;
	a.ino = st.st_ino;
	if (stays)
		log_info("%s: sending it while it is being recorded",
		    artifact->path);
	return upload_ahead(&deps, &place, artifact, stays, left_ms, &a, e);
}

/*
 * STARTED is sent once.  If that failed, keep the visit brief, so that the next
 * one tries again.
 */
static int
send_ahead(struct job *job, const struct ahead_policy *ahead,
    const struct artifact *artifact, struct err *e)
{
	const struct pipeline_policy *p = job->policy;
	struct err untold;
	bool is_told = !tells_started(ahead, p) ||
	    job->journal.progress.is_started ||
	    notify_started(job, &untold) == 0;
	int64_t until_ms = is_told && ahead->stays
	    ? INT64_MAX
	    : clock_mono_ms() + (is_told ? BRIEF_MS : AGAIN_MS);

	if (sends_parts(ahead, p, artifact->size) &&
	    send_parts(job, artifact, ahead->stays, until_ms, e) == -1)
		return -1;
	if (!is_told)
		*e = untold;
	return is_told ? 0 : -1;
}

static int
run(struct job *job, const char *directory, const struct ahead_policy *ahead,
    struct err *e)
{
	const struct pipeline_policy *p = job->policy;
	const struct artifact *artifact;

	if (job_open(job, directory, false, e) == -1)
		return e->class == ERR_BUSY ? 0 : -1;
	journal_offer(&job->journal);
	if ((job->journal.progress.has_events &&
		!job->journal.progress.is_recording) ||
	    job->journal.is_degraded)
		return 0;
	if (recording_glance(&job->recording, e) == -1)
		return -1;
	artifact = find_growing(&job->recording);
	if (artifact == NULL || pipeline_identify(job, e) == -1)
		return 0;
	trace_log_session(job->identity.session);
	log_set_room(job->identity.room);
	if (p->destination.ops->check(&p->destination, e) == -1 ||
	    pipeline_open_http(job, e) == -1)
		return -1;
	return send_ahead(job, ahead, artifact, e);
}

/* The lower of two limits; 0: no limit. */
static int64_t
lower(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

int
ahead_run(const char *directory, const struct ahead_policy *ahead,
    const struct pipeline_policy *policy, struct err *e)
{
	struct pipeline_policy p = *policy;
	struct job job = {
		.policy = &p,
		.is_swept = true,
		.is_ahead = true,
	};
	int result;

	/* No journal can be written; the delivery reports that. */
	if (faccessat(AT_FDCWD, directory, W_OK, AT_EACCESS) == -1)
		return 0;
	p.http.rate_bytes = lower(p.http.rate_bytes, ahead->rate_bytes);
	p.upload.parallel = (p.upload.parallel + 1) / 2;
	p.retry.tries = 1;
	result = run(&job, directory, ahead, e);
	pipeline_note_counts(&job);
	job_close(&job);
	return result;
}

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/pipeline_internal.h"
#include "io/digest.h"
#include "io/mimetype.h"
#include "recording/media.h"

static bool
is_media_fact(const struct fact *fact)
{
	return fact->type && mimetype_is_media(fact->type);
}

static void
find_media(void *has_media, const struct fact *fact)
{
	*(bool *)has_media |= fact->is_stored && is_media_fact(fact);
}

static bool
is_media(const struct artifact *a, const struct fact *fact)
{
	return a->is_media || (fact && is_media_fact(fact));
}

/* It was when it was sent, and is the same now. */
static bool
is_known_whole(const struct job *job, const struct artifact *a,
    const struct fact *fact)
{
	return fact && fact->is_whole &&
	    upload_is_stored(&job->journal.progress, a);
}

/* What was removed here since it was stored is still at the server. */
static int
check_removed_media(const struct job *job, struct err *e)
{
	bool has_media = false;

	progress_each(&job->journal.progress, find_media, &has_media);
	if (has_media)
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
		const struct fact *fact =
		    progress_fact(&job->journal.progress, a->path);
		enum media_health health;
		char why[128] = "";
		autoclose int fd = -1;
		struct stat st;

		if (!is_media(a, fact))
			continue;
		if (stop_check(e) == -1)
			return -1;
		if (is_known_whole(job, a, fact)) {
			whole++;
			continue;
		}
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

/* A repeat of the same body has the same id, and another body never has. */
static char *
webhook_id(const struct job *job, const struct webhook *webhook)
{
	autofree char *body = webhook_body(webhook);
	autofree char *text =
	    xasprintf("%s\n%" PRId64, body, job->journal.progress.generation);
	struct digest *d = digest_new();
	char hex[DIGEST_HEX_BYTES];

	digest_add(d, text, strlen(text));
	digest_hex(d, hex);
	digest_free(d);
	return xasprintf("msg_%.32s", hex);
}

int
pipeline_send(struct job *job, const char *event, const char *error,
    int64_t timestamp_ms, struct err *e)
{
	static const struct retry_policy once = { .tries = 1 };
	const struct pipeline_policy *policy = job->policy;
	int64_t told_ms = job->journal.progress.told_ms;
	struct webhook webhook = {
		.event = event,
		.room = room_of(job),
		.session = session_of(job),
		.error = error,
		/* Who sorts by it ends with what was told last. */
		.timestamp_ms = timestamp_ms > told_ms ? timestamp_ms : told_ms,
	};
	autofree char *id = webhook_id(job, &webhook);

	webhook.id = id;
	if (pipeline_check_url("meeting-service-url", policy->meeting.url, e) ==
		-1 ||
	    pipeline_open_http(job, e) == -1 ||
	    webhook_send(job->http, &policy->webhook, job->auth,
		job->is_hurried ? &once : &job->retry, &webhook, e) == -1)
		return err_wrap(e, "%s webhook", event);
	journal_note(&job->journal,
	    (struct event){
		.kind = EVENT_ANNOUNCED,
		.webhook = event,
		.id = id,
		.moment_ms = webhook.timestamp_ms,
	    });
	journal_commit(&job->journal);
	log_info("%s acknowledged", event);
	return 0;
}

int
pipeline_send_failed(struct job *job, const char *why, struct err *e)
{
	return pipeline_send(job, "FAILED", why,
	    job->journal.progress.failed_since_ms, e);
}

int
pipeline_announce(struct job *job, struct err *e)
{
	/* Nobody knows what is in a folder that cannot be read. */
	if (job->recording.trouble.class != ERR_NONE) {
		*e = job->recording.trouble;
		return -1;
	}
	if (pipeline_check_media(job, e) == -1)
		return -1;
	if (job->is_silent) {
		journal_note(&job->journal,
		    (struct event){ .kind = EVENT_WITHHELD });
		journal_commit(&job->journal);
		return 0;
	}
	job->is_announcing = true;
	return pipeline_send(job, "STOPPED", NULL,
	    job->journal.progress.complete_ms, e);
}

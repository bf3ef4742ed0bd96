#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "delivery/pipeline_internal.h"
#include "io/digest.h"
#include "io/json.h"

enum { HURRIED_MS = 10 * 1000 };

/* A repeat of the same body has the same id, another body never has. */
static char *
webhook_id(const struct job *job, const struct webhook *webhook)
{
	autofree char *body = webhook_body(webhook);
	autofree char *text =
	    xasprintf("%s\n%" PRId64, body, job->journal.progress.generation);
	char hex[DIGEST_HEX_BYTES];

	digest_once(text, strlen(text), hex);
	return xasprintf("msg_%.32s", hex);
}

struct listing {
	json_t *files;
	const struct destination_policy *at;
};

static void
add_file(void *ctx, const struct fact *fact)
{
	struct listing *l = ctx;
	autofree char *url = fact->is_stored && fact->id
	    ? l->at->ops->public_url(l->at, fact->id)
	    : NULL;
	autofree char *escaped =
	    text_is_utf8(fact->path) ? NULL : text_escape(fact->path);

	if (!fact->is_stored)
		return;
	(void)json_array_append_new(l->files,
	    json_pack("{s:s,s:I,s:s?,s:s?,s:s?}", "path",
		escaped ? escaped : fact->path, "size", (json_int_t)fact->size,
		"mimeType", fact->type, "sha256", fact->sha256, "url", url));
}

/* All stored artifacts by path; NULL if not wanted. */
static json_t *
files_of(const struct job *job, const char *event)
{
	struct listing l = { .at = &job->policy->destination };

	if (!job->policy->webhook.has_files || strcmp(event, "STOPPED") != 0)
		return NULL;
	l.files = json_array();
	progress_each(&job->journal.progress, add_file, &l);
	return l.files;
}

int
pipeline_send(struct job *job, const char *event, const char *error,
    int64_t timestamp_ms, struct err *e)
{
	static const struct retry_policy once = { .tries = 1 };
	const struct pipeline_policy *policy = job->policy;
	struct webhook_policy how = policy->webhook;
	int64_t told_ms = job->journal.progress.told_ms;
	autojson json_t *files = files_of(job, event);
	struct webhook webhook = {
		.event = event,
		.room = job_room(job),
		.session = job_session(job),
		.error = error,
		.files = files,
		/* Receivers that sort by it must see the latest event last. */
		.timestamp_ms = timestamp_ms > told_ms ? timestamp_ms : told_ms,
		.journal = &job->journal,
	};
	autofree char *id = webhook_id(job, &webhook);

	webhook.id = id;
	/* After a crash, a later announcement must not have an older moment. */
	if (webhook.timestamp_ms > told_ms && strcmp(event, "STARTED") != 0) {
		journal_note(&job->journal,
		    (struct event){
			.kind = EVENT_TELLING,
			.moment_ms = webhook.timestamp_ms,
		    });
		journal_commit(&job->journal);
	}
	if (job->is_hurried && how.answer_timeout_ms > HURRIED_MS)
		how.answer_timeout_ms = HURRIED_MS;
	if (pipeline_check_webhook(policy, e) == -1 ||
	    pipeline_open_http(job, e) == -1)
		return err_wrap(e, "%s webhook", event);
	if (job->journal.is_peeking)
		return 0;
	if (webhook_send(job->http, &how, job->auth,
		job->is_hurried ? &once : &job->retry, &webhook, e) == -1)
		return err_wrap(e, "%s webhook", event);
	journal_note(&job->journal,
	    (struct event){
		.kind = EVENT_ANNOUNCED,
		.webhook = event,
		.id = id,
		.moment_ms = webhook.timestamp_ms,
		.damaged = job->damaged,
	    });
	journal_commit(&job->journal);
	log_info("%s acknowledged", event);
	return 0;
}

int
pipeline_announce(struct job *job, struct err *e)
{
	/* A folder that cannot be read may contain anything. */
	if (job->recording.trouble.class != ERR_NONE) {
		*e = job->recording.trouble;
		return -1;
	}
	if (pipeline_check_media(job, e) == -1)
		return -1;
	if (job->is_silent) {
		journal_note(&job->journal,
		    (struct event){
			.kind = EVENT_WITHHELD,
			.damaged = job->damaged,
		    });
		journal_commit(&job->journal);
		return 0;
	}
	job->is_announcing = true;
	return pipeline_send(job, "STOPPED", NULL,
	    job->journal.progress.complete_ms, e);
}

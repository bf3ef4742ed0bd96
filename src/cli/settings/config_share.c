#include "base/file.h"
#include "base/mem.h"
#include "base/names.h"
#include "cli/settings/config_internal.h"

enum { MEETING_TIMEOUT_MS = 20000 };

/* Keys that expire are read again by a confined process. */
static void
add_key_places(struct config *config)
{
	char *const *files = config->s3_keys.files;

	if (config->pipeline.destination.store != STORE_S3 ||
	    files[S3_SESSION_TOKEN] == NULL)
		return;
	for (size_t i = 0; i < S3_KEYS; i++) {
		autofree char *place = files[i] ? file_parent(files[i]) : NULL;

		if (place && !text_list_has(&config->confine.readable, place))
			text_list_add(&config->confine.readable, place);
	}
}

void
config_share(struct config *config)
{
	struct pipeline_policy *p = &config->pipeline;
	const char *ignored;
	size_t n = 0;

	p->destination.ops = destination_ops((enum store)p->destination.store);
	p->recording.root = config->recordings_dir;
	p->recording.confine = &config->confine;
	p->webhook.service_url = p->meeting.url;
	/* Jibri waits, and these answers are short. */
	p->meeting.answer_timeout_ms = p->destination.answer_timeout_ms;
	if (p->meeting.answer_timeout_ms > MEETING_TIMEOUT_MS)
		p->meeting.answer_timeout_ms = MEETING_TIMEOUT_MS;
	p->webhook.answer_timeout_ms = p->meeting.answer_timeout_ms;
	p->auth.answer_timeout_ms = p->destination.answer_timeout_ms;
	p->auth.has_certificate = p->http.tls_cert && *p->http.tls_cert;
	config->verdict.schedule = config->attempt.schedule;
	p->destination.s3.keys = &config->s3_keys;
	add_key_places(config);
	config->confine.needs_names = names_are_in(p->meeting.url) ||
	    names_are_in(p->destination.ops->url(&p->destination, &ignored)) ||
	    p->destination.file.part_hosts.n > 0 ||
	    names_are_in(p->auth.token_url);
	for (size_t i = 0; i < settings_count(); i++)
		if (setting_at(i)->type == SETTING_SECRET && n < HTTP_SECRETS)
			p->http.secrets[n++] =
			    (char *const *)(const void *)((const char *)config +
				setting_at(i)->offset);
}

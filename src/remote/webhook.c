#include "remote/webhook.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/digest.h"
#include "io/json.h"
#include "remote/request.h"

enum { ANSWER_BYTES = 64 * 1024 };

struct delivery {
	const struct webhook_policy *policy;
	struct auth *auth;
	struct auth_use use;
	struct err no_token; /* why a wanted token is missing */
	const struct webhook *webhook;
	const char *body;
	struct text_list headers;
};

bool
webhook_shows_secret(const struct webhook_policy *policy)
{
	return policy->secret && *policy->secret &&
	    text_list_has(&policy->auth, "secret");
}

char *
webhook_url(const struct webhook_policy *policy)
{
	const char *url = policy->url;
	bool is_own = url && *url;

	if (strcmp(is_own ? url : policy->service_url, "none") == 0)
		return NULL;
	return is_own
	    ? xstrdup(url)
	    : request_url(policy->service_url, "/webhooks/jitsi/recording");
}

/* The service's token is only for the service. */
static bool
takes_token(const struct webhook_policy *policy, const char *url)
{
	autofree char *same = http_url_resolve(policy->service_url, url);

	return same != NULL;
}

char *
webhook_body(const struct webhook *w)
{
	autojson json_t *json = json_object();
	autofree char *error = NULL;
	char *text;

	(void)json_object_set_new(json, "eventType", json_string(w->event));
	(void)json_object_set_new(json, "roomName", json_string(w->room));
	(void)json_object_set_new(json, "sessionId", json_string(w->session));
	if (w->error != NULL) {
		error = text_is_utf8(w->error) ? xstrdup(w->error)
					       : text_escape(w->error);
		for (char *s = error; *s; s++)
			memset(s, ' ', text_unprintable(s));
		(void)json_object_set_new(json, "error", json_string(error));
	}
	(void)json_object_set_new(json, "timestamp",
	    json_integer(w->timestamp_ms / 1000));
	if (w->files)
		(void)json_object_set(json, "files", w->files);
	text = json_dumps(json, JSON_COMPACT);
	if (text == NULL)
		mem_exhausted();
	return text;
}

/* The key bytes of a secret in the sense of Standard Webhooks. */
static int
standard_key(const char *secret, struct buf *key, struct err *e)
{
	static const char prefix[] = "whsec_";

	if (strncmp(secret, prefix, strlen(prefix)) != 0) {
		(void)buf_adds(key, secret);
		return 0;
	}
	if (digest_base64_decode(secret + strlen(prefix), key, e) == 0)
		return 0;
	return err_wrap(e, "the webhook secret behind %s", prefix);
}

static char *
signature(const void *key, size_t key_len, const char *message)
{
	unsigned char mac[DIGEST_SHA256_BYTES];

	digest_hmac(key, key_len, message, strlen(message), mac);
	return digest_base64(mac, sizeof(mac));
}

static int
add_standard_entry(struct buf *value, const char *secret, const char *message,
    struct err *e)
{
	autobuf struct buf key = { 0 };
	autofree char *mac = NULL;

	if (secret == NULL || *secret == '\0')
		return 0;
	if (standard_key(secret, &key, e) == -1)
		return -1;
	if (key.len == 0)
		return err_set(e, ERR_CONFIG, "the webhook secret is empty");
	mac = signature(key.data, key.len, message);
	mem_wipe(key.data, key.len);
	(void)buf_addf(value, "%sv1,%s", value->len ? " " : "", mac);
	return 0;
}

static int
sign_standard(const struct webhook_policy *policy, const struct webhook *w,
    const char *body, int64_t now_unix, struct text_list *headers,
    struct err *e)
{
	autofree char *timestamp = xasprintf("%" PRId64, now_unix);
	autofree char *message = xasprintf("%s.%s.%s", w->id, timestamp, body);
	autobuf struct buf value = { 0 };

	if (add_standard_entry(&value, policy->secret, message, e) == -1 ||
	    add_standard_entry(&value, policy->previous_secret, message, e) ==
		-1)
		return -1;
	text_list_addf(headers, "webhook-timestamp: %s", timestamp);
	text_list_addf(headers, "webhook-signature: %s", buf_str(&value));
	return 0;
}

int
webhook_sign(const struct webhook_policy *policy, const struct webhook *w,
    const char *body, int64_t now_unix, struct text_list *headers,
    struct err *e)
{
	const char *secret = policy->secret;

	/* Sent unsigned too: it identifies repeats. */
	text_list_addf(headers, "webhook-id: %s", w->id);
	if (secret == NULL || *secret == '\0')
		return 0;
	if (webhook_shows_secret(policy))
		text_list_addf(headers, "X-Webhook-Secret: %s", secret);
	if (text_list_has(&policy->auth, "signature")) {
		autofree char *mac = signature(secret, strlen(secret), body);

		text_list_addf(headers, "X-Webhook-Signature: %s", mac);
	}
	if (!text_list_has(&policy->auth, "standard"))
		return 0;
	return sign_standard(policy, w, body, now_unix, headers, e);
}

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct delivery *d = ctx;
	struct err ignored; /* webhook_send() has checked it */

	(void)request;
	if (d->webhook->journal && journal_check(d->webhook->journal, e) == -1)
		return -1;
	text_list_free(&d->headers);
	d->no_token = (struct err){ 0 };
	if (d->auth &&
	    auth_add_header(d->auth, AUTH_MEETING_SERVICE, &d->use, &d->headers,
		&d->no_token) == -1) {
		*e = d->no_token;
		if (e->class == ERR_INTERRUPTED)
			return -1;
		log_warn("%s; sending the webhook without a token", e->text);
	}
	text_list_addf(&d->headers, "Idempotency-Key: %s", d->webhook->id);
	(void)webhook_sign(d->policy, d->webhook, d->body,
	    clock_unix_ms() / 1000, &d->headers, &ignored);
	return 0;
}

static bool
wants_retry(void *ctx, const struct http_answer *answer)
{
	struct delivery *d = ctx;

	return d->auth && auth_wants_retry(d->auth, &d->use, answer->status);
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	const struct delivery *d = ctx;

	if (answer->status != 401 && answer->status != 403)
		return;
	if (d->no_token.class != ERR_NONE)
		*e = d->no_token;
	else
		(void)err_hint(e,
		    "fix webhook-secret: it must be the meeting-service's");
}

/* Any 2xx acknowledges, except the page of a captive portal. */
static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	(void)ctx;
	return request_check_html(answer, e);
}

int
webhook_send(struct http *http, const struct webhook_policy *policy,
    struct auth *auth, const struct retry_policy *retry,
    const struct webhook *w, struct err *e)
{
	autofree char *url = webhook_url(policy);
	autofree char *body = webhook_body(w);
	autofree char *what = xasprintf("%s webhook", w->event);
	struct delivery d = {
		.policy = policy,
		.auth = takes_token(policy, url) ? auth : NULL,
		.webhook = w,
		.body = body,
	};
	const struct http_request http_request = {
		.url = url,
		.service = HTTP_WEBHOOK,
		.headers = &d.headers,
		.content_type = "application/json",
		.answer_timeout_ms = policy->answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
	};
	const struct request request = {
		.what = what,
		.http = &http_request,
		.text = body,
		.prepare = prepare,
		.accept = accept_answer,
		.wants_retry = wants_retry,
		.refine = refine,
		.ctx = &d,
	};
	int result;

	if (policy->secret == NULL || *policy->secret == '\0')
		log_warn("webhook-secret is empty: the %s is not signed", what);
	result = webhook_sign(policy, w, body, 0, &d.headers, e);
	if (result == 0)
		result = request_run(&request, http, retry, e);
	text_list_free(&d.headers);
	return result;
}

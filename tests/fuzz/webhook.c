/* The webhook's body and its proofs, for any names, errors and secrets. */
#include "fuzz.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/mem.h"
#include "recording/identity.h"
#include "remote/webhook.h"

static void
check_body(const struct webhook *w, const char *body)
{
	json_t *json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);
	const char *error = json_string_value(json_object_get(json, "error"));

	must(json_object_size(json) == (w->error ? 5 : 4));
	must(strcmp(json_string_value(json_object_get(json, "roomName")),
		 w->room) == 0);
	must(strcmp(json_string_value(json_object_get(json, "sessionId")),
		 w->session) == 0);
	must(!w->error || !text_is_utf8(w->error) ||
	    strcmp(error, w->error) == 0);
	must(!strpbrk(body, "\r\n"));
	json_decref(json);
}

static void
check_signature(const char *secret, const char *body, const char *header)
{
	static const char name[] = "X-Webhook-Signature: ";
	unsigned char mac[EVP_MAX_MD_SIZE], text[2 * EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (strncmp(header, name, strlen(name)) != 0)
		return;
	must(HMAC(EVP_sha256(), secret, (int)strlen(secret),
		 (const unsigned char *)body, strlen(body), mac, &len) != NULL);
	(void)EVP_EncodeBlock(text, mac, (int)len);
	must(strcmp(header + strlen(name), (char *)text) == 0);
}

/* The message is the same for each bad secret, so it does not reveal it. */
static void
check_refusal(const struct webhook_policy *policy, const struct webhook *w,
    const char *body, const struct err *e)
{
	struct webhook_policy other = *policy;
	struct text_list headers = { 0 };
	struct err same = { 0 };

	must(e->class == ERR_CONFIG);
	/* Only one that is to be base64 can be bad. */
	must(strncmp(policy->secret, "whsec_", 6) == 0 ||
	    strncmp(policy->previous_secret, "whsec_", 6) == 0);
	other.secret = (char *)"whsec_!";
	must(webhook_sign(&other, w, body, 1614265330, &headers, &same) == -1);
	must(strcmp(e->text, same.text) == 0);
	text_list_free(&headers);
}

static void
check_headers(const struct webhook_policy *policy, const struct webhook *w)
{
	autofree char *body = webhook_body(w);
	struct text_list headers = { 0 };
	struct err e = { 0 };
	int rc = webhook_sign(policy, w, body, 1614265330, &headers, &e);

	check_body(w, body);
	if (rc == -1)
		check_refusal(policy, w, body, &e);
	must(rc == -1 || headers.n == (*policy->secret ? 5 : 1));
	for (size_t i = 0; i < headers.n; i++) {
		must(!text_has_control(headers.items[i]));
		check_signature(policy->secret, body, headers.items[i]);
	}
	text_list_free(&headers);
}

static void
run(const char *data, size_t len)
{
	struct fuzz_input in = { data, len };
	autofree char *secret = fuzz_field(&in);
	autofree char *previous = fuzz_field(&in);
	autofree char *room = fuzz_field(&in);
	autofree char *session = fuzz_field(&in);
	autofree char *error = fuzz_field(&in);
	struct webhook_policy policy = { .secret = secret,
		.previous_secret = previous };
	struct webhook w = { .event = "FAILED",
		.room = room,
		.session = session,
		.error = error,
		.timestamp_ms = 1704463922001,
		.id = "msg_0123" };
	struct err e;

	/* The settings and the identity are checked before. */
	if (text_has_control(secret) || text_has_control(previous) ||
	    identity_check_segment("room", room, &e) == -1 ||
	    identity_check_segment("session", session, &e) == -1)
		return;
	text_list_parse(&policy.auth, "secret,signature,standard");
	check_headers(&policy, &w);
	w.event = "STOPPED";
	w.error = NULL;
	check_headers(&policy, &w);
	text_list_free(&policy.auth);
}

const struct fuzz_target fuzz_webhook = { "webhook", run };

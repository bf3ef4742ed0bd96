#include "webhook.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct key {
	const unsigned char *bytes;
	size_t n;
};

/* Base64 of the HMAC-SHA256; the caller frees it. */
static char *
signature(struct key key, const char *message, size_t n)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_bytes = 0;
	char *text = text_must(calloc(1, 2 * EVP_MAX_MD_SIZE));

	HMAC(EVP_sha256(), key.bytes, (int)key.n,
	    (const unsigned char *)message, n, digest, &digest_bytes);
	EVP_EncodeBlock((unsigned char *)text, digest, (int)digest_bytes);
	return text;
}

/* Is `v1,<signature>` one of the entries, separated by spaces? */
static bool
has_entry(const char *entries, const char *wanted)
{
	size_t wanted_bytes = strlen(wanted);

	while (*entries != '\0') {
		size_t n = strcspn(entries, " ");

		if (n == wanted_bytes + 3 && memcmp(entries, "v1,", 3) == 0 &&
		    memcmp(entries + 3, wanted, wanted_bytes) == 0)
			return true;
		entries += n;
		entries += strspn(entries, " ");
	}
	return false;
}

/* The key's bytes, from base64 after `whsec_`; the caller frees them. */
static unsigned char *
whsec_decode(const char *text, size_t *bytes)
{
	size_t n = strlen(text);
	unsigned char *out = text_must(calloc(1, n + 4));
	int got = EVP_DecodeBlock(out, (const unsigned char *)text, (int)n);

	/* OpenSSL counts the padding as bytes. */
	while (got > 0 && n > 0 && text[n - 1] == '=') {
		got--;
		n--;
	}
	*bytes = got > 0 ? (size_t)got : 0;
	return out;
}

static bool
is_standard_ok(const struct webhook_headers *h, const char *body, size_t n,
    const char *secret)
{
	autofree char *head = NULL;
	autofree char *message = NULL;
	autofree unsigned char *decoded = NULL;
	autofree char *own = NULL;
	struct key key;
	size_t head_bytes;

	if (secret == NULL || !h->id || !h->timestamp || !h->standard)
		return false;
	key = (struct key){ (const unsigned char *)secret, strlen(secret) };
	if (strncmp(secret, "whsec_", 6) == 0) {
		decoded = whsec_decode(secret + 6, &key.n);
		key.bytes = decoded;
	}
	head = text_format("%s.%s.", h->id, h->timestamp);
	head_bytes = strlen(head);
	message = text_must(malloc(head_bytes + n + 1));
	memcpy(message, head, head_bytes);
	memcpy(message + head_bytes, body, n);
	own = signature(key, message, head_bytes + n);
	return has_entry(h->standard, own);
}

struct webhook_proofs
webhook_verify(const struct webhook_headers *h, const char *body, size_t n,
    const char *secret, const char *secret_previous)
{
	struct webhook_proofs proofs = { 0 };
	autofree char *own = NULL;

	if (secret == NULL)
		return proofs;
	own = signature((struct key){ (const unsigned char *)secret,
			    strlen(secret) },
	    body, n);
	proofs.is_secret_ok = h->secret && strcmp(h->secret, secret) == 0;
	proofs.is_signature_ok = h->signature && strcmp(h->signature, own) == 0;
	proofs.is_standard_ok = is_standard_ok(h, body, n, secret) ||
	    is_standard_ok(h, body, n, secret_previous);
	return proofs;
}

static bool
is_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s != NULL && *s != '\0';
}

const char *
webhook_problem(const char *body, size_t n)
{
	autojson json_t *object =
	    json_loadb(body, n, JSON_REJECT_DUPLICATES, NULL);
	const char *event =
	    json_string_value(json_object_get(object, "eventType"));
	const json_t *when = json_object_get(object, "timestamp");

	if (!json_is_object(object))
		return "the body is not a JSON object";
	if (event == NULL ||
	    (strcmp(event, "STARTED") != 0 && strcmp(event, "STOPPED") != 0 &&
		strcmp(event, "FAILED") != 0))
		return "unknown eventType";
	if (!is_text(object, "roomName"))
		return "no roomName";
	if (!is_text(object, "sessionId"))
		return "no sessionId";
	/* A time in milliseconds would be 50,000 years away. */
	if (!json_is_integer(when) || json_integer_value(when) < 0 ||
	    json_integer_value(when) > 100000000000)
		return "timestamp is not a number of seconds";
	return NULL;
}

#include "remote/s3_sign.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

enum { STAMP_BYTES = 17, DAY_CHARACTERS = 8 };

void
s3_hash(const char *text, char hex[DIGEST_HEX_BYTES])
{
	digest_once(text, strlen(text), hex);
}

/* Compare what precedes the separator, which must not count itself. */
static int
by_name(const char *a, const char *b, const char *separator)
{
	size_t a_len = strcspn(a, separator), b_len = strcspn(b, separator);
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

static int
by_parameter(const void *a, const void *b)
{
	return by_name(*(char *const *)a, *(char *const *)b, "=");
}

static int
by_header(const void *a, const void *b)
{
	return by_name(*(char *const *)a, *(char *const *)b, ":");
}

char *
s3_query(const char *const *parameters)
{
	autolist struct text_list list = { 0 };
	struct buf query = { 0 };

	for (; *parameters; parameters += 2) {
		autofree char *name = text_percent_encode(parameters[0], "");
		autofree char *value = text_percent_encode(parameters[1], "");

		text_list_addf(&list, "%s=%s", name, value);
	}
	if (list.n > 0)
		qsort(list.items, list.n, sizeof(char *), by_parameter);
	for (size_t i = 0; i < list.n; i++)
		(void)buf_addf(&query, "%s%s", i > 0 ? "&" : "", list.items[i]);
	return query.data ? query.data : xstrdup("");
}

/* Host and headers, sorted, as they are signed. */
static void
canonical_headers(const char *host, const struct text_list *headers,
    struct buf *canonical, struct buf *names)
{
	autolist struct text_list list = { 0 };

	text_list_addf(&list, "host: %.*s", (int)strcspn(host, "/"), host);
	for (size_t i = 0; i < headers->n; i++)
		text_list_add(&list, headers->items[i]);
	qsort(list.items, list.n, sizeof(char *), by_header);
	for (size_t i = 0; i < list.n; i++) {
		const char *s = list.items[i];
		int len = (int)strcspn(s, ":");

		(void)buf_addf(canonical, "%.*s:%s\n", len, s,
		    s + len + strspn(s + len, ": "));
		(void)buf_addf(names, "%s%.*s", i > 0 ? ";" : "", len, s);
	}
}

/* A chain of HMACs: day, region, service, request. */
static void
sign(const struct s3_call *call, const char *stamp, const char *text,
    char hex[DIGEST_HEX_BYTES])
{
	autofree char *day = xstrndup(stamp, DAY_CHARACTERS);
	autofree char *secret = xasprintf("AWS4%s", call->keys[S3_SECRET_KEY]);
	const char *const steps[] = { day, call->region, "s3", "aws4_request",
		text };
	unsigned char key[DIGEST_SHA256_BYTES];

	digest_hmac(secret, strlen(secret), day, strlen(day), key);
	for (size_t i = 1; i < sizeof(steps) / sizeof(*steps); i++)
		digest_hmac(key, sizeof(key), steps[i], strlen(steps[i]), key);
	digest_to_hex(key, sizeof(key), hex);
	mem_wipe(secret, strlen(secret));
	mem_wipe(key, sizeof(key));
}

static void
authorize(const struct s3_call *call, const char *stamp, const char *payload,
    struct text_list *headers)
{
	const char *host = strstr(call->url, "://") + 3;
	const char *path = host + strcspn(host, "/");
	int path_len = (int)strcspn(path, "?");
	autobuf struct buf canonical = { 0 }, names = { 0 };
	autofree char *scope = xasprintf("%.*s/%s/s3/aws4_request",
	    DAY_CHARACTERS, stamp, call->region);
	autofree char *request = NULL, *text = NULL;
	char hash[DIGEST_HEX_BYTES], signature[DIGEST_HEX_BYTES];

	canonical_headers(host, headers, &canonical, &names);
	request = xasprintf("%s\n%.*s\n%s\n%s\n%s\n%s", call->method, path_len,
	    path, path[path_len] ? path + path_len + 1 : "",
	    buf_str(&canonical), buf_str(&names), payload);
	s3_hash(request, hash);
	text = xasprintf(ALGORITHM "\n%s\n%s\n%s", stamp, scope, hash);
	sign(call, stamp, text, signature);
	text_list_addf(headers,
	    "Authorization: " ALGORITHM
	    " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
	    call->keys[S3_ACCESS_KEY], scope, buf_str(&names), signature);
}

void
s3_sign(const struct s3_call *call, int64_t unix_s, struct text_list *headers)
{
	const char *token = call->keys[S3_SESSION_TOKEN];
	const char *payload =
	    call->payload_sha256 ? call->payload_sha256 : "UNSIGNED-PAYLOAD";
	time_t seconds = (time_t)unix_s;
	char stamp[STAMP_BYTES];
	struct tm tm = { 0 };

	(void)gmtime_r(&seconds, &tm);
	(void)strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	text_list_addf(headers, "x-amz-content-sha256: %s", payload);
	text_list_addf(headers, "x-amz-date: %s", stamp);
	if (token && *token)
		text_list_addf(headers, "x-amz-security-token: %s", token);
	authorize(call, stamp, payload, headers);
}

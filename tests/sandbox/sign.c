#include "sign.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "text.h"

void
sign_hmac(const void *key, size_t n, const char *text, unsigned char mac[32])
{
	unsigned char out[EVP_MAX_MD_SIZE];

	HMAC(EVP_sha256(), key, (int)n, (const unsigned char *)text,
	    strlen(text), out, NULL);
	memcpy(mac, out, 32);
}

void
sign_hex(const unsigned char *bytes, size_t n, char *hex)
{
	for (size_t i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

void
sign_hash(const char *text, char hex[65])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	EVP_Digest(text, strlen(text), digest, NULL, EVP_sha256(), NULL);
	sign_hex(digest, 32, hex);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Each parameter decoded and encoded again, by name and value; with its "=". */
static char *
canonical_query(const char *query)
{
	size_t n = 0;
	char **list = text_must(calloc(strlen(query) + 1, sizeof(*list)));
	char *joined = text_copy("", 0);

	for (const char *at = query; *at != '\0';) {
		size_t name, all;
		autofree char *a = NULL, *b = NULL, *x = NULL, *y = NULL;

		at++;
		all = strcspn(at, "&");
		name = strcspn(at, "=&");
		a = target_decode(at, name);
		b = target_decode(at + name + (name < all),
		    all - name - (name < all));
		x = target_encode_all(a);
		y = target_encode_all(b);
		if (all > 0)
			list[n++] = text_format("%s=%s", x, y);
		at += all;
	}
	qsort(list, n, sizeof(*list), by_text);
	for (size_t i = 0; i < n; i++) {
		char *more =
		    text_format("%s%s%s", joined, i > 0 ? "&" : "", list[i]);

		free(joined);
		free(list[i]);
		joined = more;
	}
	free(list);
	return joined;
}

/* The key for one day, region and service, then the text. */
static void
sign_text(const struct signing *s, const char *text, char hex[65])
{
	autofree char *secret = text_format("AWS4%s", s->secret);
	unsigned char mac[32];

	sign_hmac(secret, strlen(secret), s->day, mac);
	sign_hmac(mac, sizeof(mac), s->region, mac);
	sign_hmac(mac, sizeof(mac), "s3", mac);
	sign_hmac(mac, sizeof(mac), "aws4_request", mac);
	sign_hmac(mac, sizeof(mac), text, mac);
	sign_hex(mac, sizeof(mac), hex);
}

void
sign_request(const struct signing *s, char hex[65])
{
	autofree char *uri = target_encode(s->path);
	autofree char *query = canonical_query(s->query);
	autofree char *canonical = text_format("%s\n%s\n%s\n%s\n%s\n%s",
	    s->method, uri, query, s->headers, s->names, s->payload);
	autofree char *text = NULL;
	char hash[65];

	sign_hash(canonical, hash);
	text = text_format("AWS4-HMAC-SHA256\n%s\n%s/%s/s3/aws4_request\n%s",
	    s->date, s->day, s->region, hash);
	sign_text(s, text, hex);
}

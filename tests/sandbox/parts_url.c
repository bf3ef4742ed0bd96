#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "parts.h"
#include "sign.h"
#include "text.h"

/* The key of all URLs; those of an earlier run stay valid. */
#define KEY_FILE "secret-parts"

/* The key as text; the caller frees it. */
static char *
key_of_urls(void)
{
	char *key = text_read(KEY_FILE, NULL);
	unsigned char random[16];
	char hex[2 * sizeof(random) + 1];
	FILE *f;

	if (key != NULL)
		return key;
	RAND_bytes(random, sizeof(random));
	sign_hex(random, sizeof(random), hex);
	f = fopen(KEY_FILE, "we");
	if (f == NULL || fputs(hex, f) == EOF || fclose(f) != 0)
		sandbox_die("cannot write " KEY_FILE);
	return text_copy(hex, strlen(hex));
}

static void
sign(const char *id, const char *number, const char *expires, char hex[65])
{
	autofree char *key = key_of_urls();
	autofree char *text = text_format("%s\n%s\n%s", id, number, expires);
	unsigned char mac[32];

	sign_hmac(key, strlen(key), text, mac);
	sign_hex(mac, sizeof(mac), hex);
}

/* Scheme, host and port of the URLs; the caller frees it. */
static char *
origin_of(const struct request *req)
{
	const struct settings *set = &req->box->set;
	const char *host = request_header(req, "Host");

	if (set->parts_origin != NULL) {
		/* The port is not known beforehand, so * means our own. */
		size_t n = strcspn(set->parts_origin, "*");
		const char *port = host != NULL ? strrchr(host, ':') : NULL;

		return text_format("%.*s%s", (int)n, set->parts_origin,
		    set->parts_origin[n] == '*' && port ? port + 1 : "");
	}
	return text_format("%s://%s",
	    set->certificate_file != NULL ? "https" : "http",
	    host != NULL ? host : "127.0.0.1");
}

char *
parts_url(const struct request *req, const char *id, long long number)
{
	const struct settings *set = &req->box->set;
	long long life_ms = (long long)(set->parts_life_s * 1000);
	autofree char *origin = origin_of(req);
	autofree char *encoded = target_encode_all(id);
	autofree char *digits = text_format("%lld", number);
	autofree char *expires = text_format("%lld", text_now_ms() + life_ms);
	char signature[65];

	sign(id, digits, expires, signature);
	return text_format("%s%s/storage/%s/%s?expires=%s&signature=%s", origin,
	    set->prefix, encoded, digits, expires, signature);
}

char *
parts_header(const struct settings *set, const char **value)
{
	const char *header = set->parts_header;
	size_t n = header != NULL ? strcspn(header, ":") : 0;

	if (header == NULL)
		return NULL;
	*value = header + n + strspn(header + n, ": ");
	return text_copy(header, n);
}

struct header_look {
	const char *given;
	char *foreign;
};

static enum MHD_Result
look_foreign(void *arg, enum MHD_ValueKind kind, const char *key,
    const char *value)
{
	struct header_look *look = arg;

	(void)kind;
	(void)value;
	if (strcasecmp(key, "Host") == 0 || strcasecmp(key, "Expect") == 0 ||
	    strcasecmp(key, "Content-Length") == 0 ||
	    (look->given != NULL && strcasecmp(key, look->given) == 0))
		return MHD_YES;
	look->foreign = text_copy(key, strlen(key));
	return MHD_NO;
}

static bool
has_good_headers(const struct request *req, struct answer *a)
{
	const char *value = NULL;
	autofree char *given = parts_header(&req->box->set, &value);
	const char *sent = given != NULL ? request_header(req, given) : NULL;
	struct header_look look = { .given = given };
	autofree char *reason = NULL;

	MHD_get_connection_values(req->connection, MHD_HEADER_KIND,
	    look_foreign, &look);
	if (look.foreign != NULL) {
		reason = text_format("header not signed: %s", look.foreign);
		free(look.foreign);
	} else if (given != NULL &&
	    (sent == NULL || strcmp(sent, value) != 0)) {
		reason = text_format("header missing or wrong: %s", given);
	}
	if (reason != NULL)
		answer_error(a, 400, reason);
	else if (req->declared_bytes < 0)
		answer_error(a, 411, "no Content-Length");
	return reason == NULL && req->declared_bytes >= 0;
}

bool
parts_url_is_good(const struct request *req, struct answer *a)
{
	const struct target *t = &req->target;
	autofree char *expires = target_query(t, "expires");
	autofree char *signature = target_query(t, "signature");
	char wanted[65];

	if (!has_good_headers(req, a))
		return false;
	sign(t->upload, t->argument, expires != NULL ? expires : "", wanted);
	if (expires == NULL || signature == NULL ||
	    strcmp(signature, wanted) != 0)
		answer_error(a, 403, "wrong signature");
	else if (strtoll(expires, NULL, 10) < req->begun_ms)
		answer_error(a, 403, "the URL has expired");
	else
		return true;
	return false;
}

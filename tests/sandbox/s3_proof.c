#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "s3.h"
#include "sign.h"
#include "text.h"

#define SKEW_MAX_S 900
#define URL_LIFE_MAX_S (7 * 86400)

/* The parts of an Authorization header, or of a signed URL; each a copy. */
struct claim {
	char *key, *day, *region, *names, *signature;
	char *date, *payload; /* NULL: not sent */
	char *query;          /* that is signed */
	long long life_s;     /* of a URL; -1: it is a header */
	char *secret;         /* ours, of that key */
};

static void
claim_release(struct claim *c)
{
	free(c->key);
	free(c->day);
	free(c->region);
	free(c->names);
	free(c->signature);
	free(c->date);
	free(c->payload);
	free(c->query);
	free(c->secret);
}

static char *
header_copy(const struct request *req, const char *name)
{
	const char *value = request_header(req, name);

	return value != NULL ? text_copy(value, strlen(value)) : NULL;
}

static bool
header_parse(struct claim *c, const struct request *req, const char *header)
{
	c->date = header_copy(req, "x-amz-date");
	c->payload = header_copy(req, "x-amz-content-sha256");
	c->query = text_copy(req->target.query, strlen(req->target.query));
	c->life_s = -1;
	return sscanf(header,
		   "AWS4-HMAC-SHA256 Credential=%m[^/]/%m[0-9]/%m[^/]/s3/"
		   "aws4_request, SignedHeaders=%m[^,], Signature=%m[0-9a-f]",
		   &c->key, &c->day, &c->region, &c->names, &c->signature) == 5;
}

/* All but the signature; the caller frees it. */
static char *
query_unsigned(const char *query)
{
	const char *at = strstr(query, "X-Amz-Signature=");
	const char *rest = at + strcspn(at, "&");

	return text_format("%.*s%s", (int)(at - query), query,
	    *rest == '&' ? rest + 1 : rest);
}

static bool
url_parse(struct claim *c, const struct request *req)
{
	const struct target *t = &req->target;
	autofree char *algorithm = target_query(t, "X-Amz-Algorithm");
	autofree char *credential = target_query(t, "X-Amz-Credential");
	autofree char *expires = target_query(t, "X-Amz-Expires");

	c->date = target_query(t, "X-Amz-Date");
	c->names = target_query(t, "X-Amz-SignedHeaders");
	c->signature = target_query(t, "X-Amz-Signature");
	c->payload = text_format("UNSIGNED-PAYLOAD");
	c->query = query_unsigned(t->query);
	c->life_s = expires != NULL ? strtoll(expires, NULL, 10) : -1;
	return algorithm != NULL &&
	    strcmp(algorithm, "AWS4-HMAC-SHA256") == 0 && credential != NULL &&
	    c->names != NULL && c->signature != NULL && c->life_s > 0 &&
	    c->life_s <= URL_LIFE_MAX_S &&
	    sscanf(credential, "%m[^/]/%m[0-9]/%m[^/]/s3/aws4_request", &c->key,
		&c->day, &c->region) == 3;
}

/* Trimmed, and with runs of blanks reduced to one. */
static char *
canonical_value(const char *value)
{
	char *out = text_must(malloc(strlen(value) + 1));
	size_t n = 0;

	for (value += strspn(value, " "); *value != '\0'; value++)
		if (*value != ' ' || (value[1] != ' ' && value[1] != '\0'))
			out[n++] = *value;
	out[n] = '\0';
	return out;
}

/* The caller frees it; NULL when a signed header was not sent. */
static char *
canonical_headers(const struct request *req, const char *names)
{
	autofree char *copy = text_copy(names, strlen(names));
	char *rest = copy, *name;
	char *all = text_copy("", 0);

	while ((name = strsep(&rest, ";")) != NULL) {
		const char *sent = request_header(req, name);
		autofree char *value =
		    canonical_value(sent != NULL ? sent : "");
		char *more = text_format("%s%s:%s\n", all, name, value);

		free(all);
		all = more;
		if (sent == NULL) {
			free(all);
			return NULL;
		}
	}
	return all;
}

static bool
is_named(const char *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = names; at != NULL; at = strchr(at, ';')) {
		at += *at == ';';
		if (strncmp(at, name, n) == 0 && strchr(";", at[n]) != NULL)
			return true;
	}
	return false;
}

static enum MHD_Result
look_signed(void *names, enum MHD_ValueKind kind, const char *key,
    const char *value)
{
	autofree char *lower = text_copy(key, strlen(key));

	(void)kind;
	(void)value;
	for (char *p = lower; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return (strncmp(lower, "x-amz-", 6) == 0 && !is_named(names, lower)) ||
		!is_named(names, "host")
	    ? MHD_NO
	    : MHD_YES;
}

/* Are host and every x-amz- header signed? */
static bool
has_all_signed(const struct request *req, char *names)
{
	int all = MHD_get_connection_values(req->connection, MHD_HEADER_KIND,
	    NULL, NULL);

	return MHD_get_connection_values(req->connection, MHD_HEADER_KIND,
		   look_signed, names) == all;
}

static bool
is_signature_good(const struct request *req, const struct claim *c)
{
	size_t n = strcspn(req->raw_target, "?");
	autofree char *path = target_decode(req->raw_target, n);
	autofree char *headers = canonical_headers(req, c->names);
	struct signing signing = {
		.method = req->method,
		.path = path,
		.query = c->query,
		.headers = headers,
		.names = c->names,
		.payload = c->payload,
		.date = c->date,
		.day = c->day,
		.region = c->region,
		.secret = c->secret,
	};
	char wanted[65];

	if (path == NULL || headers == NULL)
		return false;
	sign_request(&signing, wanted);
	return strcmp(wanted, c->signature) == 0;
}

/* Seconds since then, negative for the future; false: not a date. */
static bool
age_of(const char *date, long long *age_s)
{
	struct tm tm = { 0 };
	const char *end =
	    date != NULL ? strptime(date, "%Y%m%dT%H%M%SZ", &tm) : NULL;

	*age_s = end != NULL ? time(NULL) - timegm(&tm) : 0;
	return end != NULL && *end == '\0';
}

struct session {
	const char *token, *key;
	char *secret;
	bool is_found;
};

static void
session_read(struct session *s, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")) != NULL) {
		const char *token = strsep(&line, " ");
		const char *key = strsep(&line, " ");

		if (line == NULL || strcmp(token, s->token) != 0)
			continue;
		s->is_found = true;
		if (strcmp(key, s->key) == 0)
			s->secret = text_copy(line, strlen(line));
	}
}

/* Find the secret; false with the answer. */
static bool
secret_find(const struct request *req, struct claim *c, struct answer *a)
{
	const char *token = request_header(req, "x-amz-security-token");
	autofree char *sessions = text_read("secret-sessions", NULL);
	struct session s = { token != NULL ? token : "", c->key, NULL, false };

	if (sessions != NULL) {
		session_read(&s, sessions);
		c->secret = s.secret;
	} else if (strcmp(c->key, req->box->set.s3_key) == 0)
		c->secret = text_copy(req->box->set.s3_secret,
		    strlen(req->box->set.s3_secret));
	if (sessions != NULL && token != NULL && !s.is_found)
		s3_error(a, 400, "ExpiredToken",
		    "The provided token has expired.");
	else if (c->secret == NULL)
		s3_error(a, 403, "InvalidAccessKeyId",
		    "The AWS Access Key Id you provided does not exist in our "
		    "records.");
	return c->secret != NULL;
}

/* The body is known only if it was kept or hashed while it arrived. */
static bool
is_body_good(const struct request *req, const char *payload, struct answer *a)
{
	const char *md5 = request_header(req, "Content-MD5");
	const struct upload *up = req->upload;
	char hash[65];

	sign_hash(req->body != NULL ? req->body : "", hash);
	if (strcmp(payload, "UNSIGNED-PAYLOAD") != 0 &&
	    strcmp(payload, up != NULL ? up->sha256 : hash) != 0) {
		s3_error(a, 400, "XAmzContentSHA256Mismatch",
		    "The provided 'x-amz-content-sha256' header does not match "
		    "what was computed.");
		return false;
	}
	if (up == NULL || md5 == NULL || strcmp(md5, up->md5_base64) == 0)
		return true;
	if (strlen(md5) == strlen(up->md5_base64))
		s3_error(a, 400, "BadDigest",
		    "The Content-MD5 you specified did not match what we "
		    "received.");
	else
		s3_error(a, 400, "InvalidDigest",
		    "The Content-MD5 you specified is not valid.");
	return false;
}

static bool
is_in_time(const struct claim *c, long long age_s, struct answer *a)
{
	bool is_url = c->life_s > 0;

	if (is_url && age_s > c->life_s)
		s3_error(a, 403, "AccessDenied", "Request has expired");
	else if (age_s < -SKEW_MAX_S || (!is_url && age_s > SKEW_MAX_S))
		s3_error(a, 403, "RequestTimeTooSkewed",
		    "The difference between the request time and the current "
		    "time is too large.");
	else
		return true;
	return false;
}

static bool
is_claim_good(const struct request *req, struct claim *c, struct answer *a)
{
	long long age_s;

	if (!age_of(c->date, &age_s) || c->payload == NULL ||
	    !has_all_signed(req, c->names) ||
	    strncmp(c->date, c->day, strlen(c->day)) != 0)
		s3_error(a, 403, "AccessDenied",
		    "Date, host or x-amz- headers missing or not signed");
	else if (strcmp(c->region, req->box->set.s3_region) != 0)
		s3_error(a, 400, "AuthorizationHeaderMalformed",
		    "The authorization header is malformed; the region is "
		    "wrong");
	else if (!is_in_time(c, age_s, a) || !secret_find(req, c, a))
		return false;
	else if (!is_signature_good(req, c))
		s3_error(a, 403, "SignatureDoesNotMatch",
		    "The request signature we calculated does not match the "
		    "signature you provided.");
	else
		return is_body_good(req, c->payload, a);
	return false;
}

bool
s3_is_proved(const struct request *req, struct answer *a)
{
	struct claim c = { 0 };
	const char *header = request_header(req, "Authorization");
	bool is_url = strstr(req->target.query, "X-Amz-Signature=") != NULL;
	bool is_good = false;

	if (header != NULL && is_url)
		s3_error(a, 400, "InvalidArgument",
		    "Only one auth mechanism allowed");
	else if (header == NULL && !is_url)
		s3_error(a, 403, "AccessDenied", "Access Denied");
	else if (is_url && !url_parse(&c, req))
		s3_error(a, 400, "AuthorizationQueryParametersError",
		    "The query is malformed.");
	else if (!is_url && !header_parse(&c, req, header))
		s3_error(a, 400, "AuthorizationHeaderMalformed",
		    "The authorization header is malformed.");
	else
		is_good = is_claim_good(req, &c, a);
	claim_release(&c);
	return is_good;
}

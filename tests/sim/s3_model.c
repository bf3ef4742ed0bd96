#include "s3_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/digest.h"
#include "jibri.h"
#include "laws.h"
#include "trace.h"
#include "world.h"

#define BUCKET "http://s3.sim/bucket"

enum { PARTS = 100, LOST_MS = 500 };

struct part {
	char *data;
	size_t len;
	char md5[DIGEST_HEX_BYTES];
};

struct upload {
	char *id, *key;
	struct part parts[PARTS];
	int64_t begun_ms;
	bool is_stray; /* begun late or twice: nobody knows of it */
	struct upload *next;
};

static struct upload *uploads;
static int next_upload;

static void
drop(struct upload *up)
{
	struct upload **link = &uploads;

	while (*link != up)
		link = &(*link)->next;
	*link = up->next;
	for (size_t i = 0; i < PARTS; i++)
		free(up->parts[i].data);
	free(up->id);
	free(up->key);
	free(up);
}

void
s3_reset(void)
{
	while (uploads)
		drop(uploads);
	next_upload = 1;
}

bool
s3_has_upload(const char *text)
{
	for (const struct upload *up = uploads; up; up = up->next)
		if (!up->is_stray && strstr(up->key, text))
			return true;
	return false;
}

bool
s3_is_asked(const char *url)
{
	return strncmp(url, BUCKET, sizeof(BUCKET) - 1) == 0;
}

/* A request that changes nothing counts as a list. */
enum stage
s3_stage(const char *method)
{
	return strcmp(method, "GET") == 0 ? STAGE_LIST : STAGE_UPLOAD;
}

/* A parameter's value, decoded; NULL: it has none. */
static char *
parameter(const struct arrival *a, const char *name)
{
	autofree char *wanted = xasprintf("%s=", name);
	const char *at = strchr(a->url, '?');

	for (; at; at = strchr(at, '&')) {
		at++;
		if (strncmp(at, wanted, strlen(wanted)) != 0)
			continue;
		at += strlen(wanted);
		return text_percent_decode(at, strcspn(at, "&"));
	}
	return NULL;
}

static void
md5_of(const void *data, size_t len, char hex[DIGEST_HEX_BYTES])
{
	struct digest *d = digest_new_md5();

	digest_add(d, data, len);
	digest_hex(d, hex);
	digest_free(d);
}

static void
fail(struct reply *reply, int status, const char *code)
{
	trace("s3: %d %s", status, code);
	reply->status = status;
	buf_free(&reply->body);
	(void)buf_addf(&reply->body, "<Error><Code>%s</Code></Error>", code);
}

/*
 * Does it have the announced hash?  The file may have changed during the
 * upload.
 */
static bool
is_intact(const struct arrival *a, struct reply *reply)
{
	struct digest *d = digest_new_md5();
	autofree char *md5 = NULL;

	digest_add(d, buf_str(&a->body), a->body.len);
	md5 = digest_in_base64(d);
	digest_free(d);
	if (a->md5 == NULL || strcmp(a->md5, md5) == 0)
		return true;
	fail(reply, 400, "BadDigest");
	return false;
}

/* The upload that the request names; NULL, and then the reply. */
static struct upload *
find(const char *id, struct reply *reply)
{
	struct upload *up = uploads;

	while (up && strcmp(up->id, id) != 0)
		up = up->next;
	if (up && !world.is_calm && world_chance(FAULT_PARTS, 15)) {
		trace("s3: upload %s vanishes", id);
		drop(up);
		up = NULL;
	}
	if (up == NULL)
		fail(reply, 404, "NoSuchUpload");
	return up;
}

/* Objects */

static void
put_object(const struct arrival *a, const char *key, const void *data,
    size_t len, const char *etag)
{
	server_put(100 + a->recording, key, data, len, etag);
	laws_stored(a->recording, key, data, len, 100 + a->recording);
	trace("stored: %s, %zu bytes, %s", key, len, etag);
}

static void
put(const struct arrival *a, const char *key, struct reply *reply)
{
	char etag[DIGEST_HEX_BYTES];

	if (!is_intact(a, reply))
		return;
	md5_of(buf_str(&a->body), a->body.len, etag);
	put_object(a, key, buf_str(&a->body), a->body.len, etag);
	reply->etag = xstrdup(etag);
}

static void
add_object(void *ctx, const char *path, size_t len, const char *etag)
{
	(void)buf_addf(ctx,
	    "<Contents><Key>%s</Key><Size>%zu</Size>"
	    "<ETag>&quot;%s&quot;</ETag></Contents>",
	    path + 1, len, etag);
}

static void
list(const char *prefix, struct reply *reply)
{
	if (personality.list_refusal) {
		fail(reply, 403, "AccessDenied");
		return;
	}
	(void)buf_adds(&reply->body, "<ListBucketResult>");
	server_each(prefix, add_object, &reply->body);
	(void)buf_adds(&reply->body,
	    "<IsTruncated>false</IsTruncated></ListBucketResult>");
}

/* Uploads in parts */

/* Begun long after its answer was lost, or a second time by a proxy. */
static bool
is_stray(const struct arrival *a, const char *key)
{
	if (now_ms > a->sent_ms + LOST_MS)
		return true;
	for (const struct upload *up = uploads; up; up = up->next)
		if (up->begun_ms == now_ms && strcmp(up->key, key) == 0)
			return true;
	return false;
}

static void
begin(const struct arrival *a, const char *key, struct reply *reply)
{
	struct upload *up = xcalloc(1, sizeof(*up));

	up->id = xasprintf("up%d", next_upload++);
	up->key = xstrdup(key);
	up->begun_ms = now_ms;
	up->is_stray = is_stray(a, key);
	up->next = uploads;
	uploads = up;
	(void)buf_addf(&reply->body,
	    "<InitiateMultipartUploadResult><UploadId>%s</UploadId>"
	    "</InitiateMultipartUploadResult>",
	    up->id);
}

static void
find_uploads(const char *prefix, struct reply *reply)
{
	(void)buf_adds(&reply->body, "<ListMultipartUploadsResult>");
	for (const struct upload *up = uploads; up; up = up->next)
		if (strncmp(up->key + 1, prefix, strlen(prefix)) == 0)
			(void)buf_addf(&reply->body,
			    "<Upload><Key>%s</Key><UploadId>%s</UploadId>"
			    "</Upload>",
			    up->key + 1, up->id);
	(void)buf_adds(&reply->body, "</ListMultipartUploadsResult>");
}

static void
put_part(const struct arrival *a, struct upload *up, size_t number,
    struct reply *reply)
{
	struct part *part = &up->parts[(number - 1) % PARTS];
	bool is_kept = world.is_calm || !world_chance(FAULT_PARTS, 30);

	if (!is_intact(a, reply))
		return;
	/* Noting them is not a waste. */
	if (actor_now)
		actor_now->has_achieved = true;
	md5_of(buf_str(&a->body), a->body.len, part->md5);
	reply->etag = xstrdup(part->md5);
	free(part->data);
	part->len = a->body.len;
	part->data = is_kept ? xmalloc(part->len + 1) : NULL;
	if (is_kept)
		memcpy(part->data, buf_str(&a->body), part->len);
	trace("s3: part %zu of %s%s", number, up->id,
	    is_kept ? "" : " is not kept");
}

static void
list_parts(const struct upload *up, size_t marker, struct reply *reply)
{
	size_t n = 0, i = marker;

	(void)buf_adds(&reply->body, "<ListPartsResult>");
	for (; i < PARTS && n < 20; i++)
		if (up->parts[i].data) {
			n++;
			(void)buf_addf(&reply->body,
			    "<Part><PartNumber>%zu</PartNumber><Size>%zu</Size>"
			    "<ETag>%s</ETag></Part>",
			    i + 1, up->parts[i].len, up->parts[i].md5);
		}
	(void)buf_addf(&reply->body,
	    "<IsTruncated>%s</IsTruncated></ListPartsResult>",
	    n == 20 ? "true" : "false");
}

static int
hex_digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* Are exactly the named parts there? */
static bool
join(const struct upload *up, const char *body, struct buf *whole, char **etag)
{
	autobuf struct buf md5s = { 0 };
	char hex[DIGEST_HEX_BYTES];
	size_t n = 0, have = 0;

	for (const char *at = body; (at = strstr(at, "<ETag>\"")); n++) {
		const struct part *part = &up->parts[n];

		at += 7;
		if (n == PARTS || part->data == NULL ||
		    strncmp(at, part->md5, strlen(part->md5)) != 0)
			return false;
		(void)buf_add(whole, part->data, part->len);
		for (const char *c = part->md5; *c; c += 2) {
			char byte =
			    (char)(hex_digit(c[0]) * 16 + hex_digit(c[1]));

			(void)buf_add(&md5s, &byte, 1);
		}
	}
	for (size_t i = 0; i < PARTS; i++)
		have += up->parts[i].data != NULL;
	md5_of(buf_str(&md5s), md5s.len, hex);
	*etag = xasprintf("%s-%zu", hex, n);
	return n > 0 && have == n;
}

static void
complete(const struct arrival *a, struct upload *up, struct reply *reply)
{
	autobuf struct buf whole = { 0 };
	autofree char *etag = NULL;

	if (!world.is_calm && world_chance(FAULT_PARTS, 30)) {
		fail(reply, 200, "InternalError");
	} else if (!join(up, buf_str(&a->body), &whole, &etag)) {
		fail(reply, 400, "InvalidPart");
	} else {
		put_object(a, up->key, buf_str(&whole), whole.len, etag);
		(void)buf_addf(&reply->body,
		    "<CompleteMultipartUploadResult><ETag>&quot;%s&quot;"
		    "</ETag></CompleteMultipartUploadResult>",
		    world_chance(FAULT_PARTS, 200) ? "other" : etag);
		drop(up);
	}
}

static void
act_on(const struct arrival *a, const char *id, struct reply *reply)
{
	autofree char *number = parameter(a, "partNumber");
	autofree char *marker = parameter(a, "part-number-marker");
	struct upload *up = find(id, reply);

	if (up == NULL)
		return;
	if (number) {
		put_part(a, up, strtoul(number, NULL, 10), reply);
	} else if (marker) {
		list_parts(up, strtoul(marker, NULL, 10), reply);
	} else if (strcmp(a->method, "POST") == 0) {
		complete(a, up, reply);
	} else {
		drop(up);
		reply->status = 204;
	}
}

void
s3_act(const struct arrival *a, struct reply *reply)
{
	autofree char *id = parameter(a, "uploadId");
	autofree char *prefix = parameter(a, "prefix");
	autofree char *all = parameter(a, "uploads");
	const char *path = a->url + sizeof(BUCKET) - 1;
	autofree char *key = text_percent_decode(path, strcspn(path, "?"));

	reply->type = "application/xml";
	if (id)
		act_on(a, id, reply);
	else if (prefix)
		(all ? find_uploads : list)(prefix, reply);
	else if (all)
		begin(a, key, reply);
	else
		put(a, key, reply);
}

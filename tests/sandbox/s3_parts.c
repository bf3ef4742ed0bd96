#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "s3.h"
#include "text.h"
#include "uploads.h"

#define PARTS_MAX 10000

/* The upload that the request names; NULL with the answer. */
static json_t *
upload_of(const struct request *req, struct answer *a)
{
	autofree char *id = target_query(&req->target, "uploadId");
	json_t *up = json_object_get(req->box->uploads, id != NULL ? id : "");
	const char *key = json_string_value(json_object_get(up, "key"));
	const char *bucket = json_string_value(json_object_get(up, "bucket"));

	if (key != NULL && strcmp(key, req->target.argument) == 0 &&
	    strcmp(bucket, req->target.bucket) == 0)
		return up;
	if (a != NULL)
		s3_error(a, 404, "NoSuchUpload",
		    "The specified multipart upload does not exist.");
	return NULL;
}

/* --- one by one ----------------------------------------------------------- */

/* An id with characters that have to be encoded in a URL. */
void
s3_begin(struct request *req, struct answer *a)
{
	const char *type = request_header(req, "Content-Type");
	autofree char *id = text_format("2~up+%u=", req->n);
	struct s3_xml x;

	req->record = text_must(json_pack("{s:s,s:s,s:s,s:{}}", "bucket",
	    req->target.bucket, "key", req->target.argument, "type",
	    type != NULL ? type : "binary/octet-stream", "parts"));
	s3_xml_begin(&x, "InitiateMultipartUploadResult");
	s3_xml_text(&x, "Bucket", req->target.bucket);
	s3_xml_text(&x, "Key", req->target.argument);
	s3_xml_text(&x, "UploadId", id);
	s3_xml_end(&x, "InitiateMultipartUploadResult", a);
}

void
s3_part(struct request *req, struct answer *a)
{
	autofree char *number = target_query(&req->target, "partNumber");
	long long n = number != NULL ? strtoll(number, NULL, 10) : 0;

	if (upload_of(req, a) == NULL)
		return;
	if (n < 1 || n > PARTS_MAX) {
		s3_error(a, 400, "InvalidArgument",
		    "Part number must be an integer between 1 and 10000, "
		    "inclusive");
		return;
	}
	answer_text(a, 200, "application/xml", "", 0);
	a->headers = text_format("ETag: \"%s\"", req->upload->md5);
}

static int
by_number(const void *a, const void *b)
{
	long long x = strtoll(*(const char *const *)a, NULL, 10);
	long long y = strtoll(*(const char *const *)b, NULL, 10);

	return (x > y) - (x < y);
}

/* The keys of an object, in order; the caller frees the list. */
static const char **
keys_of(json_t *object, size_t *n, int (*order)(const void *, const void *))
{
	const char **keys =
	    text_must(calloc(json_object_size(object) + 1, sizeof(*keys)));
	const char *key;
	json_t *value;

	*n = 0;
	json_object_foreach(object, key, value) keys[(*n)++] = key;
	qsort(keys, *n, sizeof(*keys), order);
	return keys;
}

static void
print_part(struct s3_xml *x, const char *number, const json_t *part)
{
	autofree char *etag = text_format("\"%s\"",
	    json_string_value(json_object_get(part, "etag")));

	s3_xml_open(x, "Part");
	s3_xml_text(x, "PartNumber", number);
	s3_xml_text(x, "LastModified", "2026-01-05T14:30:22.000Z");
	s3_xml_text(x, "ETag", etag);
	s3_xml_number(x, "Size",
	    json_integer_value(json_object_get(part, "size")));
	s3_xml_close(x, "Part");
}

void
s3_parts(struct request *req, struct answer *a)
{
	json_t *up = upload_of(req, a);
	json_t *parts = json_object_get(up, "parts");
	autofree char *marker =
	    target_query(&req->target, "part-number-marker");
	long long after = marker != NULL ? strtoll(marker, NULL, 10) : 0;
	size_t n, first = 0, end;
	autofree const char **keys = keys_of(parts, &n, by_number);
	struct s3_xml x;

	if (up == NULL)
		return;
	while (first < n && strtoll(keys[first], NULL, 10) <= after)
		first++;
	end = s3_page_end(req, "max-parts", first, n);
	s3_xml_begin(&x, "ListPartsResult");
	s3_xml_text(&x, "Bucket", req->target.bucket);
	s3_xml_text(&x, "Key", req->target.argument);
	s3_xml_text(&x, "IsTruncated", end < n ? "true" : "false");
	if (end > first)
		s3_xml_text(&x, "NextPartNumberMarker", keys[end - 1]);
	for (size_t i = first; i < end; i++)
		print_part(&x, keys[i], json_object_get(parts, keys[i]));
	s3_xml_end(&x, "ListPartsResult", a);
}

void
s3_abort(struct request *req, struct answer *a)
{
	if (upload_of(req, a) != NULL)
		answer_text(a, 204, "application/xml", "", 0);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
print_upload(struct s3_xml *x, const char *key, const char *id)
{
	s3_xml_open(x, "Upload");
	s3_xml_text(x, "Key", key);
	s3_xml_text(x, "UploadId", id);
	s3_xml_text(x, "Initiated", "2026-01-05T14:30:22.000Z");
	s3_xml_close(x, "Upload");
}

/* In the order of ids, not keys: here, a key has at most one upload. */
void
s3_uploads(struct request *req, struct answer *a)
{
	autofree char *prefix = target_query(&req->target, "prefix");
	autofree char *marker = target_query(&req->target, "upload-id-marker");
	size_t n, first = 0, end;
	autofree const char **ids = keys_of(req->box->uploads, &n, by_name);
	struct s3_xml x;

	while (marker != NULL && first < n && strcmp(ids[first], marker) <= 0)
		first++;
	end = s3_page_end(req, "max-uploads", first, n);
	s3_xml_begin(&x, "ListMultipartUploadsResult");
	s3_xml_text(&x, "Bucket", req->target.bucket);
	s3_xml_text(&x, "IsTruncated", end < n ? "true" : "false");
	for (size_t i = first; i < end; i++) {
		const json_t *up = json_object_get(req->box->uploads, ids[i]);
		const char *key = json_string_value(json_object_get(up, "key"));

		if (i + 1 == end) {
			s3_xml_text(&x, "NextKeyMarker", key);
			s3_xml_text(&x, "NextUploadIdMarker", ids[i]);
		}
		if (strcmp(json_string_value(json_object_get(up, "bucket")),
			req->target.bucket) == 0 &&
		    strncmp(key, prefix ? prefix : "",
			strlen(prefix ? prefix : "")) == 0)
			print_upload(&x, key, ids[i]);
	}
	s3_xml_end(&x, "ListMultipartUploadsResult", a);
}

/* --- complete ------------------------------------------------------------- */

struct completion {
	struct request *req;
	const char *id;
	json_t *parts;
	long long last;
	bool was_small;
	EVP_MD_CTX *md5; /* of the parts' MD5s */
	size_t n;
};

char *
s3_element(const char *from, const char *end, const char *name)
{
	autofree char *open = text_format("<%s>", name);
	const char *at = strstr(from, open);
	char *text, *to;

	if (at == NULL || at > end)
		return NULL;
	at += strlen(open);
	text = to = text_copy(at, strcspn(at, "<"));
	for (const char *s = text; *s != '\0'; s++) {
		if (strncmp(s, "&quot;", 6) == 0)
			s += 5;
		else if (strncmp(s, "&#34;", 5) == 0)
			s += 4;
		else if (*s != '"')
			*to++ = *s;
	}
	*to = '\0';
	return text;
}

static void
md5_add(EVP_MD_CTX *md5, const char *hex)
{
	for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
		const char two[] = { hex[0], hex[1], '\0' };
		unsigned char byte = (unsigned char)strtoul(two, NULL, 16);

		EVP_DigestUpdate(md5, &byte, 1);
	}
}

/* Take one part; NULL, or the code of the problem. */
static const char *
take(struct completion *c, const char *from, const char *end)
{
	autofree char *number = s3_element(from, end, "PartNumber");
	autofree char *etag = s3_element(from, end, "ETag");
	const json_t *part =
	    json_object_get(c->parts, number != NULL ? number : "");
	long long n = number != NULL ? strtoll(number, NULL, 10) : 0;

	if (number == NULL || etag == NULL)
		return "MalformedXML";
	if (n <= c->last)
		return "InvalidPartOrder";
	if (part == NULL ||
	    strcmp(json_string_value(json_object_get(part, "etag")), etag) != 0)
		return "InvalidPart";
	if (c->was_small)
		return "EntityTooSmall";
	c->last = n;
	c->was_small = json_integer_value(json_object_get(part, "size")) <
	    c->req->box->set.s3_part_min;
	md5_add(c->md5, etag);
	uploads_append(c->id, number, c->req->upload);
	c->n++;
	return NULL;
}

static const char *
take_all(struct completion *c)
{
	const char *at = c->req->body;
	const char *problem = NULL;

	while (problem == NULL && (at = strstr(at, "<Part>")) != NULL) {
		const char *end = strstr(at, "</Part>");

		if (end == NULL)
			return "MalformedXML";
		problem = take(c, at, end);
		at = end;
	}
	return problem == NULL && c->n == 0 ? "MalformedXML" : problem;
}

static void
answer_completed(struct completion *c, const char *type, struct answer *a)
{
	struct request *req = c->req;
	unsigned char digest[EVP_MAX_MD_SIZE];
	char hex[33];
	autofree char *etag = NULL, *quoted = NULL;
	struct s3_xml x;

	EVP_DigestFinal_ex(c->md5, digest, NULL);
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	etag = text_format("%s-%zu", hex, c->n);
	quoted = text_format("\"%s\"", etag);
	free(req->upload->type);
	req->upload->type = text_copy(type, strlen(type));
	upload_end(req->upload);
	req->record = s3_record(req, req->upload, etag);
	s3_xml_begin(&x, "CompleteMultipartUploadResult");
	s3_xml_text(&x, "Bucket", req->target.bucket);
	s3_xml_text(&x, "Key", req->target.argument);
	s3_xml_text(&x, "ETag", quoted);
	s3_xml_end(&x, "CompleteMultipartUploadResult", a);
}

void
s3_complete(struct request *req, struct answer *a)
{
	autofree char *id = target_query(&req->target, "uploadId");
	json_t *up = upload_of(req, a);
	struct completion c = { .req = req, .id = id };
	const char *problem;

	if (up == NULL)
		return;
	c.parts = json_object_get(up, "parts");
	c.md5 = text_must(EVP_MD_CTX_new());
	EVP_DigestInit_ex(c.md5, EVP_md5(), NULL);
	req->upload = upload_begin_raw(req->n, req->target.argument, NULL,
	    req->box->set.keep_bytes);
	problem = take_all(&c);
	if (problem != NULL)
		s3_error(a, 400, problem, "the parts do not fit");
	else
		answer_completed(&c,
		    json_string_value(json_object_get(up, "type")), a);
	EVP_MD_CTX_free(c.md5);
}

/* --- doing what the answers say ------------------------------------------- */

static void
apply_part(struct request *req)
{
	autofree char *id = target_query(&req->target, "uploadId");
	autofree char *number = target_query(&req->target, "partNumber");
	autofree char *plain = text_format("%lld", strtoll(number, NULL, 10));

	uploads_add_part(req->box, id, plain, req->upload, req->upload->md5);
}

void
s3_apply_parts(struct request *req)
{
	autofree char *id = text_format("2~up+%u=", req->n);
	autofree char *named = target_query(&req->target, "uploadId");

	switch (req->target.stage) {
	case STAGE_BEGIN:
		uploads_add(req->box, id, req->record);
		break;
	case STAGE_PART:
		apply_part(req);
		break;
	case STAGE_COMPLETE:
	case STAGE_ABORT:
		uploads_remove(req->box, named);
		break;
	default:
		break;
	}
}

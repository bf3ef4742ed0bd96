#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/digest.h"
#include "remote/request.h"
#include "remote/s3_internal.h"
#include "remote/s3_sign.h"

enum { MIB = 1024 * 1024 };

/*
 * The configured size, or larger, in whole MiB, if that would exceed 10,000
 * parts.
 */
static int64_t
part_bytes(const struct destination_policy *policy, int64_t size)
{
	int64_t bytes = policy->s3.part_bytes;

	if (size <= bytes)
		return 0;
	if ((size - 1) / bytes < PARTS_MOST)
		return bytes;
	return ((size - 1) / PARTS_MOST / MIB + 1) * MIB;
}

static char *
part_url(const struct destination_policy *policy, const struct part_call *call,
    const char **method)
{
	autofree char *number = xasprintf("%zu", call->number);
	const char *const parameters[][9] = {
		[PART_FIND] = { "uploads", "", "prefix", call->key + 1,
		    call->after_key ? "key-marker" : NULL, call->after_key,
		    call->after_id ? "upload-id-marker" : NULL,
		    call->after_id },
		[PART_BEGIN] = { "uploads", "" },
		[PART_LIST] = { "uploadId", call->id, "part-number-marker",
		    number },
		[PART_PUT] = { "uploadId", call->id, "partNumber", number },
		[PART_COMPLETE] = { "uploadId", call->id },
		[PART_ABORT] = { "uploadId", call->id },
	};
	static const char *const methods[] = {
		[PART_FIND] = "GET",
		[PART_BEGIN] = "POST",
		[PART_LIST] = "GET",
		[PART_PUT] = "PUT",
		[PART_COMPLETE] = "POST",
		[PART_ABORT] = "DELETE",
	};
	autofree char *query = s3_query(parameters[call->step]);

	*method = methods[call->step];
	return s3_url(&policy->s3, call->step == PART_FIND ? "" : call->key,
	    query);
}

/* An ETag comes from the server and may contain anything. */
static char *
list_of(const char *const *etags, size_t n)
{
	static const char *const
	    entities[] = { ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;" };
	struct buf body = { 0 };

	(void)buf_adds(&body, "<CompleteMultipartUpload>");
	for (size_t i = 0; i < n; i++) {
		(void)buf_addf(&body,
		    "<Part><PartNumber>%zu</PartNumber><ETag>\"", i + 1);
		for (const char *c = etags[i]; *c; c++)
			if (strchr("&<>", *c))
				(void)buf_adds(&body, entities[(int)*c]);
			else
				(void)buf_add(&body, c, 1);
		(void)buf_adds(&body, "\"</ETag></Part>");
	}
	(void)buf_adds(&body, "</CompleteMultipartUpload>");
	return body.data;
}

static char *
part_body(const struct part_call *call, const char **type)
{
	*type = call->step == PART_COMPLETE ? "application/xml" : call->type;
	return call->step == PART_COMPLETE ? list_of(call->etags, call->n)
	    : call->step == PART_BEGIN     ? xstrdup("")
					   : NULL;
}

static char *
key_of(const struct progress *p, const struct remote_name *name)
{
	(void)p;
	return xstrdup(name->path);
}

static bool
continues(const char *begun, const char *key)
{
	return strcmp(begun, key) == 0;
}

static char *
whole_id(const unsigned char (*md5s)[PART_MD5_BYTES], size_t n,
    const char *path)
{
	struct digest *d = digest_new_md5();
	char hex[DIGEST_HEX_BYTES];

	digest_add(d, md5s, n * PART_MD5_BYTES);
	digest_hex(d, hex);
	digest_free(d);
	return xasprintf("%s-%zu%s", hex, n, path);
}

/* Answers */

struct reader {
	const char *root;
	const struct http_answer *answer;
	void (*found)(void *ctx, const struct part_record *);
	void *ctx;
	struct part_record record;
	char *next_key, *next_id;
	bool is_whole, is_cut;
};

static void
forget(struct part_record *record)
{
	free(record->path);
	free(record->id);
	free(record->etag);
	*record = (struct part_record){ 0 };
}

/* 0: invalid. */
static int64_t
part_size(const char *text)
{
	int64_t size = strtoll(text, NULL, 10);

	return size < 0 || size > S3_MOST_PART ? 0 : size;
}

/*
 * A text with one of our secrets must not reach the journal, and proves
 * nothing.
 */
static void
take(struct reader *r, const char *name, const char *text)
{
	struct part_record *record = &r->record;
	bool is_secret = http_has_secret(r->answer, text);

	if (strcmp(name, "Key") == 0) {
		free(record->path);
		record->path = xasprintf("/%s", text);
	} else if (strcmp(name, "UploadId") == 0) {
		mem_replace(&record->id, is_secret ? NULL : text);
	} else if (strcmp(name, "ETag") == 0) {
		free(record->etag);
		record->etag = is_secret ? NULL : s3_etag(text);
	} else if (strcmp(name, "PartNumber") == 0) {
		record->number = strtoul(text, NULL, 10);
	} else if (strcmp(name, "Size") == 0) {
		record->size = part_size(text);
	} else if (strcmp(name, "NextKeyMarker") == 0) {
		mem_replace(&r->next_key, text);
	} else if (strcmp(name, "NextUploadIdMarker") == 0) {
		mem_replace(&r->next_id, text);
	} else if (strcmp(name, "IsTruncated") == 0) {
		r->is_cut = strcmp(text, "true") == 0;
	}
}

static void
on_element(void *ctx, const char *path, const char *text)
{
	struct reader *r = ctx;
	size_t len = strlen(r->root);

	if (strncmp(path, r->root, len) != 0)
		return;
	path += len;
	if (*path != '\0' && *path != '/')
		return;
	r->is_whole |= *path == '\0';
	if (*path == '\0' || strcmp(path, "/Part") == 0 ||
	    strcmp(path, "/Upload") == 0) {
		if (*path == '\0' && r->is_cut) {
			r->record.next_key = r->next_key;
			r->record.next_id = r->next_id;
		}
		r->found(r->ctx, &r->record);
		forget(&r->record);
	} else {
		take(r, strrchr(path, '/') + 1, text);
	}
}

static bool
read_answer(struct reader *r, struct err *e)
{
	bool is_read = s3_read(r->answer, on_element, r, e);

	forget(&r->record);
	free(r->next_key);
	free(r->next_id);
	return is_read && r->is_whole;
}

/* "Error Responses" in the Amazon S3 API reference. */
static enum part_outcome
failed(enum part_step step, const struct http_answer *answer, struct err *e)
{
	static const struct {
		const char *code;
		enum part_outcome outcome;
	} rows[] = {
		{ "NoSuchUpload", PART_GONE },
		{ "NoSuchKey", PART_GONE }, /* as Ceph says it */
		{ "InvalidArgument", PART_MANY },
		{ "InvalidPart", PART_BAD },
		{ "InvalidPartOrder", PART_BAD },
		{ "AccessDenied", PART_REFUSED },
		{ "MethodNotAllowed", PART_REFUSED },
		{ "NotImplemented", PART_REFUSED },
	};
	autofree char *code = s3_error(answer, e);
	enum part_outcome outcome = PART_FAILED;

	for (size_t i = 0; code && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(code, rows[i].code) == 0)
			outcome = rows[i].outcome;
	/* A new upload can be begun. */
	if (outcome == PART_GONE)
		e->class = ERR_TEMPORARY;
	if (outcome != PART_MANY)
		return outcome;
	if (step != PART_PUT)
		return PART_FAILED;
	/* The server has its own limit for the number of parts. */
	e->class = ERR_CONFIG;
	(void)err_hint(e, "fix s3-part-size");
	return outcome;
}

static enum part_outcome
not_understood(const struct http_answer *answer, struct err *e)
{
	(void)request_not_understood(answer, "is not an answer of S3", e);
	(void)err_wrap(e, "%s", answer->what);
	e->class = ERR_TEMPORARY;
	return PART_FAILED;
}

static enum part_outcome
judge(const struct destination_policy *policy, const struct part_call *call,
    const struct http_answer *answer,
    void (*found)(void *ctx, const struct part_record *), void *ctx,
    struct err *e)
{
	static const char *const roots[] = {
		[PART_FIND] = "ListMultipartUploadsResult",
		[PART_BEGIN] = "InitiateMultipartUploadResult",
		[PART_LIST] = "ListPartsResult",
		[PART_COMPLETE] = "CompleteMultipartUploadResult",
		[PART_ABORT] = NULL,
	};
	enum part_step step = call->step;
	struct reader r = {
		.root = roots[step],
		.answer = answer,
		.found = found,
		.ctx = ctx,
	};
	autofree char *etag = answer->etag ? s3_etag(answer->etag) : NULL;

	(void)policy;
	*e = answer->err;
	if (answer->outcome != HTTP_ANSWERED)
		return failed(step, answer, e);
	if (step == PART_PUT && etag) {
		found(ctx, &(struct part_record){ .etag = etag });
		return PART_DONE;
	}
	if (step == PART_ABORT || (r.root && read_answer(&r, e)))
		return r.is_cut ? PART_MORE : PART_DONE;
	(void)not_understood(answer, e);
	return failed(step, answer, e);
}

static bool
is_placed_early(const struct destination_policy *policy)
{
	return strstr(policy->s3.key, "{meeting}") == NULL &&
	    strstr(policy->s3.key, "{tenant}") == NULL;
}

const struct part_ops s3_parts = {
	.finds = true,
	.bytes = part_bytes,
	.key = key_of,
	.continues = continues,
	.is_placed_early = is_placed_early,
	.url = part_url,
	.body = part_body,
	.judge = judge,
	.whole = whole_id,
};

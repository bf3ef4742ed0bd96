/*
 * What S3 answers to an upload in parts, and what completes one with the ETags
 * that it named.  The first byte says which request it was, and how it ended.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/xml.h"

static const char *const roots[] = {
	[PART_FIND] = "ListMultipartUploadsResult",
	[PART_BEGIN] = "InitiateMultipartUploadResult",
	[PART_LIST] = "ListPartsResult",
	[PART_PUT] = "",
	[PART_COMPLETE] = "CompleteMultipartUploadResult",
	[PART_ABORT] = "",
};

static void
found(void *ctx, const struct part_record *record)
{
	must(record->path == NULL || *record->path == '/');
	must(record->etag == NULL || !strchr(record->etag, '"'));
	if (record->etag)
		text_list_add(ctx, record->etag);
}

static void
note_etag(void *ctx, const char *path, const char *text)
{
	if (strcmp(path, "CompleteMultipartUpload/Part/ETag") == 0)
		text_list_add(ctx, text);
}

/* What is sent is XML, and names them as the server did. */
static void
check_body(const struct text_list *etags)
{
	const struct part_call call = {
		.step = PART_COMPLETE,
		.etags = (const char *const *)etags->items,
		.n = etags->n,
	};
	const char *type;
	autofree char *body = s3.parts->body(&call, &type);
	struct text_list sent = { 0 };
	struct err e;
	struct xml *xml = xml_open(note_etag, &sent, &e);

	must(xml && xml_add(xml, body, strlen(body), &e) == 0);
	must(xml_end(xml, &e) == 0);
	must(sent.n == etags->n);
	for (size_t i = 0; i < sent.n; i++) {
		autofree char *quoted = xasprintf("\"%s\"", etags->items[i]);

		must(strcmp(sent.items[i], quoted) == 0 ||
		    text_has_control(quoted));
	}
	xml_free(xml);
	text_list_free(&sent);
}

/* An error inside a 200 is none of these; a failure has a text. */
static void
check_outcome(enum part_step step, const struct http_answer *answer,
    enum part_outcome outcome, const struct err *e)
{
	const struct buf *body = &answer->body;
	const char *root = roots[step];

	if (outcome <= PART_MORE) {
		must(answer->outcome == HTTP_ANSWERED);
		must(step == PART_ABORT ||
		    memmem(body->data, body->len, root, strlen(root)));
		return;
	}
	must(outcome <= PART_FAILED);
	must(e->class > ERR_NONE && e->class < ERR_CLASSES && *e->text);
	must(strncmp(e->text, "S3: ", 4) == 0);
	must(outcome != PART_GONE || e->class == ERR_TEMPORARY);
	must(outcome != PART_MANY ||
	    (step == PART_PUT && e->class == ERR_CONFIG));
}

static void
run(const char *data, size_t len)
{
	static const struct text_list no_headers;
	static const struct http_request request = { .headers = &no_headers };
	struct fuzz_input in = { data, len };
	unsigned kind = fuzz_byte(&in);
	enum part_step step = kind % 6;
	bool is_2xx = kind / 6 % 2 == 0;
	struct http_answer answer = {
		.outcome = is_2xx ? HTTP_ANSWERED : HTTP_NOT_DONE,
		.status = is_2xx ? 200 : 400,
		.request = &request,
		.content_type = (char *)"application/xml",
		.what = (char *)"S3",
	};
	struct text_list etags = { 0 };
	struct err e = { 0 };

	(void)fuzz_bucket_policy();
	if (!is_2xx)
		(void)err_set(&answer.err, ERR_PERMANENT, "S3: HTTP 400");
	(void)buf_add(&answer.body, in.data, in.len);
	check_outcome(step, &answer,
	    s3.parts->judge(NULL, &(const struct part_call){ .step = step },
		&answer, found, &etags, &e),
	    &e);
	check_body(&etags);
	text_list_free(&etags);
	buf_free(&answer.body);
}

const struct fuzz_target fuzz_parts = { "parts", run };

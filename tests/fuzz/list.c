/*
 * What the file-service answers: a list, in pieces as they come, and the
 * record of an upload.
 */
#include "fuzz.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "remote/filestore.h"

enum { SIZE = 4711 };

struct result {
	struct buf records;
	size_t n;
	int rc;
	struct err e;
};

static void
on_found(void *ctx, const struct remote_file *file)
{
	struct result *r = ctx;

	must(file->path[0] == '/');
	must(file->id == NULL || fuzz_is_plain_id(file->id));
	(void)buf_addf(&r->records, "%s|%s|%" PRId64 "\n", file->path,
	    file->id ? file->id : "", file->size);
	r->n++;
}

/* Read it in pieces of up to so many bytes, as the transfer would. */
static void
read_list(struct result *r, const char *data, size_t len, size_t piece)
{
	static const struct filestore_policy policy = {
		.url = (char *)"http://s"
	};
	static const struct text_list no_headers;
	const struct http_answer answer = { .outcome = HTTP_ANSWERED,
		.status = 200,
		.what = (char *)"GET" };
	struct listing l = { .found = on_found, .ctx = r };

	*r = (struct result){ 0 };
	listing_prepare(&l, &policy, "1", &no_headers);
	for (size_t i = 0; r->rc == 0 && i < len; i += piece)
		r->rc = l.request.sink(l.request.sink_ctx, data + i,
		    len - i < piece ? len - i : piece, &r->e);
	if (r->rc == 0)
		r->rc = listing_end(&l, &answer, &r->e);
	must(r->rc == 0 || r->e.class == ERR_TEMPORARY);
	listing_free(&l);
}

/* What a parser of the whole makes of it. */
static void
check_whole(const struct result *r, const char *data, size_t len)
{
	json_t *whole = json_loadb(data, len, 0, NULL);
	bool is_list = json_is_array(whole);
	size_t i, paths = 0;
	json_t *item;

	json_array_foreach(whole, i, item)
	{
		is_list = is_list && json_is_object(item);
		paths += json_is_string(json_object_get(item, "path"));
	}
	must((r->rc == 0) == is_list);
	must(!is_list || r->n == paths);
	json_decref(whole);
}

static void
check_record(const char *data, size_t len)
{
	struct http_answer answer = { .outcome = HTTP_ANSWERED,
		.status = 201,
		.content_type = (char *)"application/json",
		.what = (char *)"POST" };
	autofree char *id = NULL;
	struct err e = { 0 };
	enum upload_outcome outcome;
	json_t *whole = json_loadb(data, len, 0, NULL);
	const json_t *size = json_object_get(whole, "size");

	(void)buf_add(&answer.body, data, len);
	outcome = filestore_judge_upload(&answer, SIZE, &id, &e);
	must(outcome != UPLOAD_NOT_STORED);
	must((outcome == UPLOAD_STORED) == (id != NULL));
	must(id == NULL || (fuzz_is_plain_id(id) && json_is_object(whole)));
	must(id == NULL || size == NULL || json_is_null(size) ||
	    json_integer_value(size) == SIZE);
	must(id != NULL || e.class != ERR_NONE);
	json_decref(whole);
	buf_free(&answer.body);
}

static void
run(const char *data, size_t len)
{
	struct fuzz_input in = { data, len };
	size_t piece = fuzz_byte(&in) + 1;
	struct result whole, pieces;

	read_list(&whole, in.data, in.len, in.len + 1);
	read_list(&pieces, in.data, in.len, piece);
	must(whole.rc == pieces.rc && whole.n == pieces.n);
	must(strcmp(buf_str(&whole.records), buf_str(&pieces.records)) == 0);
	must(strcmp(whole.e.text, pieces.e.text) == 0);
	check_whole(&whole, in.data, in.len);
	check_record(in.data, in.len);
	buf_free(&whole.records);
	buf_free(&pieces.records);
}

const struct fuzz_target fuzz_list = { "list", run };

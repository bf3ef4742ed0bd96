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
#include "remote/inventory.h"

enum { SIZE = 4711 };

struct result {
	struct buf records;
	size_t n;
	int rc;
	struct err e;
};

static const char prefix[] = "/r/s/";

static void
add_record(struct result *r, const struct inventory *inv,
    const struct remote_record *record)
{
	size_t n;

	must(strncmp(record->path, prefix, strlen(prefix)) == 0);
	must(record->id == NULL || !text_has_control(record->id));
	must(inventory_find(inv, record->path, &n) != NULL && n > 0);
	must(record->id == NULL ||
	    strcmp(inventory_find_id(inv, record->id)->id, record->id) == 0);
	must(inventory_has(inv, NULL, record->path, record->size, NULL));
	(void)buf_addf(&r->records, "%s|%s|%" PRId64 "\n", record->path,
	    record->id ? record->id : "", record->size);
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
	const struct progress p = { .room = (char *)"r",
		.session = (char *)"s",
		.meeting_id = (char *)"1" };
	struct inventory inv = { 0 };

	*r = (struct result){ 0 };
	inventory_begin(&inv, &policy, &p, &no_headers);
	for (size_t i = 0; r->rc == 0 && i < len; i += piece)
		r->rc = inv.request.sink(inv.request.sink_ctx, data + i,
		    len - i < piece ? len - i : piece, &r->e);
	if (r->rc == 0)
		r->rc = inventory_end(&inv, &answer, &r->e);
	must(r->rc == 0 || r->e.class == ERR_TEMPORARY);
	for (size_t i = 0; r->rc == 0 && i < inv.n; i++)
		add_record(r, &inv, &inv.records[i]);
	inventory_free(&inv);
}

static bool
is_ours(const char *path)
{
	return path &&
	    strncmp(path, prefix + (*path == '/' ? 0 : 1),
		strlen(prefix) - (*path == '/' ? 0 : 1)) == 0;
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
		paths += is_ours(json_member_string(item, "path"));
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
	autofree char *path = NULL;
	struct err e = { 0 };
	enum upload_outcome outcome;
	json_t *whole = json_loadb(data, len, 0, NULL);

	(void)buf_add(&answer.body, data, len);
	outcome = filestore_judge_upload(&answer, SIZE, &id, &path, &e);
	must(outcome != UPLOAD_NOT_STORED);
	must((outcome == UPLOAD_STORED) == (id != NULL));
	must(id == NULL || (!text_has_control(id) && json_is_object(whole)));
	must(id == NULL || json_member_number(whole, "size", SIZE) == SIZE);
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

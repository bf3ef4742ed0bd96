/*
 * What the file-service answers: a list, in pieces as they come, and the
 * record of an upload.
 */
#include "fuzz.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/json_stream.h"
#include "remote/page.h"

enum { SIZE = 4711 };

/* Each record is found once. */
static void
check_found(const struct inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++) {
		const struct remote_record *record = &inv->records[i];
		struct remote_record *found =
		    inventory_has(inv, NULL, record->path, record->size, NULL);

		must(found);
		found->is_claimed = false;
		must(record->id == NULL || fuzz_is_id(record->id));
	}
}

/* As a parser of the whole reads it: bad elements do not make a bad list. */
static void
check_whole(const struct fuzz_list *l, const char *data, size_t len)
{
	json_t *whole = json_loadb(data, len, 0, NULL);
	size_t i, paths = 0, bad = 0;
	bool is_understood = json_array_size(whole) == 0;
	json_t *item;

	json_array_foreach(whole, i, item)
	{
		const char *path =
		    json_member_string(json_attributes(item), "path");
		autofree char *id = json_id(json_object_get(item, "id"));

		is_understood |= path || id;
		bad += !json_is_object(item);
		paths += path && strcasestr(path, "s");
	}
	must(!json_is_array(whole) || bad > 1000 || !is_understood ||
	    (l->rc == 0 && l->inv.n == paths));
	json_decref(whole);
}

/* A link leads to the same server or nowhere. */
static void
check_link(const char *data, size_t len)
{
	autofree char *link = xstrndup(data, len);
	const struct http_answer answer = {
		.status = 200,
		.link = link,
		.total = -1,
	};
	struct page page = { .count = 1 };
	autofree char *next = NULL;
	struct err e = { 0 };
	int rc = page_next(&page, "http://s/a?b", &answer, NULL, &next, &e);

	must(rc == 0 || (rc == -1 && e.class == ERR_CONFIG && !next));
	must(!next || strncmp(next, "http://s/", 9) == 0);
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
	enum put_outcome outcome;

	(void)buf_add(&answer.body, data, len);
	outcome = file_service.judge(&answer, NULL, SIZE, &id, &path, &e);
	must(outcome != PUT_NOT_STORED);
	must((outcome == PUT_STORED) == (id != NULL));
	must(id == NULL || fuzz_is_id(id));
	must(id != NULL || e.class != ERR_NONE);
	buf_free(&answer.body);
}

static void
run(const char *data, size_t len)
{
	static const struct destination_policy policy = { .ops = &file_service,
		.file = { .url = (char *)"http://s" } };
	struct fuzz_input in = { data, len };
	size_t piece = fuzz_byte(&in) + 1;
	struct fuzz_list list;

	fuzz_list_same(&list, &policy, in.data, in.len, piece);
	if (list.rc == 0)
		check_found(&list.inv);
	check_whole(&list, in.data, in.len);
	check_record(in.data, in.len);
	check_link(in.data, in.len);
	fuzz_list_free(&list);
}

const struct fuzz_target fuzz_list = { "list", run };

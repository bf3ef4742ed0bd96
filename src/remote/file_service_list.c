#include <stdlib.h>

#include "base/mem.h"
#include "io/json_stream.h"
#include "remote/file_service_internal.h"
#include "remote/page.h"

struct reader {
	struct json_stream stream;
	struct page page;   /* of a list with several */
	bool is_understood; /* at least one element */
	struct inventory *inventory;
};

static int
on_record(void *ctx, const json_t *json, struct err *e)
{
	struct reader *r = ctx;
	const json_t *attributes = json_attributes(json);
	const char *path = json_member_string(attributes, "path");
	autofree char *id = json_id(json_object_get(json, "id"));
	autofree char *rooted = path == NULL
	    ? xstrdup("")
	    : xasprintf("%s%s", *path == '/' ? "" : "/", path);

	(void)e;
	r->is_understood |= path != NULL || id != NULL;
	inventory_add(r->inventory, rooted, id,
	    json_member_number(attributes, "size", -1));
	return 0;
}

static void
forget(struct reader *r)
{
	buf_free(&r->stream.pending);
	buf_free(&r->stream.around);
}

void
file_service_page_open(struct inventory *inv)
{
	struct reader *r = inv->reader;

	if (r == NULL)
		r = inv->reader = xcalloc(1, sizeof(*r));
	forget(r);
	r->inventory = inv;
	r->stream = (struct json_stream){ .element = on_record, .ctx = r };
}

int
file_service_page_add(struct inventory *inv, const char *data, size_t len,
    struct err *e)
{
	struct reader *r = inv->reader;

	return json_stream_feed(&r->stream, data, len, e);
}

static void
forget_secrets(struct inventory *inv, const struct http_answer *answer)
{
	for (size_t i = inv->n_before; i < inv->n; i++) {
		char **id = &inv->records[i].id;

		if (*id && http_has_secret(answer, *id))
			mem_replace(id, NULL);
	}
}

int
file_service_page_end(struct inventory *inv, const struct http_answer *answer,
    char **next, struct err *e)
{
	struct reader *r = inv->reader;
	autojson json_t *around = json_stream_end(&r->stream, e);

	r->page.count++;
	r->page.elements += (int64_t)r->stream.elements;
	r->page.print = r->stream.print;
	forget_secrets(inv, answer);
	if (around == NULL ||
	    page_next(&r->page, inv->url, answer, around, next, e) == -1)
		return -1;
	inv->is_renaming |= r->stream.skipped > 0;
	if (*next == NULL && r->page.elements > 0 && !r->is_understood)
		return err_set(e, ERR_CONFIG,
		    "has no record with a path or an id");
	return 0;
}

void
file_service_page_close(struct inventory *inv)
{
	if (inv->reader)
		forget(inv->reader);
	free(inv->reader);
	inv->reader = NULL;
}

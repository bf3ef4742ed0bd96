#include <stdlib.h>

#include "base/mem.h"
#include "io/json_stream.h"
#include "remote/file_service_internal.h"

static int
on_record(void *ctx, const json_t *json, struct err *e)
{
	struct inventory *inv = ctx;
	const json_t *attributes = json_attributes(json);
	const char *path = json_member_string(attributes, "path");
	autofree char *id = json_id(json_object_get(json, "id"));
	autofree char *rooted = path == NULL
	    ? xstrdup("")
	    : xasprintf("%s%s", *path == '/' ? "" : "/", path);

	(void)e;
	inv->page.is_understood |= path != NULL || id != NULL;
	inventory_add(inv, rooted, id,
	    json_member_number(attributes, "size", -1));
	return 0;
}

static struct json_stream *
stream_of(struct inventory *inv)
{
	struct json_stream *s = inv->reader;

	if (s == NULL) {
		inv->reader = s = xcalloc(1, sizeof(*s));
		s->element = on_record;
		s->ctx = inv;
	}
	return s;
}

int
file_service_page_add(struct inventory *inv, const char *data, size_t len,
    struct err *e)
{
	return json_stream_feed(stream_of(inv), data, len, e);
}

int
file_service_page_end(struct inventory *inv, const struct http_answer *answer,
    char **next, struct err *e)
{
	struct json_stream *s = stream_of(inv);
	struct page *page = &inv->page;
	autojson json_t *around = json_stream_end(s, e);

	/* A page that was cut short is read again. */
	if (around == NULL)
		return -1;
	page->count++;
	page->elements += (int64_t)s->elements;
	page->print = s->print;
	if (page_next(page, inv->url, answer, around, next, e) == -1)
		return -1;
	inv->is_renaming |= s->skipped > 0;
	if (*next == NULL && page->elements > 0 && !page->is_understood)
		return err_set(e, ERR_CONFIG,
		    "has no record with a path or an id");
	return 0;
}

void
file_service_page_close(struct inventory *inv)
{
	struct json_stream *s = inv->reader;

	if (s) {
		buf_free(&s->pending);
		buf_free(&s->around);
	}
	free(s);
	inv->reader = NULL;
}

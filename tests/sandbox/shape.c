#include "shape.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

/* The real id follows. */
#define ODD_ID "f:1+2.0 \xc3\xa9?&="

bool
shape_has(const struct sandbox *box, const char *word)
{
	const char *at = box->set.shape;
	size_t n = strlen(word);

	for (; at != NULL && *at != '\0'; at += strcspn(at, ",")) {
		at += *at == ',';
		if (strncmp(at, word, n) == 0 && strchr(",", at[n]) != NULL)
			return true;
	}
	return false;
}

const char *
shape_id(const struct sandbox *box, const char *id)
{
	size_t n = shape_has(box, "odd-ids") ? strlen(ODD_ID) : 0;

	return strncmp(id, ODD_ID, n) == 0 ? id + n : "";
}

static json_t *
number(const struct sandbox *box, json_int_t n)
{
	autofree char *text = text_format("%lld", (long long)n);

	if (shape_has(box, "floats"))
		return json_real((double)n);
	return shape_has(box, "strings") ? json_string(text) : json_integer(n);
}

/* All members of a file's record except the id go into attributes. */
static void
attributes_shape(json_t *record)
{
	json_t *attributes = json_copy(record);
	json_t *id = json_incref(json_object_get(record, "id"));

	json_object_del(attributes, "id");
	json_object_clear(record);
	json_object_set_new(record, "id", id);
	json_object_set_new(record, "type", json_string("files"));
	json_object_set_new(record, "attributes", attributes);
}

static void
record_shape(const struct sandbox *box, json_t *record)
{
	json_t *id = json_object_get(record, "id");
	json_t *size = json_object_get(record, "size");

	if (json_is_integer(id) && shape_has(box, "odd-ids")) {
		autofree char *text = text_format(ODD_ID "%lld",
		    (long long)json_integer_value(id));

		json_object_set_new(record, "id", json_string(text));
	} else if (json_is_integer(id)) {
		json_object_set_new(record, "id",
		    number(box, json_integer_value(id)));
	}
	if (json_is_integer(size))
		json_object_set_new(record, "size",
		    number(box, json_integer_value(size)));
	if (json_object_get(record, "path") && shape_has(box, "attributes"))
		attributes_shape(record);
}

struct paging {
	size_t size, number, pages;
	bool is_last;
	char *next; /* where the next page is */
};

static void
paging_find(const struct request *req, size_t records, struct paging *p)
{
	autofree char *text = target_query(&req->target, "page");
	size_t first = shape_has(req->box, "from-one") ? 1 : 0;
	size_t path = strcspn(req->raw_target, "?");

	p->size = req->box->set.page_size > 0 ? (size_t)req->box->set.page_size
					      : records + 1;
	p->number = text != NULL ? (size_t)strtoul(text, NULL, 10) : first;
	p->pages = (records + p->size - 1) / p->size;
	p->is_last = p->number - first + 1 >= p->pages;
	p->next = text_format("%s%.*s?referenceId=123&page=%zu",
	    shape_has(req->box, "astray") ? "http://127.0.0.1:9" : "",
	    (int)path, req->raw_target, p->number + 1);
}

static json_t *
list_cut(const struct request *req, const json_t *list, const struct paging *p)
{
	json_t *page = text_must(json_array());
	size_t from =
	    (p->number - (shape_has(req->box, "from-one") ? 1 : 0)) * p->size;

	if (shape_has(req->box, "bad") && json_array_size(list) > 0) {
		json_array_append_new(page, json_null());
		json_array_append_new(page, json_string("{\"id\":\"]"));
		json_array_append_new(page, json_pack("[{s:s}]", "path", "/"));
		json_array_append_new(page, json_pack("{s:b}", "path", 1));
	}
	for (size_t i = from; i < from + p->size; i++)
		if (json_array_get(list, i) != NULL)
			json_array_append(page, json_array_get(list, i));
	return page;
}

/* Takes the list over. */
static json_t *
list_wrap(const struct sandbox *box, json_t *list, const struct paging *p)
{
	static const char *const words[] = { "data", "items", "results" };
	json_t *whole = text_must(json_object());

	if (shape_has(box, "slice"))
		json_object_set_new(whole, "last", json_boolean(p->is_last));
	if (shape_has(box, "model"))
		return json_pack("{s:{s:o},s:o,s:{s:o,s:o}}", "_embedded",
		    "fileRecordList", list, "_links", whole, "page", "number",
		    number(box, (json_int_t)p->number), "totalPages",
		    number(box, (json_int_t)p->pages));
	json_object_set_new(whole, "number",
	    number(box, (json_int_t)p->number));
	if (!shape_has(box, "slice"))
		json_object_set_new(whole, "totalPages",
		    number(box, (json_int_t)p->pages));
	if (shape_has(box, "page") || shape_has(box, "slice"))
		json_object_set_new(whole, "content", list);
	else if (shape_has(box, "embedded"))
		json_object_set_new(whole, "_embedded",
		    json_pack("{s:o}", "files", list));
	else
		for (size_t i = 0; i < 3; i++)
			if (shape_has(box, words[i]))
				json_object_set_new(whole, words[i], list);
	if (shape_has(box, "next")) {
		json_object_del(whole, "totalPages");
		json_object_set_new(whole, "next",
		    p->is_last ? json_null() : json_string(p->next));
	}
	if (json_object_size(whole) > 2 || shape_has(box, "slice"))
		return whole;
	json_decref(whole);
	return list;
}

static json_t *
list_shape(const struct request *req, struct answer *a, const json_t *list)
{
	struct paging p;
	json_t *shaped;

	paging_find(req, json_array_size(list), &p);
	shaped = list_wrap(req->box, list_cut(req, list, &p), &p);
	if (shape_has(req->box, "link") && !p.is_last) {
		free(a->headers);
		a->headers =
		    text_format("Link: <%s>; rel=\"next\", </>; rel=\"start\"",
			p.next);
	}
	if (shape_has(req->box, "circle") || shape_has(req->box, "counted")) {
		free(a->headers);
		a->headers = shape_has(req->box, "circle")
		    ? text_format("Link: <%s>; rel=\"next\"", req->raw_target)
		    : text_format("X-Total-Count: %zu", json_array_size(list));
	}
	free(p.next);
	return shaped;
}

static void
json_shape(const struct request *req, struct answer *a)
{
	autojson json_t *json = json_loadb(a->body, a->bytes, 0, NULL);
	const struct sandbox *box = req->box;
	bool is_list = req->target.stage == STAGE_LIST;
	autofree char *text = NULL, *whole = NULL, *headers = NULL;
	json_t *shaped;

	for (size_t i = 0; i < json_array_size(json); i++)
		record_shape(box, json_array_get(json, i));
	record_shape(box, json);
	shaped = is_list ? list_shape(req, a, json) : json_incref(json);
	if (!is_list && shape_has(box, "data"))
		shaped = json_pack("{s:o}", "data", shaped);
	text = text_must(json_dumps(shaped, JSON_COMPACT));
	json_decref(shaped);
	whole = text_format("%s%s", shape_has(box, "bom") ? "\xef\xbb\xbf" : "",
	    text);
	headers = a->headers;
	a->headers = NULL;
	answer_text(a, a->status, "application/json", whole, strlen(whole));
	a->headers = headers;
	headers = NULL;
}

void
shape_answer(const struct request *req, struct answer *a)
{
	enum stage stage = req->target.stage;

	if (req->box->set.shape == NULL || a->status / 100 != 2)
		return;
	if (stage == STAGE_LIST || stage == STAGE_UPLOAD ||
	    stage == STAGE_LOOKUP ||
	    (req->is_parts && stage != STAGE_PART && stage != STAGE_ABORT))
		json_shape(req, a);
	if (shape_has(req->box, "html")) {
		free(a->type);
		a->type = text_copy("text/html; charset=UTF-8",
		    strlen("text/html; charset=UTF-8"));
	}
}

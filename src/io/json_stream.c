#include "io/json_stream.h"

#include <string.h>

#include "base/mem.h"

enum { AROUND_BYTES = 64 * 1024, SKIPPED_MAX = 1000 };

enum way { WAY_NONE, WAY_NAMES, WAY_ANY };

/* "_embedded" is last: its members are named by their type. */
static const char *const names[] = { "content", "data", "items", "results",
	"_embedded" };

enum { NAMES = sizeof(names) / sizeof(names[0]) };

static int
refuse(struct err *e)
{
	return err_set(e, ERR_CONFIG, "is not a list in JSON");
}

static void
track(struct json_stream *s, char c)
{
	if (s->is_escaped)
		s->is_escaped = false;
	else if (s->is_string && c == '\\')
		s->is_escaped = true;
	else if (c == '"')
		s->is_string = !s->is_string;
	else if (!s->is_string && (c == '{' || c == '['))
		s->depth++;
	else if (!s->is_string && (c == '}' || c == ']'))
		s->depth--;
}

static int
end_element(struct json_stream *s, struct err *e)
{
	struct err ignored;
	autojson json_t *json =
	    json_parse_foreign(buf_str(&s->pending), s->pending.len, &ignored);

	/* FNV-1a; nothing secret depends on it. */
	for (size_t i = 0; i < s->pending.len; i++)
		s->print = (s->print ^ (unsigned char)s->pending.data[i]) *
		    UINT64_C(0x100000001b3);
	buf_free(&s->pending);
	s->last = 'x';
	s->elements++;
	if (json_is_object(json))
		return s->element(s->ctx, json, e);
	return ++s->skipped > SKIPPED_MAX ? refuse(e) : 0;
}

static int
feed_between(struct json_stream *s, char c, struct err *e)
{
	if (json_is_blank(c))
		return 0;
	if (c == ',' ? s->last != 'x' : s->last == ',')
		return refuse(e);
	s->last = c;
	if (c == ']') {
		(void)buf_add(&s->around, &c, 1);
		s->list = LIST_CLOSED;
		s->depth = s->list_depth;
	}
	return 0;
}

static int
feed_list(struct json_stream *s, char c, struct err *e)
{
	bool is_end = s->depth == 0 && !s->is_string &&
	    (json_is_blank(c) || c == ',' || c == ']');

	if (is_end && s->pending.len > 0 && end_element(s, e) == -1)
		return -1;
	if (is_end)
		return feed_between(s, c, e);
	track(s, c);
	if (s->depth < 0 || (s->pending.len == 0 && s->last == 'x'))
		return refuse(e);
	if (!buf_add(&s->pending, &c, 1))
		return err_set(e, ERR_TEMPORARY,
		    "has an element that is too long");
	return s->depth == 0 && !s->is_string && (c == '}' || c == ']')
	    ? end_element(s, e)
	    : 0;
}

/* What does the bracket that opens now lead to? */
static enum way
find_way(const struct json_stream *s)
{
	int outer = s->depth == 0    ? WAY_ANY
	    : s->depth > STREAM_WAYS ? WAY_NONE
				     : s->ways[s->depth - 1];
	const char *name;
	int i = 0;

	if (outer != WAY_NAMES)
		return outer == WAY_ANY ? WAY_NAMES : WAY_NONE;
	/* around holds at least one bracket. */
	name = s->around.data + s->name + 1;
	while (i < NAMES &&
	    (strncmp(name, names[i], strlen(names[i])) != 0 ||
		name[strlen(names[i])] != '"'))
		i++;
	return i == NAMES ? WAY_NONE : i == NAMES - 1 ? WAY_ANY : WAY_NAMES;
}

static int
feed_around(struct json_stream *s, char c, struct err *e)
{
	bool is_open = !s->is_string && (c == '{' || c == '[');
	enum way way = is_open ? find_way(s) : WAY_NONE;

	if (c == '"' && !s->is_string)
		s->name = s->around.len;
	if (!buf_add(&s->around, &c, 1))
		return err_set(e, ERR_CONFIG, "has no list in %d KiB",
		    AROUND_BYTES / 1024);
	if (c == '[' && way != WAY_NONE && s->list == LIST_AHEAD) {
		s->list = LIST_OPEN;
		s->list_depth = s->depth;
		s->depth = 0;
		s->last = c;
		return 0;
	}
	if (c == '[' && way != WAY_NONE)
		return err_set(e, ERR_CONFIG, "has several lists");
	if (is_open && s->depth < STREAM_WAYS)
		s->ways[s->depth] = (char)(c == '{' ? way : WAY_NONE);
	track(s, c);
	return s->depth < 0 ? refuse(e) : 0;
}

int
json_stream_feed(struct json_stream *s, const char *data, size_t len,
    struct err *e)
{
	int result = 0;

	s->around.limit = AROUND_BYTES;
	for (size_t i = 0; result == 0 && i < len; i++) {
		s->pending.limit = JSON_STREAM_ELEMENT_BYTES;
		result = s->list == LIST_OPEN ? feed_list(s, data[i], e)
					      : feed_around(s, data[i], e);
	}
	return result;
}

static json_t *
wrapped_in(const json_t *json)
{
	json_t *found = NULL;

	for (int i = 0; i < NAMES && found == NULL; i++)
		found = json_object_get(json, names[i]);
	return found;
}

/* Without a list, and without members that could be one. */
static bool
is_empty(const json_t *around)
{
	const char *name;
	json_t *member;

	json_object_foreach((json_t *)around, name,
	    member) if (json_array_size(member) > 0) return false;
	return json_is_null(around) || json_is_null(wrapped_in(around)) ||
	    json_object_get(around, "_links");
}

json_t *
json_stream_end(struct json_stream *s, struct err *e)
{
	bool is_cut = s->list == LIST_OPEN || s->depth > 0;
	autojson json_t *around =
	    json_parse_foreign(buf_str(&s->around), s->around.len, e);

	buf_free(&s->pending);
	buf_free(&s->around);
	if (is_cut)
		(void)err_set(e, ERR_TEMPORARY,
		    "ends in the middle of the list");
	else if (around && (s->list == LIST_CLOSED || is_empty(around)))
		return steal(&around);
	else
		(void)refuse(e);
	return NULL;
}

const json_t *
json_wrapped(const json_t *json)
{
	return json_array_size(json) == 1 ? json_array_get(json, 0)
					  : wrapped_in(json);
}

const json_t *
json_unwrap(const json_t *json, const char *member)
{
	for (int i = 0; i < STREAM_WAYS && !json_object_get(json, member); i++)
		json = json_wrapped(json);
	return json_object_get(json, member) ? json : NULL;
}

const json_t *
json_attributes(const json_t *record)
{
	const json_t *attributes = json_object_get(record, "attributes");

	return json_object_get(record, "path") || !json_is_object(attributes)
	    ? record
	    : attributes;
}

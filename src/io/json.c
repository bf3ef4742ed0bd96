#include "io/json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void
json_release(json_t **json)
{
	json_decref(*json);
}

void
json_init(void)
{
	json_set_alloc_funcs(xmalloc, free);
}

json_t *
json_parse(const char *text, size_t len, struct err *e)
{
	json_error_t where;
	json_t *json = json_loadb(text, len, 0, &where);

	if (json == NULL)
		(void)err_set(e, ERR_TEMPORARY, "is no JSON (line %d: %s)",
		    where.line, where.text);
	return json;
}

/* The pointer's first token with ~1 and ~0 undone; *rest is behind it. */
static char *
pointer_token(const char *pointer, const char **rest)
{
	struct buf token = { 0 };

	(void)buf_adds(&token, "");
	for (pointer++; *pointer && *pointer != '/'; pointer++) {
		char c = *pointer;

		if (c == '~' && (pointer[1] == '0' || pointer[1] == '1'))
			c = *++pointer == '0' ? '~' : '/';
		(void)buf_add(&token, &c, 1);
	}
	*rest = pointer;
	return token.data;
}

/* The element that an array's token names, or -1. */
static long
array_index(const json_t *array, const char *token)
{
	char *end;
	long i;

	if (!isdigit((unsigned char)*token) || (*token == '0' && token[1]))
		return -1;
	i = strtol(token, &end, 10);
	return *end || (size_t)i >= json_array_size(array) ? -1 : i;
}

static json_t *
child(const json_t *json, const char *token)
{
	long i;

	if (json_is_object(json))
		return json_object_get(json, token);
	if (!json_is_array(json) || (i = array_index(json, token)) == -1)
		return NULL;
	return json_array_get(json, (size_t)i);
}

json_t *
json_pointer_get(const json_t *json, const char *pointer)
{
	json_t *found = (json_t *)json;

	while (found && *pointer == '/') {
		autofree char *token = pointer_token(pointer, &pointer);

		found = child(found, token);
	}
	return *pointer == '\0' ? found : NULL;
}

bool
json_pointer_remove(json_t *json, const char *pointer)
{
	const char *last = strrchr(pointer, '/');
	autofree char *parent_pointer = NULL;
	autofree char *token = NULL;
	json_t *parent;
	long i;

	if (last == NULL)
		return false;
	parent_pointer = xstrndup(pointer, (size_t)(last - pointer));
	token = pointer_token(last, &last);
	parent = json_pointer_get(json, parent_pointer);
	if (json_is_object(parent))
		return json_object_del(parent, token) == 0;
	if (!json_is_array(parent) || (i = array_index(parent, token)) == -1)
		return false;
	return json_array_set_new(parent, (size_t)i, json_null()) == 0;
}

/* The end of the string that begins at s[i], behind its quote. */
static size_t
string_end(const char *s, size_t len, size_t i)
{
	for (i++; i < len && s[i] != '"'; i++)
		if (s[i] == '\\')
			i++;
	return i < len ? i + 1 : len;
}

/* Blanks as JSON has them (RFC 8259, 2); isspace() takes more. */
static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_key(const char *s, size_t len, size_t behind)
{
	while (behind < len && is_blank(s[behind]))
		behind++;
	return behind < len && s[behind] == ':';
}

/* Is the pointer's token number depth, from 1, this name? */
static bool
passes_through(const char *pointer, size_t depth, const char *name)
{
	while (*pointer == '/') {
		autofree char *token = pointer_token(pointer, &pointer);

		if (--depth == 0)
			return strcmp(token, name) == 0;
	}
	return false;
}

/* The pointers that pass through this quoted key, a bit for each. */
static uint64_t
pointer_bits(const char *key, size_t len, size_t depth,
    const struct text_list *pointers)
{
	/* Decoded by the parser: "meeting\u005furl" is the same member. */
	autojson json_t *name = json_loadb(key, len, JSON_DECODE_ANY, NULL);
	uint64_t bits = 0;

	for (size_t i = 0; name && i < pointers->n && i < 64; i++)
		if (passes_through(pointers->items[i], depth,
			json_string_value(name)))
			bits |= (uint64_t)1 << i;
	return bits;
}

bool
json_has_duplicate(const char *s, size_t len, const struct text_list *pointers)
{
	autofree uint64_t *seen = NULL; /* one set per open level */
	size_t depth = 0, cap = 0;

	xgrow((void **)&seen, &cap, 1, sizeof(*seen));
	seen[0] = 0;
	for (size_t i = 0; i < len;) {
		size_t end = i + 1;

		if (s[i] == '{' || s[i] == '[') {
			depth++;
			xgrow((void **)&seen, &cap, depth + 1, sizeof(*seen));
			seen[depth] = 0;
		} else if ((s[i] == '}' || s[i] == ']') && depth > 0) {
			depth--;
		} else if (s[i] == '"') {
			uint64_t bits = 0;

			end = string_end(s, len, i);
			if (is_key(s, len, end))
				bits = pointer_bits(s + i, end - i, depth,
				    pointers);
			if (seen[depth] & bits)
				return true;
			seen[depth] |= bits;
		}
		i = end;
	}
	return false;
}

const char *
json_member_string(const json_t *json, const char *name)
{
	return json_string_value(json_object_get(json, name));
}

int64_t
json_member_int(const json_t *json, const char *name, int64_t fallback)
{
	const json_t *member = json_object_get(json, name);

	return json_is_integer(member) ? json_integer_value(member) : fallback;
}

/* 2^53: beyond it a float is no longer every whole number. */
#define WHOLE_FLOATS 9007199254740992.0

static bool
whole_of_float(double number, int64_t *value)
{
	if (!(number >= -WHOLE_FLOATS && number <= WHOLE_FLOATS))
		return false;
	*value = (int64_t)number;
	return (double)*value == number;
}

int64_t
json_member_number(const json_t *json, const char *name, int64_t fallback)
{
	const json_t *member = json_object_get(json, name);
	const char *text = json_string_value(member);
	autojson json_t *parsed = text ? json_loads(text, JSON_DECODE_ANY, NULL)
				       : json_incref((json_t *)member);
	int64_t value;

	if (json_is_integer(parsed))
		return json_integer_value(parsed);
	return json_is_real(parsed) &&
		whole_of_float(json_real_value(parsed), &value)
	    ? value
	    : fallback;
}

char *
json_plain_id(const json_t *json)
{
	const char *s = json_string_value(json);
	size_t len = s ? strlen(s) : 0;

	if (json_is_integer(json) && json_integer_value(json) >= 0)
		return xasprintf("%lld", (long long)json_integer_value(json));
	if (len == 0 || len > 128)
		return NULL;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-' && s[i] != '_')
			return NULL;
	return xstrdup(s);
}

char *
json_path_text(const char *path)
{
	if (text_is_utf8(path) && !strchr(path, '%'))
		return xstrdup(path);
	return text_percent_encode(path, "/ !\"#$&'()*+,:;<=>?@[]{|}");
}

json_t *
json_path(const char *path)
{
	autofree char *text = json_path_text(path);

	return json_string(text);
}

char *
json_path_value(const json_t *json)
{
	const char *s = json_string_value(json);

	return s && *s ? text_percent_decode(s, strlen(s)) : NULL;
}

static int
stream_element(struct json_stream *stream, struct err *e)
{
	autojson json_t *json =
	    json_parse(buf_str(&stream->pending), stream->pending.len, e);

	buf_free(&stream->pending);
	if (json == NULL)
		return -1;
	return stream->element(stream->ctx, json, e);
}

/* A byte between elements: '[' and ',' and ']' in their places. */
static int
stream_between(struct json_stream *stream, char c, struct err *e)
{
	char last = stream->last;
	bool is_good = false;

	if (is_blank(c))
		return 0;
	stream->last = c;
	if (c == '[')
		is_good = last == '\0';
	else if (c == ',')
		is_good = last == '}';
	else if (c == ']')
		is_good = last == '[' || last == '}';
	stream->depth = c == ']' ? 0 : 1;
	stream->is_ended = c == ']';
	if (is_good)
		return 0;
	return err_set(e, ERR_TEMPORARY, "is no JSON array of objects");
}

static void
stream_track(struct json_stream *stream, char c)
{
	if (stream->is_escaped)
		stream->is_escaped = false;
	else if (stream->is_string && c == '\\')
		stream->is_escaped = true;
	else if (c == '"')
		stream->is_string = !stream->is_string;
	else if (!stream->is_string && (c == '{' || c == '['))
		stream->depth++;
	else if (!stream->is_string && (c == '}' || c == ']'))
		stream->depth--;
}

int
json_stream_feed(struct json_stream *stream, const char *data, size_t len,
    struct err *e)
{
	stream->pending.limit = JSON_STREAM_ELEMENT_BYTES;
	for (size_t i = 0; i < len; i++) {
		bool is_due = data[i] == '{' &&
		    (stream->last == '[' || stream->last == ',');

		if (stream->depth <= 1 && !is_due) {
			if (stream_between(stream, data[i], e) == -1)
				return -1;
			continue;
		}
		stream_track(stream, data[i]);
		if (!buf_add(&stream->pending, data + i, 1))
			return err_set(e, ERR_TEMPORARY,
			    "holds an endless element");
		if (stream->depth > 1)
			continue;
		stream->last = '}';
		if (stream_element(stream, e) == -1)
			return -1;
	}
	return 0;
}

int
json_stream_end(struct json_stream *stream, struct err *e)
{
	buf_free(&stream->pending);
	if (stream->is_ended)
		return 0;
	return err_set(e, ERR_TEMPORARY, "ends before the array does");
}

char *
json_library(void)
{
	return xasprintf("jansson %s", jansson_version_str());
}

#include "journal/line.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"

static const struct value nothing;

static struct value *
find(const struct value *object, const char *name)
{
	for (size_t i = 0; i < object->n; i++) {
		const char *other = object->items[i].name;

		if (other && *other == *name && strcmp(other, name) == 0)
			return &object->items[i];
	}
	return NULL;
}

static struct value *
add_item(struct value *to, const char *name)
{
	xgrow((void **)&to->items, &to->cap, to->n + 1, sizeof(*to));
	to->items[to->n] = (struct value){ .name = name };
	return &to->items[to->n++];
}

static void
free_items(struct value *v)
{
	for (size_t i = 0; i < v->n; i++)
		free_items(&v->items[i]);
	free(v->items);
	*v = (struct value){ 0 };
}

/* --- simple lines; false for any other ------------------------------------ */

enum { MOST_MEMBERS = 64 };

static bool
skip(char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

/* The string is ended in place. */
static bool
parse_string(char **at, const char **string)
{
	char *end = *at + 1;

	if (**at != '"')
		return false;
	while (*end >= ' ' && *end <= '~' && *end != '"' && *end != '\\')
		end++;
	if (*end != '"')
		return false;
	*string = *at + 1;
	*end = '\0';
	*at = end + 1;
	return true;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
parse_number(char **at, int64_t *number)
{
	if (!is_digit(**at) || (**at == '0' && is_digit((*at)[1])))
		return false;
	for (; is_digit(**at); ++*at)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, **at - '0', number))
			return false;
	return true;
}

static bool
parse_true(char **at, bool *is_true)
{
	*is_true = strncmp(*at, "true", 4) == 0;
	*at += *is_true ? 4 : 0;
	return *is_true;
}

static bool
parse_scalar(char **at, struct value *v)
{
	return parse_string(at, &v->text) || parse_true(at, &v->is_true) ||
	    parse_number(at, &v->number);
}

static bool parse_object(char **at, struct value *object, bool may_nest);

static bool
parse_array(char **at, struct value *array)
{
	if (!skip(at, '['))
		return false;
	do
		if (!parse_scalar(at, add_item(array, NULL)))
			return false;
	while (skip(at, ','));
	return skip(at, ']');
}

static bool
parse_member(char **at, struct value *object, bool may_nest)
{
	const char *name;
	struct value *v;

	if (object->n == MOST_MEMBERS || !parse_string(at, &name) ||
	    !skip(at, ':') || find(object, name))
		return false;
	v = add_item(object, name);
	if (**at == '[')
		return parse_array(at, v);
	if (**at == '{')
		return may_nest && parse_object(at, v, false);
	return parse_scalar(at, v);
}

static bool
parse_object(char **at, struct value *object, bool may_nest)
{
	if (!skip(at, '{'))
		return false;
	do
		if (!parse_member(at, object, may_nest))
			return false;
	while (skip(at, ','));
	return skip(at, '}');
}

/* --- any other line ------------------------------------------------------- */

static void
convert(struct value *v, const json_t *json)
{
	const char *name;
	json_t *item;
	size_t i;

	v->text = json_string_value(json);
	v->number = json_integer_value(json);
	v->is_true = json_is_true(json);
	json_array_foreach(json, i, item)
	{
		convert(add_item(v, NULL), item);
	}
	json_object_foreach((json_t *)json, name, item)
	{
		convert(add_item(v, name), item);
	}
}

void
line_parse(struct line *line, const char *text, size_t len)
{
	struct err ignored;
	char *at;

	*line = (struct line){ .plain = xstrndup(text, len) };
	at = line->plain;
	if (parse_object(&at, &line->object, true) && at == line->plain + len)
		return;
	free_items(&line->object);
	line->tree = json_parse(text, len, &ignored);
	convert(&line->object, line->tree);
}

void
line_free(struct line *line)
{
	free_items(&line->object);
	free(line->plain);
	json_decref(line->tree);
}

const struct value *
line_member(const struct line *line, const char *name)
{
	const struct value *v = find(&line->object, name);

	return v ? v : &nothing;
}

bool
line_has(const struct line *line, const char *name)
{
	return find(&line->object, name) != NULL;
}

const struct value *
value_item(const struct value *array, size_t i)
{
	return i < array->n && !array->items[i].name ? &array->items[i]
						     : &nothing;
}

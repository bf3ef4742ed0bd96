#include "journal/member.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/parse.h"
#include "io/http_tally.h"
#include "io/json.h"

/* The year 5138: subtracting times cannot overflow. */
#define MAX_COUNT INT64_C(99999999999999)

/* Written by hand: a tree of jansson's takes twice the instructions. */

void
members_add_name(struct buf *line, const char *name)
{
	(void)buf_adds(line, ",\"");
	(void)buf_adds(line, name);
	(void)buf_adds(line, "\":");
}

void
members_add_path(struct buf *line, const char *path)
{
	autofree char *text = json_path_text(path);

	text_add_json(line, text);
}

/* The text of an error can include a file name that is not UTF-8. */
static void
add_text(struct buf *line, const char *s)
{
	autofree char *safe = text_is_utf8(s) ? NULL : text_escape(s);

	text_add_json(line, safe ? safe : s);
}

void
members_begin(struct buf *line, int64_t at_ms, const char *event,
    const char *path)
{
	(void)buf_addf(line, "{\"at\":%" PRId64 ",\"event\":\"%s\"", at_ms,
	    event);
	if (path == NULL)
		return;
	members_add_name(line, "path");
	members_add_path(line, path);
}

static void
add_tally(struct buf *line, const char *name, const struct http_tally *t)
{
	char sign = '{';

	for (int i = 0; i < HTTP_TALLY; i++) {
		if (t->count[i] == 0)
			continue;
		if (sign == '{')
			members_add_name(line, name);
		(void)buf_addf(line, "%c\"%s %d\":%" PRId64, sign,
		    http_service_name((enum http_service)(t->key[i] / 1000)),
		    (int)(t->key[i] % 1000), t->count[i]);
		sign = ',';
	}
	if (sign == ',')
		(void)buf_adds(line, "}");
}

static void
count_requests(struct http_tally *t, const char *name, int64_t count)
{
	size_t len = strcspn(name, " ");
	autofree char *service = xstrndup(name, len);
	int64_t status;

	if (name[len] != '\0' &&
	    parse_integer(name + len + 1, 0, HTTP_STATUS_MOST, &status))
		http_tally_add(t,
		    INT64_C(1000) * http_service_parse(service) + status,
		    count);
}

static void
take_tally(struct http_tally *t, const struct value *v)
{
	*t = (struct http_tally){ 0 };
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].name)
			count_requests(t, v->items[i].name, v->items[i].number);
}

static void
add_one(struct buf *line, const struct member *m, const void *at)
{
	const char *text =
	    m->type <= MEMBER_LENT ? *(const char *const *)at : NULL;
	int64_t number = m->type <= MEMBER_LENT ? text != NULL
	    : m->type == MEMBER_FLAG            ? *(const bool *)at
						: *(const int64_t *)at;

	if (number == 0)
		return;
	members_add_name(line, m->name);
	if (text)
		add_text(line, text);
	else if (m->type == MEMBER_FLAG)
		(void)buf_adds(line, "true");
	else
		(void)buf_addf(line, "%" PRId64, number);
}

void
members_add(struct buf *line, const struct member *m, size_t n,
    const void *from)
{
	for (; n > 0; n--, m++) {
		const void *at = (const char *)from + m->offset;

		if (m->type == MEMBER_TALLY)
			add_tally(line, m->name, at);
		else
			add_one(line, m, at);
	}
}

static int64_t
count_of(int64_t value)
{
	return value < 0 || value > MAX_COUNT ? 0 : value;
}

int64_t
line_count(const struct line *line, const char *name)
{
	return count_of(line_member(line, name)->number);
}

void
members_take(void *to, const struct member *m, size_t n,
    const struct line *line)
{
	for (; n > 0; n--, m++) {
		const struct value *v = line_member(line, m->name);
		void *at = (char *)to + m->offset;

		if (m->type == MEMBER_TEXT)
			mem_replace(at, v->text);
		else if (m->type == MEMBER_LENT)
			*(const char **)at = v->text;
		else if (m->type == MEMBER_NUMBER)
			*(int64_t *)at = v->number;
		else if (m->type == MEMBER_COUNT)
			*(int64_t *)at = count_of(v->number);
		else if (m->type == MEMBER_TALLY)
			take_tally(at, v);
		else
			*(bool *)at = v->is_true;
	}
}

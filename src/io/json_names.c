#include "io/json_names.h"

#include <string.h>

#include "base/mem.h"
#include "io/json.h"

/* Backslashes between a name and its quote: strings in strings, 4 deep. */
enum { ESCAPE_BYTES = 15 };

struct area {
	const char *start, *end;
	bool is_json;
};

/* The last token that is not an index, as JSON writes it, without quotes. */
static char *
name_of(const char *pointer)
{
	autolist struct text_list tokens;
	autobuf struct buf name = { 0 };
	size_t i;

	json_pointer_split(pointer, &tokens);
	i = tokens.n;
	while (i > 0 &&
	    tokens.items[i - 1][strspn(tokens.items[i - 1], "0123456789")] ==
		'\0')
		i--;
	i = i > 0 ? i : tokens.n;
	text_add_json(&name, i > 0 ? tokens.items[i - 1] : "");
	return xstrndup(name.data + 1, name.len - 2);
}

/* Of the quote before a name, which .NET writes as \u0022 in a string; or 0. */
static size_t
quote_length(const struct area *area, const char *name)
{
	size_t before = (size_t)(name - area->start);

	if (before >= 5 && memcmp(name - 5, "u0022", 5) == 0)
		return 5;
	return before >= 1 && (name[-1] == '"' || name[-1] == '\'');
}

static bool
is_quoted(const struct area *area, const char *name, size_t len)
{
	size_t n = quote_length(area, name);
	const char *quote = name - n, *after = name + len;

	if (n == 0)
		return false;
	for (int i = 0; after < area->end && *after == '\\'; i++, after++)
		if (i == ESCAPE_BYTES)
			return false;
	if ((size_t)(area->end - after) < n || memcmp(after, quote, n) != 0)
		return false;
	if (!area->is_json)
		return true;
	after += n;
	while (after < area->end && *after == ' ')
		after++;
	return after < area->end && *after == ':' &&
	    (*quote == '\'' || (quote > area->start && quote[-1] == '\\'));
}

static bool
has_name(const struct area *area, const char *name)
{
	size_t len = strlen(name);

	for (const char *s = area->start; s < area->end; s++) {
		s = memmem(s, (size_t)(area->end - s), name, len);
		if (s == NULL)
			return false;
		if (is_quoted(area, s, len))
			return true;
	}
	return false;
}

static bool
has_any(const struct area *area, const struct text_list *pointers)
{
	bool has = false;

	for (size_t n = 0; n < pointers->n && !has; n++) {
		autofree char *name = name_of(pointers->items[n]);

		has = has_name(area, name);
	}
	return has;
}

bool
json_names_in(const char *text, size_t len, const struct text_list *pointers)
{
	return has_any(&(struct area){ text, text + len, false }, pointers);
}

bool
json_names_in_strings(const char *text, size_t len,
    const struct text_list *pointers)
{
	return has_any(&(struct area){ text, text + len, true }, pointers);
}

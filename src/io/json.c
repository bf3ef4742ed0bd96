#include "io/json.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { ID_BYTES = 1024 };

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
		(void)err_set(e, ERR_TEMPORARY, "is not JSON (line %d: %s)",
		    where.line, where.text);
	return json;
}

/* Does an escape begin here that is half of a surrogate pair? */
static bool
is_half(const char *s, const char *third_digit)
{
	return strncasecmp(s, "\\ud", 3) == 0 && strnlen(s, 6) == 6 &&
	    strchr(third_digit, s[3]);
}

/* Each half without the other, as of an emoji cut in two, becomes U+FFFD. */
static void
replace_halves(char *s)
{
	static const char first[] = "89abAB", second[] = "cdefCDEF";
	static const char unknown[] = { 'f', 'f', 'f', 'd' };

	for (; (s = strchr(s, '\\')) != NULL && s[1]; s += 2) {
		bool is_first = is_half(s, first);

		if (is_first && is_half(s + 6, second))
			s += 10;
		else if (is_first || is_half(s, second))
			memcpy(s + 2, unknown, sizeof(unknown));
	}
}

static json_t *
load_foreign(const char *text, size_t len, json_error_t *where)
{
	enum { FLAGS = JSON_DECODE_ANY | JSON_ALLOW_NUL };
	json_t *json = json_loadb(text, len, FLAGS, where);

	/* The integer is too long; such an id is then unknown. */
	return json || json_error_code(where) != json_error_numeric_overflow
	    ? json
	    : json_loadb(text, len, FLAGS | JSON_DECODE_INT_AS_REAL, where);
}

json_t *
json_parse_foreign(const char *text, size_t len, struct err *e)
{
	size_t bom = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	json_error_t where = { 0 };
	json_t *json = load_foreign(text + bom, len - bom, &where);

	if (json == NULL) {
		autobuf struct buf copy = { 0 };

		(void)buf_add(&copy, text + bom, len - bom);
		replace_halves(copy.data);
		json = load_foreign(copy.data, copy.len, &where);
	}
	if (json == NULL)
		(void)err_set(e,
		    json_error_code(&where) == json_error_premature_end_of_input
			? ERR_TEMPORARY
			: ERR_CONFIG,
		    "is not JSON");
	return json;
}

/* The pointer's first token with ~1 and ~0 decoded; *rest follows it. */
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

bool
json_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void
json_pointer_split(const char *pointer, struct text_list *tokens)
{
	*tokens = (struct text_list){ 0 };
	while (*pointer == '/') {
		autofree char *token = pointer_token(pointer, &pointer);

		text_list_add(tokens, token);
	}
}

/* NULL for a string with a NUL inside, which would be truncated. */
static const char *
plain_string(const json_t *json)
{
	const char *s = json_string_value(json);

	return s && strlen(s) == json_string_length(json) ? s : NULL;
}

const char *
json_member_string(const json_t *json, const char *name)
{
	return plain_string(json_object_get(json, name));
}

int64_t
json_member_int(const json_t *json, const char *name, int64_t fallback)
{
	const json_t *member = json_object_get(json, name);

	return json_is_integer(member) ? json_integer_value(member) : fallback;
}

/* 2^53: above it, a float cannot hold every whole number. */
#define WHOLE_FLOATS 9007199254740992.0

static bool
whole_of_float(double number, int64_t *value)
{
	if (!(number >= -WHOLE_FLOATS && number <= WHOLE_FLOATS))
		return false;
	*value = (int64_t)number;
	return (double)*value == number;
}

static int64_t
whole_number(const json_t *json, int64_t fallback)
{
	int64_t value;

	if (json_is_integer(json))
		return json_integer_value(json);
	return json_is_real(json) &&
		whole_of_float(json_real_value(json), &value)
	    ? value
	    : fallback;
}

int64_t
json_member_number(const json_t *json, const char *name, int64_t fallback)
{
	const json_t *member = json_object_get(json, name);
	const char *text = json_string_value(member);
	autojson json_t *parsed =
	    text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;

	return whole_number(parsed ? parsed : member, fallback);
}

bool
json_is_id(const char *text)
{
	/* "." and ".." are directories in a URL, however they are encoded. */
	return *text && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
	    strlen(text) <= ID_BYTES;
}

char *
json_id(const json_t *json)
{
	const char *s = plain_string(json);
	int64_t number = whole_number(json, -1);

	if (s == NULL)
		return number < 0 ? NULL : xasprintf("%" PRId64, number);
	return json_is_id(s) ? xstrdup(s) : NULL;
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

char *
json_library(void)
{
	return xasprintf("jansson %s", jansson_version_str());
}

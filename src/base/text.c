#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static char *
escape(const char *s, bool is_utf8)
{
	struct buf out = { 0 };

	(void)buf_adds(&out, "");
	while (*s) {
		size_t len = text_utf8_length(s);
		bool is_kept = len > 0 && text_unprintable(s) == 0 &&
		    *s != '\\' && (len == 1 || is_utf8);

		if (is_kept)
			(void)buf_add(&out, s, len);
		else
			(void)buf_addf(&out, "\\x%02X", (unsigned char)*s);
		s += is_kept ? len : 1;
	}
	return out.data;
}

char *
text_escape(const char *s)
{
	return escape(s, false);
}

char *
text_escape_utf8(const char *s)
{
	return escape(s, true);
}

char *
text_shell_word(const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789/._-+,:@%=";
	autofree char *safe = text_escape(s);
	const char *quote = strcmp(safe, s) == 0 ? "'" : "$'";
	struct buf out = { 0 };

	if (*s && s[strspn(s, plain)] == '\0')
		return xstrdup(s);
	(void)buf_adds(&out, quote);
	for (; *s; s++)
		if (*s == '\'')
			(void)buf_addf(&out, "'\"'\"%s", quote);
		else
			(void)buf_add(&out, s, 1);
	(void)buf_adds(&out, "'");
	return out.data;
}

size_t
text_shell_length(const char *s)
{
	const char *at = s;
	char quote = '\0';
	bool is_ansi = false;

	for (; *at && (quote || *at != ' '); at++) {
		if (*at == '\\' && at[1] && (quote != '\'' || is_ansi)) {
			at++;
		} else if (quote) {
			quote = *at == quote ? '\0' : quote;
		} else if (*at == '\'' || *at == '"') {
			quote = *at;
			is_ansi = at > s && at[-1] == '$';
		}
	}
	return (size_t)(at - s);
}

void
text_add_json(struct buf *out, const char *s)
{
	(void)buf_adds(out, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			(void)buf_addf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			(void)buf_addf(out, "\\u%04x", c);
		else
			(void)buf_add(out, s, 1);
	}
	(void)buf_adds(out, "\"");
}

static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c));
}

char *
text_percent_encode(const char *s, const char *keep)
{
	struct buf out = { 0 };

	(void)buf_adds(&out, "");
	for (; *s; s++) {
		if (is_unreserved(*s) || strchr(keep, *s))
			(void)buf_add(&out, s, 1);
		else
			(void)buf_addf(&out, "%%%02X", (unsigned char)*s);
	}
	return out.data;
}

static int
hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return at ? (int)(at - digits) : -1;
}

char *
text_percent_decode(const char *s, size_t len)
{
	autofree char *out = xmalloc(len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		int high = 0, low = 0;

		if (s[i] != '%') {
			out[n++] = s[i];
			continue;
		}
		if (len - i < 3 || (high = hex_value(s[i + 1])) == -1 ||
		    (low = hex_value(s[i + 2])) == -1 || (high | low) == 0)
			return NULL;
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	out[n] = '\0';
	return steal(&out);
}

size_t
text_utf8_length(const char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *s = (const unsigned char *)text;
	size_t len = s[0] >> 5 == 6 ? 2 : s[0] >> 4 == 14 ? 3 : 4;
	uint32_t c = s[0] & (0x7fU >> len);

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc0 || s[0] >= 0xf8)
		return 0;
	for (size_t k = 1; k < len; k++) {
		if ((s[k] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[k] & 0x3f);
	}
	/* 0xd800 and above are surrogates. */
	return c >= least[len] && c <= 0x10ffff && c >> 11 != 0x1b ? len : 0;
}

bool
text_is_utf8(const char *s)
{
	while (*s) {
		size_t len = text_utf8_length(s);

		if (len == 0)
			return false;
		s += len;
	}
	return true;
}

size_t
text_utf16_units(const char *s)
{
	size_t n = 0;

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c & 0xc0) != 0x80)
			n += c >= 0xf0 ? 2 : 1;
	}
	return n;
}

bool
text_has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

size_t
text_unprintable(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] < 0x80)
		return s[0] < ' ' || s[0] == 0x7f;
	if (s[0] == 0xc2)
		return s[1] >= 0x80 && s[1] < 0xa0 ? 2 : 0;
	/* U+200E, U+200F, U+202A to U+202E; U+2066 to U+2069 */
	if (s[0] == 0xe2 && s[1] == 0x80)
		return (s[2] | 1) == 0x8f || (s[2] >= 0xaa && s[2] <= 0xae) ? 3
									    : 0;
	return s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9 ? 3
									    : 0;
}

/*
 * The width of the character at s, of len bytes. wcwidth(3) needs a locale,
 * which a confined process cannot load.
 */
static size_t
columns_of(const char *s, size_t len)
{
	static const struct {
		uint32_t first, last;
		size_t columns;
	} ranges[] = {
		/* Combining marks and joiners */
		{ 0x300, 0x36f, 0 },
		{ 0x200b, 0x200d, 0 },
		{ 0x20d0, 0x20ff, 0 },
		{ 0xfe00, 0xfe0f, 0 },
		{ 0xfe20, 0xfe2f, 0 },
		/* East Asian wide (Unicode annex 11), pictographs */
		{ 0x1100, 0x115f, 2 },
		{ 0x2e80, 0x303e, 2 },
		{ 0x3041, 0xa4cf, 2 },
		{ 0xa960, 0xa97f, 2 },
		{ 0xac00, 0xd7a3, 2 },
		{ 0xf900, 0xfaff, 2 },
		{ 0xfe30, 0xfe6f, 2 },
		{ 0xff00, 0xff60, 2 },
		{ 0xffe0, 0xffe6, 2 },
		{ 0x1f300, 0x1f64f, 2 },
		{ 0x1f680, 0x1f6ff, 2 },
		{ 0x1f900, 0x1f9ff, 2 },
		{ 0x20000, 0x3fffd, 2 },
	};
	uint32_t c = (unsigned char)*s & (len == 1 ? 0x7fU : 0x7fU >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return ranges[i].columns;
	return 1;
}

size_t
text_fit(const char *s, size_t columns, size_t *used)
{
	const char *at = s;

	for (*used = 0; *at;) {
		size_t len = text_utf8_length(at);
		size_t wide = len ? columns_of(at, len) : 1;

		if (*used + wide > columns)
			break;
		*used += wide;
		at += len ? len : 1;
	}
	return (size_t)(at - s);
}

size_t
text_columns(const char *s)
{
	size_t used;

	(void)text_fit(s, SIZE_MAX, &used);
	return used;
}

static void
take(struct text_list *list, char *item)
{
	list->items = xreallocarray(list->items, list->n + 1, sizeof(char *));
	list->items[list->n++] = item;
}

void
text_list_add(struct text_list *list, const char *s)
{
	take(list, xstrdup(s));
}

void
text_list_addf(struct text_list *list, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	take(list, xvasprintf(fmt, ap));
	va_end(ap);
}

char *
text_trim(char *s)
{
	char *end = s + strlen(s);

	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

void
text_list_parse(struct text_list *list, const char *s)
{
	autofree char *copy = xstrdup(s);
	char *rest = copy, *item;

	*list = (struct text_list){ 0 };
	while ((item = strsep(&rest, ",")) != NULL) {
		item = text_trim(item);
		if (*item)
			text_list_add(list, item);
	}
}

bool
text_list_has(const struct text_list *list, const char *s)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], s) == 0)
			return true;
	return false;
}

void
text_list_free(struct text_list *list)
{
	/* Some are headers that contain a secret. */
	for (size_t i = 0; i < list->n; i++)
		mem_free_secret(&list->items[i]);
	free(list->items);
	*list = (struct text_list){ 0 };
}

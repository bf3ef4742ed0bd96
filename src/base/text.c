#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* How much of s is printable ASCII, up to a backslash or that character. */
static size_t
plain_len(const char *s, char but)
{
	size_t n = 0;

	while (s[n] >= 0x20 && s[n] < 0x7f && s[n] != '\\' && s[n] != but)
		n++;
	return n;
}

char *
text_escape(const char *s)
{
	struct buf out = { 0 };

	for (;;) {
		size_t n = plain_len(s, '\\');

		(void)buf_add(&out, s, n);
		s += n;
		if (*s == '\0')
			return out.data;
		(void)buf_addf(&out, "\\x%02X", (unsigned char)*s++);
	}
}

void
text_add_json(struct buf *out, const char *s)
{
	(void)buf_adds(out, "\"");
	for (;;) {
		size_t n = plain_len(s, '"');
		unsigned char c = (unsigned char)s[n];

		(void)buf_add(out, s, n);
		s += n;
		if (*s == '\0')
			break;
		if (c == '"' || c == '\\')
			(void)buf_addf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			(void)buf_addf(out, "\\u%04x", c);
		else
			(void)buf_add(out, s, 1);
		s++;
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
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
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

/* The length of the well-formed sequence at s, 0 when there is none. */
static size_t
utf8_sequence(const unsigned char *s)
{
	static const struct {
		unsigned char first_min, first_max, second_min, second_max;
		size_t len;
	} forms[] = {
		{ 0x01, 0x7f, 0, 0, 1 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t k = 2;

		if (s[0] < forms[i].first_min || s[0] > forms[i].first_max)
			continue;
		if (forms[i].len == 1)
			return 1;
		if (s[1] < forms[i].second_min || s[1] > forms[i].second_max)
			return 0;
		while (k < forms[i].len && s[k] >= 0x80 && s[k] <= 0xbf)
			k++;
		return k == forms[i].len ? k : 0;
	}
	return 0;
}

bool
text_is_utf8(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;

	while (*u) {
		size_t len = utf8_sequence(u);

		if (len == 0)
			return false;
		u += len;
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

void
text_list_add(struct text_list *list, const char *s)
{
	list->items = xreallocarray(list->items, list->n + 1, sizeof(char *));
	list->items[list->n++] = xstrdup(s);
}

void
text_list_parse(struct text_list *list, const char *s)
{
	*list = (struct text_list){ 0 };
	while (*s) {
		size_t len = strcspn(s, ",");
		const char *next = s + len + (s[len] == ',');

		while (len && isspace((unsigned char)*s))
			s++, len--;
		while (len && isspace((unsigned char)s[len - 1]))
			len--;
		if (len) {
			autofree char *item = xstrndup(s, len);

			text_list_add(list, item);
		}
		s = next;
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
	/* Some are headers with a secret. */
	for (size_t i = 0; i < list->n; i++)
		mem_free_secret(&list->items[i]);
	free(list->items);
	*list = (struct text_list){ 0 };
}

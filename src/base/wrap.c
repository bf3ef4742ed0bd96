#include "base/wrap.h"

#include <stdbool.h>
#include <string.h>

enum { INDENT = 2 };

/* In columns: a colour takes none, and UTF-8 one a character. */
static size_t
width_of(const char *text, size_t len)
{
	bool is_color = false;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\033')
			is_color = true;
		else if (is_color)
			is_color = c != 'm';
		else
			n += (c & 0xc0) != 0x80;
	}
	return n;
}

/* Where it begins, or NULL. */
static const char *
command_in(const char *line)
{
	const char *colon = strstr(line, ": jibri-finalize ");

	return colon ? colon + 2 : NULL;
}

void
wrap_add(struct buf *out, const char *line, size_t columns)
{
	const char *end = line + strcspn(line, "\n"), *at = line;
	const char *command = command_in(line);
	size_t column = 0;

	if (width_of(line, (size_t)(end - line)) <= columns)
		command = end;
	while (at < end) {
		size_t len =
		    at == command ? (size_t)(end - at) : strcspn(at, " \n");
		size_t width = width_of(at, len);

		if (at != line &&
		    (at == command || column + 1 + width > columns)) {
			(void)buf_addf(out, "\n%*s", INDENT, "");
			column = INDENT;
		} else if (at != line) {
			(void)buf_adds(out, " ");
			column++;
		}
		(void)buf_addf(out, "%.*s", (int)len, at);
		column += width;
		at += len;
		at += strspn(at, " ");
	}
	(void)buf_adds(out, "\n");
}

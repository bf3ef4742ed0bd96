#include "base/wrap.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { INDENT = 2 };

/* In columns: a colour has no width. */
static size_t
width_of(const char *text, size_t len)
{
	autofree char *plain = xstrndup(text, len);
	bool is_color = false;
	char *end = plain;

	for (const char *at = plain; *at; at++) {
		is_color |= *at == '\033';
		if (!is_color)
			*end++ = *at;
		is_color &= *at != 'm';
	}
	*end = '\0';
	return text_columns(plain);
}

/* Where the command begins, or NULL. */
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

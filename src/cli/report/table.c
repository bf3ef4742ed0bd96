#include "cli/report/table.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { NAME_INDENT = 4 };

void
table_add_wrapped(struct buf *out, const char *text, const char *prefix,
    int width)
{
	autofree char *safe = text_escape(text);
	size_t room = (size_t)width - strlen(prefix), column = 0;

	for (const char *at = safe; *at; at += strspn(at, " ")) {
		size_t len = strcspn(at, " ");

		if (len > room)
			len = room;
		if (column == 0 || column + 1 + len > room) {
			(void)buf_addf(out, "%s%s", column ? "\n" : "", prefix);
			column = 0;
		}
		(void)buf_addf(out, "%s%.*s", column ? " " : "", (int)len, at);
		column += (column > 0) + len;
		at += len;
	}
	if (column > 0)
		(void)buf_adds(out, "\n");
}

void
table_add_row(struct buf *out, const char *cells, const char *name,
    const char *why, const char *indent)
{
	autofree char *safe = text_escape(name);

	if (strlen(cells) + 1 + strlen(safe) <= TABLE_WIDTH)
		(void)buf_addf(out, "%s %s\n", cells, safe);
	else
		(void)buf_addf(out, "%s\n%*s%s\n", cells, NAME_INDENT, "",
		    safe);
	if (why)
		table_add_wrapped(out, why, indent, TABLE_WIDTH);
}

void
table_add_count(struct buf *out, size_t n, const char *word, bool shows_zero)
{
	if (n > 0 || shows_zero)
		(void)buf_addf(out, "%s%zu %s", out->len ? ", " : "", n, word);
}

char *
table_size(int64_t bytes)
{
	return bytes == -1 ? xstrdup("-") : xasprintf("%" PRId64, bytes);
}

#include "cli/report/table.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

enum { NAME_INDENT = 4 };

void
table_add_wrapped(struct buf *out, const char *text, int indent, int width)
{
	autofree char *safe = text_escape(text);
	const char *at = safe;

	while (*at) {
		int length = (int)strlen(at);
		int cut = width - indent;

		if (length > cut) {
			while (cut > 0 && at[cut] != ' ')
				cut--;
			length = cut > 0 ? cut : width - indent;
		}
		(void)buf_addf(out, "%*s%.*s\n", indent, "", length, at);
		at += length;
		at += strspn(at, " ");
	}
}

void
table_add_row(struct buf *out, const char *cells, const char *name,
    const char *why, int indent)
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

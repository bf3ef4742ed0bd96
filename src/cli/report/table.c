#include "cli/report/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/term.h"
#include "base/text.h"

enum { NAME_INDENT = 4, LEAST_WIDTH = 40 };

size_t
table_width(void)
{
	size_t columns = term_size(STDOUT_FILENO).columns;

	return columns >= LEAST_WIDTH && columns < TABLE_WIDTH ? columns
							       : TABLE_WIDTH;
}

void
table_add_wrapped(struct buf *out, const char *text, const char *prefix,
    size_t width)
{
	autofree char *safe = term_text(STDOUT_FILENO, text);
	size_t room = width - strlen(prefix), column = 0;

	for (char *at = safe; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " "), used, len;
		char behind = at[word];

		at[word] = '\0';
		len = text_fit(at, room, &used);
		at[word] = behind;
		if (column == 0 || column + 1 + used > room) {
			(void)buf_addf(out, "%s%s", column ? "\n" : "", prefix);
			column = 0;
		}
		(void)buf_addf(out, "%s%.*s", column ? " " : "", (int)len, at);
		column += (column > 0) + used;
		at += len;
	}
	if (column > 0)
		(void)buf_adds(out, "\n");
}

void
table_add_command(struct buf *out, const char *command, const char *prefix)
{
	enum { TAIL = 2 }; /* " \" */
	size_t room = table_width() - strlen(prefix) - TAIL, column = 0;

	(void)buf_adds(out, prefix);
	for (const char *at = command; *at; at += strspn(at, " ")) {
		size_t len = text_shell_length(at);
		bool is_broken = column > 0 && column + 1 + len > room;

		if (is_broken)
			(void)buf_addf(out, " \\\n%s", prefix);
		(void)buf_addf(out, "%s%.*s",
		    column > 0 && !is_broken ? " " : "", (int)len, at);
		column = is_broken ? len : column + (column > 0) + len;
		at += len;
	}
	(void)buf_adds(out, "\n");
}

void
table_add_name(struct buf *out, const char *name)
{
	autofree char *safe = term_text(STDOUT_FILENO, name);
	size_t columns = text_columns(safe), width = table_width(), used;
	size_t indent = NAME_INDENT;

	if (columns <= width && columns + indent > width)
		indent = width - columns;
	for (const char *at = safe; *at;) {
		size_t len = text_fit(at, width - indent, &used);

		(void)buf_addf(out, "%*s%.*s\n", (int)indent, "", (int)len, at);
		at += len;
	}
}

void
table_add_row(struct buf *out, const char *cells, const char *name,
    const char *why, const char *indent)
{
	autofree char *safe = term_text(STDOUT_FILENO, name);

	if (strlen(cells) + 1 + text_columns(safe) <= table_width()) {
		(void)buf_addf(out, "%s %s\n", cells, safe);
	} else {
		(void)buf_addf(out, "%s\n", cells);
		table_add_name(out, name);
	}
	if (why)
		table_add_wrapped(out, why, indent, table_width());
}

void
table_add_cell(struct table *t, const char *text)
{
	xgrow((void **)&t->cells, &t->cap, t->n_cells + 1, sizeof(*t->cells));
	t->cells[t->n_cells++] =
	    text ? term_text(STDOUT_FILENO, text) : xstrdup("-");
}

static size_t
total_of(const struct table *t)
{
	size_t total = t->n - 1;

	for (size_t i = 0; i < t->n; i++)
		total += t->widths[i];
	return total;
}

/* Narrow a column as far as needed and allowed. */
static void
shrink(struct table *t, size_t column, size_t limit, size_t columns)
{
	size_t total = total_of(t), *width = &t->widths[column];

	if (limit == 0 || *width <= limit || total <= columns)
		return;
	*width = *width - limit > total - columns ? *width - (total - columns)
						  : limit;
}

void
table_fit(struct table *t, size_t columns)
{
	for (size_t i = 0; i < t->n; i++)
		t->widths[i] = strlen(t->columns[i].head);
	for (size_t i = 0; i < t->n_cells; i++) {
		size_t used = text_columns(t->cells[i]);
		/* Without columns there are no cells. */
		size_t *width = &t->widths[t->n > 0 ? i % t->n : 0];

		*width = used > *width ? used : *width;
	}
	for (size_t i = t->n; i-- > 0;)
		shrink(t, i, t->columns[i].most, columns);
	for (size_t i = t->n; i-- > 0;)
		shrink(t, i, t->columns[i].least, columns);
}

/* A cut cell ends in a tilde; the last cell is not padded. */
static void
add_cell(struct buf *out, const struct table *t, size_t column,
    const char *text, const char *color)
{
	size_t width = t->widths[column], used = text_columns(text);
	bool is_cut = used > width;
	size_t len = text_fit(text, is_cut ? width - 1 : width, &used);
	bool is_right = t->columns[column].is_right;
	bool is_last = column + 1 == t->n;
	int blanks = (int)(width - used - is_cut);

	(void)buf_addf(out, "%*s%s%.*s%s%s", is_right ? blanks : 0, "",
	    color ? color : "", (int)len, text, is_cut ? "~" : "",
	    color ? "\033[0m" : "");
	(void)buf_addf(out, "%*s", is_last ? 0 : 1 + (is_right ? 0 : blanks),
	    "");
	if (is_last)
		(void)buf_adds(out, "\n");
}

void
table_add_head(struct buf *out, const struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		add_cell(out, t, i, t->columns[i].head, NULL);
}

void
table_add_cells(struct buf *out, const struct table *t, size_t row,
    const char *color)
{
	for (size_t i = 0; i < t->n; i++)
		add_cell(out, t, i, t->cells[row * t->n + i],
		    i == 0 ? color : NULL);
}

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i]);
	free(t->cells);
	*t = (struct table){ 0 };
}

char *
table_duration(int64_t ms)
{
	enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
	const int64_t day = 24 * (int64_t)HOUR;

	if (ms < MINUTE)
		return xasprintf("%" PRId64 " s", ms < 0 ? 0 : ms / SECOND);
	if (ms < HOUR)
		return xasprintf("%" PRId64 " m", ms / MINUTE);
	if (ms < 2 * day)
		return xasprintf("%" PRId64 " h", ms / HOUR);
	return xasprintf("%" PRId64 " d", ms / day);
}

char *
table_when(int64_t now_ms, int64_t at_ms)
{
	bool is_past = at_ms <= now_ms;
	autofree char *text =
	    table_duration(is_past ? now_ms - at_ms : at_ms - now_ms);

	return is_past ? xasprintf("%s ago", text) : xasprintf("in %s", text);
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

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Rows for stdout, made safe by term_text(). */

enum { TABLE_WIDTH = 80 };

/* That, or the columns of a narrower terminal. */
size_t table_width(void);

/*
 * The words in lines of at most this width, each with the prefix; only a longer
 * word is cut.
 */
void table_add_wrapped(struct buf *, const char *text, const char *prefix,
    size_t width);

/*
 * A shell command to copy, as printable ASCII: on one line, or on several that
 * the shell joins.
 */
void table_add_command(struct buf *, const char *command, const char *prefix);

/*
 * A name below its row, indented: whole on one line if table_width() is enough,
 * else on several. Not a blank of it is lost.
 */
void table_add_name(struct buf *, const char *name);

/*
 * The cells, which are ASCII, followed by a name, or with the name below if it
 * does not fit. why, unless NULL, follows indented.
 */
void table_add_row(struct buf *, const char *cells, const char *name,
    const char *why, const char *indent);

/* A column, which shrinks on a narrow terminal. */
struct table_column {
	const char *head;
	bool is_right; /* right-aligned, for numbers */
	/* Cut to this width, last column first; 0: never. */
	size_t most;  /* first step */
	size_t least; /* second step */
};

enum { TABLE_COLUMNS = 8 };

struct table {
	const struct table_column *columns;
	size_t n; /* columns */
	size_t widths[TABLE_COLUMNS];
	char **cells; /* row by row */
	size_t n_cells, cap;
};

/* Append a cell; NULL is "-". */
void table_add_cell(struct table *, const char *text);

/* Once all cells are there, compute the widths for this many columns. */
void table_fit(struct table *, size_t columns);

/* The header line, or a row with its first cell in this colour, if any. */
void table_add_head(struct buf *, const struct table *);
void table_add_cells(struct buf *, const struct table *, size_t row,
    const char *color);
void table_free(struct table *);

/* "59 s", "59 m", "47 h", "12 d"; the caller frees it. */
char *table_duration(int64_t ms);

/* "3 h ago", or "in 43 s" for the future; the caller frees it. */
char *table_when(int64_t now_ms, int64_t at_ms);

/* Append "n word", after a comma unless it is the first. */
void table_add_count(struct buf *, size_t n, const char *word, bool shows_zero);

/* A number of bytes, -1 if unknown; the caller frees it. */
char *table_size(int64_t bytes);

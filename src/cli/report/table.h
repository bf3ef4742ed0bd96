#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Rows for whoever reads stdout, safe as term_text() makes them. */

enum { TABLE_WIDTH = 80 };

/*
 * The words as lines, each with the prefix and at most so wide; only a word
 * that is wider is cut.
 */
void table_add_wrapped(struct buf *, const char *text, const char *prefix,
    int width);

/*
 * A shell's command as a line, or as several that a shell reads as one: to be
 * copied.  It is printable ASCII.
 */
void table_add_command(struct buf *, const char *command, const char *prefix);

/* A name on lines of its own, indented; not a blank of it is lost. */
void table_add_name(struct buf *, const char *name);

/*
 * The cells, which are ASCII, and a name behind them, or below them where it
 * would not fit.  Why, unless NULL, follows, indented.
 */
void table_add_row(struct buf *, const char *cells, const char *name,
    const char *why, const char *indent);

/* A column, which gives way where the terminal is narrow. */
struct table_column {
	const char *head;
	bool is_right; /* numbers end at its right edge */
	/* Cut to so many columns, the last of the table first; 0: never. */
	size_t most;  /* if the table is too wide */
	size_t least; /* if it still is */
};

enum { TABLE_COLUMNS = 8 };

struct table {
	const struct table_column *columns;
	size_t n; /* columns */
	size_t widths[TABLE_COLUMNS];
	char **cells; /* row by row */
	size_t n_cells, cap;
};

/* The next cell; NULL is "-". */
void table_add_cell(struct table *, const char *text);

/* Once all cells are in: the widths, for a terminal of so many columns. */
void table_fit(struct table *, size_t columns);

/* The line of heads, or of a row, its first cell in a colour unless NULL. */
void table_add_head(struct buf *, const struct table *);
void table_add_cells(struct buf *, const struct table *, size_t row,
    const char *color);
void table_free(struct table *);

/* "59 s", "59 m", "47 h", "12 d"; the caller frees it. */
char *table_duration(int64_t ms);

/* "3 h ago", or "in 43 s" of what is to come; the caller frees it. */
char *table_when(int64_t now_ms, int64_t at_ms);

/* Append "n word", behind a comma unless it is the first. */
void table_add_count(struct buf *, size_t n, const char *word, bool shows_zero);

/* A number of bytes, -1 being unknown; the caller frees it. */
char *table_size(int64_t bytes);

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Rows for a terminal, ASCII only. */

enum { TABLE_WIDTH = 80 };

/*
 * The words as lines, each with the prefix and at most so wide; only a word
 * that is wider is cut.
 */
void table_add_wrapped(struct buf *, const char *text, const char *prefix,
    int width);

/*
 * The cells, which are ASCII, and a name behind them, or below them where it
 * would not fit.  It is never cut.  Why, unless NULL, follows, indented.
 */
void table_add_row(struct buf *, const char *cells, const char *name,
    const char *why, const char *indent);

/* Append "n word", behind a comma unless it is the first. */
void table_add_count(struct buf *, size_t n, const char *word, bool shows_zero);

/* A number of bytes, -1 being unknown; the caller frees it. */
char *table_size(int64_t bytes);

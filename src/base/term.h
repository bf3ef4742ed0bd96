#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What a descriptor is connected to, for text that people read. */

struct term_size {
	size_t columns, rows;
};

/*
 * The present size of the terminal; 80 by 24 when fd is not a terminal or its
 * size is unknown.
 */
struct term_size term_size(int fd);

/* A terminal that can move its cursor (TERM is neither empty nor dumb)? */
bool term_is_able(int fd);

/*
 * Is it such a terminal, and did the user not disable colour with NO_COLOR
 * (https://no-color.org)?
 */
bool term_has_color(int fd);

/* Is it a terminal, with UTF-8 in the locale's variables (locale(7))? */
bool term_is_utf8(int fd);

/*
 * s, safe to print there: text_escape_utf8() where term_is_utf8(), otherwise
 * text_escape().  The caller frees it.
 */
char *term_text(int fd, const char *s);

/* Is it a terminal that another job of its shell has at the moment? */
bool term_is_elsewhere(int fd);

/* Is it systemd's journal, according to JOURNAL_STREAM (systemd.exec(5))? */
bool term_is_journal(int fd);

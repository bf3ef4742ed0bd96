#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What the other end of a descriptor is, for text that people read. */

struct term_size {
	size_t columns, rows;
};

/* As the terminal is now; 80 by 24 where it is none or does not say. */
struct term_size term_size(int fd);

/* A terminal that can move its cursor (TERM is neither empty nor dumb). */
bool term_is_able(int fd);

/*
 * Such a terminal, and the user did not forbid colour by NO_COLOR
 * (https://no-color.org).
 */
bool term_has_color(int fd);

/* A terminal, and the locale's variables (locale(7)) say UTF-8. */
bool term_is_utf8(int fd);

/*
 * s, safe for who reads there: as text on such a terminal, as text_escape()
 * elsewhere.  The caller frees it.
 */
char *term_text(int fd, const char *s);

/* A terminal that belongs to another job of its shell at the moment. */
bool term_is_elsewhere(int fd);

/* systemd's journal, as JOURNAL_STREAM says (systemd.exec(5)). */
bool term_is_journal(int fd);

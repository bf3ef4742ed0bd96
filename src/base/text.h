#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Text from disk or network, made safe for its destination.  Every function
 * that returns char * returns memory that the caller frees.
 */

/*
 * Printable ASCII: control characters, DEL, the backslash and every byte from
 * 0x80 on become \xNN.  Jibri's log reader keeps only the low eight bits of a
 * character (JibriServiceStateMachine's LoggingUtils), and a terminal would
 * interpret control characters.
 */
char *text_escape(const char *s);

/*
 * The same for a reader of UTF-8: only malformed bytes, control characters,
 * characters that change the direction of text, and the backslash become \xNN.
 */
char *text_escape_utf8(const char *s);

/*
 * s quoted as one word of a shell command.  If it contains anything that
 * text_escape() rewrites, the result is bash's $'...', which is correct whether
 * or not it is escaped afterwards.
 */
char *text_shell_word(const char *s);

/* The length of the shell word that begins at s. */
size_t text_shell_length(const char *s);

/* Append s, which is UTF-8, as a quoted JSON string (RFC 8259, section 7). */
void text_add_json(struct buf *, const char *s);

/*
 * RFC 3986 percent-encoding of all characters except the unreserved ones and
 * those in keep.
 */
char *text_percent_encode(const char *s, const char *keep);

/*
 * Undo percent-encoding once.  NULL when a '%' is not followed by two
 * hexadecimal digits or when the result would hold a NUL.
 */
char *text_percent_decode(const char *s, size_t len);

/*
 * The length in bytes of the well-formed sequence at s, which ends with a NUL;
 * 0: there is none.
 */
size_t text_utf8_length(const char *s);

/* Well-formed UTF-8 (RFC 3629: shortest form, no surrogates). */
bool text_is_utf8(const char *s);

/* The length of s in Java: UTF-16 code units. s need not be UTF-8. */
size_t text_utf16_units(const char *s);

bool text_has_control(const char *s);

/*
 * The length of the unsafe character that begins at s: a control character
 * (also of C1), or one that changes the direction of text.  0: it is safe.
 */
size_t text_unprintable(const char *s);

/*
 * How many bytes of s fit into this many terminal columns? s is UTF-8 or ASCII.
 * *used receives their columns.
 */
size_t text_fit(const char *s, size_t columns, size_t *used);

/* The width of s in terminal columns. */
size_t text_columns(const char *s);

/* Remove white space from both ends, in place. */
char *text_trim(char *s);

/* A list of strings, as a setting holds one. */
struct text_list {
	char **items;
	size_t n;
};

#define autolist __attribute__((cleanup(text_list_free)))

/* Split at commas; blanks around an item and empty items are dropped. */
void text_list_parse(struct text_list *, const char *s);
void text_list_add(struct text_list *, const char *s);
void text_list_addf(struct text_list *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
bool text_list_has(const struct text_list *, const char *s);
void text_list_free(struct text_list *);

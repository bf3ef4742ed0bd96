#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/*
 * Text from disk or network, made safe for where it goes.  Every function
 * that returns char * returns memory the caller frees.
 */

/*
 * Printable ASCII: control characters, DEL, the backslash and every byte
 * from 0x80 on become \xNN.  Jibri's log reader keeps only the low eight bits
 * of a character (JibriServiceStateMachine's LoggingUtils), a terminal
 * interprets more than one wants.
 */
char *text_escape(const char *s);

/*
 * The same where UTF-8 is text: only what is not well-formed, controls, what
 * turns the direction of a text, and the backslash become \xNN.
 */
char *text_escape_utf8(const char *s);

/*
 * s as one word of a shell's command.  Where it holds what text_escape()
 * rewrites, the word is bash's $'...', and right once either was done to it.
 */
char *text_shell_word(const char *s);

/* Append s, which is UTF-8, as a JSON string with quotes (RFC 8259, 7). */
void text_add_json(struct buf *, const char *s);

/*
 * RFC 3986 percent-encoding of everything but unreserved characters and
 * those in keep.
 */
char *text_percent_encode(const char *s, const char *keep);

/*
 * Undo percent-encoding once.  NULL when a '%' is not followed by two
 * hexadecimal digits or when the result would hold a NUL.
 */
char *text_percent_decode(const char *s, size_t len);

/* Of the well-formed sequence at s in bytes, which a NUL ends; 0 for none. */
size_t text_utf8_length(const char *s);

/* Well-formed UTF-8 (RFC 3629: shortest form, no surrogates). */
bool text_is_utf8(const char *s);

/*
 * The length that Java gives a string: UTF-16 code units.  s need not be
 * UTF-8.
 */
size_t text_utf16_units(const char *s);

bool text_has_control(const char *s);

/*
 * The length of what begins here and must not reach a reader: a control
 * character (also of C1), or what turns the direction of a text; else 0.
 */
size_t text_unprintable(const char *s);

/*
 * How many bytes of s fit into so many columns of a terminal, where text is
 * UTF-8 or ASCII?  *used are the columns of these.
 */
size_t text_fit(const char *s, size_t columns, size_t *used);

/* How many columns of a terminal does it take? */
size_t text_columns(const char *s);

/* Without white space at either end, which is cut off in place. */
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
bool text_list_has(const struct text_list *, const char *s);
void text_list_free(struct text_list *);

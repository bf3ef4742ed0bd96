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

/* Well-formed UTF-8 (RFC 3629: shortest form, no surrogates). */
bool text_is_utf8(const char *s);

/*
 * The length that Java gives a string: UTF-16 code units.  s need not be
 * UTF-8.
 */
size_t text_utf16_units(const char *s);

bool text_has_control(const char *s);

/* A list of strings, as a setting holds one. */
struct text_list {
	char **items;
	size_t n;
};

/* Split at commas; blanks around an item and empty items are dropped. */
void text_list_parse(struct text_list *, const char *s);
void text_list_add(struct text_list *, const char *s);
bool text_list_has(const struct text_list *, const char *s);
void text_list_free(struct text_list *);

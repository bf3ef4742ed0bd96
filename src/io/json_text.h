#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"

/*
 * JSON as text, however large, without a tree of it, which could take a
 * hundred times the memory.  What counts as JSON is RFC 8259, with what
 * jansson refuses: a byte order mark in front, \u0000, lone surrogates as
 * escapes, and numbers of any size.
 */

/* How many pointers can be looked for at once, and how many tokens in one. */
enum { JSON_TEXT_POINTERS = 63, JSON_TEXT_TOKENS = 62 };

/* What stands at a pointer (RFC 6901): the first that there is. */
struct json_place {
	size_t start, end; /* of its value; end 0: there is none */
	bool is_leading;   /* the first member of the text's object */
	bool is_twice;     /* a member on the way to it is there twice */
};

/*
 * Find what these pointers name, places has one for each.  True
 * when the text is one JSON value; else places has what was whole before the
 * mistake.
 */
bool json_text_find(const struct buf *text, const struct text_list *pointers,
    struct json_place *places);

/*
 * Cut out all members that these pointers name, also those that are there
 * twice, and leave every other byte; of an array's element null remains, or 0
 * where that is too long.  Each object is cut like one that stands alone,
 * wherever it is.  False when the text is not JSON: then it is spoilt.
 */
bool json_text_cut(struct buf *text, const struct text_list *pointers);

/* Does it, JSON or not, hold the name of such a member, in quotes? */
bool json_text_has_name(const struct buf *text,
    const struct text_list *pointers);

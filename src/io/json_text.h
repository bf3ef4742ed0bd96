#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/text.h"

/*
 * JSON as text of any size, without building a tree, which could take a hundred
 * times the memory.  Accepts RFC 8259 and also what jansson rejects: a byte
 * order mark, \u0000, escaped lone surrogates, and numbers of any size.
 */

/* Maximum number of pointers per search, and of tokens in one. */
enum { JSON_TEXT_POINTERS = 63, JSON_TEXT_TOKENS = 62 };

/* The value at a pointer (RFC 6901); the first if there are several. */
struct json_place {
	size_t start, end; /* of its value; end 0: not found */
	bool is_leading;   /* the first member of the text's object */
	bool is_twice;     /* a member on the path occurs twice */
};

/*
 * Find the values of these pointers; places has one entry for each.  True when
 * the text is exactly one JSON value; otherwise places has what was complete
 * before the error.
 */
bool json_text_find(const struct buf *text, const struct text_list *pointers,
    struct json_place *places);

/*
 * Remove all members that these pointers name, including duplicates, and keep
 * every other byte.  An array element becomes null, or 0 where null is too
 * long.  Objects are matched at any depth, as if each were the whole text.
 * False when the text is not JSON; its content is then unusable.
 */
bool json_text_cut(struct buf *text, const struct text_list *pointers);

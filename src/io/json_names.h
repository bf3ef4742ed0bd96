#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/*
 * The names of the members that pointers (RFC 6901) lead to, in text that may
 * not be JSON.  A name counts in quotes: "name", 'name', or, as inside a
 * string, \"name\" or \u0022name\u0022.  For an element of an array it is the
 * array's name.
 */

/* Does the text have one of these names in quotes? */
bool json_names_in(const char *text, size_t len,
    const struct text_list *pointers);

/* Does a string of this JSON have such a name in quotes, before a colon? */
bool json_names_in_strings(const char *text, size_t len,
    const struct text_list *pointers);

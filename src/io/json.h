#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

/*
 * What jansson lacks: size limits, the tokens of JSON pointers, and leniency
 * towards what other parsers accept.
 */

#define autojson __attribute__((cleanup(json_release)))
void json_release(json_t **);

/*
 * Make jansson end the process when memory runs out: otherwise a failed
 * allocation looks like invalid JSON or a missing member.
 */
void json_init(void);

/* Parse; NULL and ERR_TEMPORARY with the position when it is not JSON. */
json_t *json_parse(const char *text, size_t len, struct err *e);

/*
 * The same for JSON from others: accepts a BOM, NUL in strings, halves of
 * surrogate pairs, and integers that are too long.  On failure ERR_CONFIG, or
 * ERR_TEMPORARY when the text was truncated.
 */
json_t *json_parse_foreign(const char *text, size_t len, struct err *e);

/* Is it a JSON blank (RFC 8259, section 2)? isspace() accepts more. */
bool json_is_blank(char);

/* The tokens of this pointer (RFC 6901); the caller frees them. */
void json_pointer_split(const char *pointer, struct text_list *tokens);

/* The member as a string; NULL when absent or not a string; borrowed. */
const char *json_member_string(const json_t *, const char *name);

/* The member as an integer, or the fallback. */
int64_t json_member_int(const json_t *, const char *name, int64_t fallback);

/*
 * The same for a member written by others: also accepts a float or a string of
 * digits that is a whole number (Jackson's ToStringSerializer, Gson).
 */
int64_t json_member_number(const json_t *, const char *name, int64_t fallback);

/*
 * An identifier: a whole number, or a text of at most 1024 bytes that can be a
 * percent-encoded URL segment, so not "." or ".." and without NUL.  NULL for
 * anything else; the caller frees it.
 */
char *json_id(const json_t *);

/* Is the text a valid identifier? */
bool json_is_id(const char *text);

/*
 * A file name as JSON.  JSON is UTF-8 but names need not be: a name that is not
 * plain UTF-8, or has a '%', is percent-encoded.
 */
json_t *json_path(const char *path);

/* The same as text, which the caller frees. */
char *json_path_text(const char *path);

/* The inverse, which the caller frees; NULL when json is not such a name. */
char *json_path_value(const json_t *);

/* "jansson 2.14", as loaded; the caller frees it. */
char *json_library(void);

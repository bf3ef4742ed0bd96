#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

/*
 * What jansson does not bring: bounded input, the tokens of JSON pointers, what
 * only other parsers take.
 */

#define autojson __attribute__((cleanup(json_release)))
void json_release(json_t **);

/*
 * Let jansson's memory end the process like ours: a failure would else be
 * taken for a text that is no JSON, or a member would be missing in one.
 */
void json_init(void);

/* Parse; NULL and ERR_TEMPORARY with the place when it is no JSON. */
json_t *json_parse(const char *text, size_t len, struct err *e);

/*
 * The same for what others sent, with a BOM, NUL in strings, or integers that
 * are too long.  ERR_CONFIG unless the text was cut.
 */
json_t *json_parse_foreign(const char *text, size_t len, struct err *e);

/* A blank as JSON has it (RFC 8259, 2); isspace() takes more. */
bool json_is_blank(char);

/* The tokens of this pointer (RFC 6901), the caller's. */
void json_pointer_split(const char *pointer, struct text_list *tokens);

/* The member as a string, or NULL when it is absent or none; borrowed. */
const char *json_member_string(const json_t *, const char *name);

/* The member as an integer, or the fallback. */
int64_t json_member_int(const json_t *, const char *name, int64_t fallback);

/*
 * The same for a member that others wrote: also a float or a string of
 * digits that is a whole number (Jackson's ToStringSerializer, Gson).
 */
int64_t json_member_number(const json_t *, const char *name, int64_t fallback);

/*
 * An identifier: a whole number, or any text of at most 1024 bytes that can be
 * a segment of a URL when it is percent-encoded: not "." and "..", and no NUL.
 * NULL when it is neither; the caller frees it.
 */
char *json_id(const json_t *);

/* Is the text one? */
bool json_is_id(const char *text);

/*
 * A file name.  JSON holds UTF-8 only, names hold anything: one that is not
 * plain UTF-8, or has a '%', is percent-encoded.
 */
json_t *json_path(const char *path);

/* The same as text, which the caller frees. */
char *json_path_text(const char *path);

/* The inverse, which the caller frees; NULL when it is none. */
char *json_path_value(const json_t *);

/* "jansson 2.14", as loaded; the caller frees it. */
char *json_library(void);

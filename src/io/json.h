#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

/*
 * What jansson does not bring: bounded input, JSON pointers, duplicates of
 * members that matter, and arrays that are read an element at a time.
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

/* RFC 6901.  A borrowed reference, or NULL. */
json_t *json_pointer_get(const json_t *, const char *pointer);

/*
 * Take the member away, or put null in the element's place (the others keep
 * theirs); true when there was one.
 */
bool json_pointer_remove(json_t *, const char *pointer);

/*
 * Does an object in this text, which json_parse() took, have a member twice
 * that one of these pointers (at most 64) passes through?  Judged by name
 * and depth.  A parser that lets one of the two win would let whoever wrote
 * the second decide.
 */
bool json_has_duplicate(const char *text, size_t len,
    const struct text_list *pointers);

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
 * An identifier that may enter a path: an integer or a string of letters,
 * digits, '-' and '_', at most 128 bytes.  NULL when it is neither; the
 * caller frees it.
 */
char *json_plain_id(const json_t *);

/*
 * A file name.  JSON holds UTF-8 only, names hold anything: one that is not
 * plain UTF-8, or has a '%', is percent-encoded.
 */
json_t *json_path(const char *path);

/* The same as text, which the caller frees. */
char *json_path_text(const char *path);

/* The inverse, which the caller frees; NULL when it is none. */
char *json_path_value(const json_t *);

/* An array that arrives in pieces; each element is parsed by itself. */
struct json_stream {
	int (*element)(void *ctx, const json_t *, struct err *e);
	void *ctx;
	struct buf pending;
	int depth; /* 0 before '[', 1 between elements */
	bool is_string, is_escaped, is_ended;
	char last; /* '[', ',' or '}': what stood between elements */
};

enum { JSON_STREAM_ELEMENT_BYTES = 64 * 1024 };

/*
 * Feed the next piece.  -1 with ERR_TEMPORARY when it is not an array of
 * objects, when an element is too long, or when element() said so.
 */
int json_stream_feed(struct json_stream *, const char *data, size_t len,
    struct err *e);

/* After the last piece: -1 with ERR_TEMPORARY unless the array was closed. */
int json_stream_end(struct json_stream *, struct err *e);

/* "jansson 2.14", as loaded; the caller frees it. */
char *json_library(void);

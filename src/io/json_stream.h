#pragma once

#include <stdint.h>

#include "io/json.h"

enum { STREAM_WAYS = 4 };

/*
 * A list that arrives in pieces; each of its objects is parsed separately.  It
 * is the document itself, or its only array under a name that servers use for
 * it ("content", "data", "items", "results", "_embedded" and any name within
 * that).  Zero the stream and set element and ctx to start.
 */
struct json_stream {
	int (*element)(void *ctx, const json_t *, struct err *e);
	void *ctx;
	size_t elements; /* of any type */
	size_t skipped;  /* those that are not objects, or not JSON */
	uint64_t print;  /* hash of all their bytes */

	struct buf pending, around; /* an element; the rest of the document */
	int depth;                  /* of brackets, in one of the two */
	bool is_string, is_escaped;
	enum { LIST_AHEAD, LIST_OPEN, LIST_CLOSED } list;
	int list_depth;
	char last;   /* in the list: '[', ',', or 'x' for an element */
	size_t name; /* in around: start of the last string */
	char ways[STREAM_WAYS]; /* for each depth, the names leading to it */
};

enum { JSON_STREAM_ELEMENT_BYTES = 64 * 1024 };

/*
 * Feed the next piece.  -1 with ERR_CONFIG when this is not a list, with
 * ERR_TEMPORARY when an element is too long, or with the error of element().
 */
int json_stream_feed(struct json_stream *, const char *data, size_t len,
    struct err *e);

/*
 * Call after the last piece.  Returns the document around the list, owned by
 * the caller. null is an empty list, and so is a HAL resource without a list,
 * unless it has other members.  NULL with ERR_TEMPORARY when the text was
 * truncated, otherwise with ERR_CONFIG.
 */
json_t *json_stream_end(struct json_stream *, struct err *e);

/* What is in a wrapper or in an array of one element; borrowed; or NULL. */
const json_t *json_wrapped(const json_t *);

/* The object that has this member, unwrapped like a list; borrowed; or NULL. */
const json_t *json_unwrap(const json_t *, const char *member);

/* The object with the members of a record: itself, or JSON:API's attributes. */
const json_t *json_attributes(const json_t *record);

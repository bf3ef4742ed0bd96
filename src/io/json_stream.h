#pragma once

#include <stdint.h>

#include "io/json.h"

enum { STREAM_WAYS = 4 };

/*
 * A list that arrives in pieces; each of its objects is parsed by itself.  It
 * is an array, or the only one that is reached by names which servers give it
 * ("content", "data", "items", "results", "_embedded" and any name in that).
 * Zeroed but for element and ctx, the stream is ready to begin.
 */
struct json_stream {
	int (*element)(void *ctx, const json_t *, struct err *e);
	void *ctx;
	size_t elements; /* whatever they are */
	size_t skipped;  /* those that are not objects, or not JSON */
	uint64_t print;  /* of all their bytes: the same for the same */

	struct buf pending, around; /* an element, and what is none */
	int depth;                  /* of brackets, in the one of the two */
	bool is_string, is_escaped;
	enum { LIST_AHEAD, LIST_OPEN, LIST_CLOSED } list;
	int list_depth;
	char last;              /* in the list: '[', ',', 'x' for an element */
	size_t name;            /* in around: where the last string begins */
	char ways[STREAM_WAYS]; /* of each depth: which names lead to it */
};

enum { JSON_STREAM_ELEMENT_BYTES = 64 * 1024 };

/*
 * Feed the next piece.  -1 with ERR_CONFIG when this is not a list, with
 * ERR_TEMPORARY when an element is too long, or with what element() said.
 */
int json_stream_feed(struct json_stream *, const char *data, size_t len,
    struct err *e);

/*
 * After the last piece: what stands around the list, the caller's.  null is an
 * empty list, and so is a HAL resource without any, unless something else is
 * beside it.  NULL with ERR_TEMPORARY
 * when the text was cut, else with ERR_CONFIG.
 */
json_t *json_stream_end(struct json_stream *, struct err *e);

/* The object with this member, wrapped like a list or not; borrowed; NULL. */
const json_t *json_unwrap(const json_t *, const char *member);

/* What has the members of a record with an id: it, or JSON:API's attributes. */
const json_t *json_attributes(const json_t *record);

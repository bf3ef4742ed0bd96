#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "io/http.h"

/* The position in a list with pages; zero it at the start. */
struct page {
	bool is_understood;   /* a record has a path or an id */
	int count;            /* pages read */
	int64_t elements;     /* in all of them */
	uint64_t print, mark; /* hash of the last and of an earlier one */
	int64_t first, asked; /* first and last page number */
};

/*
 * Has a page with this hash been read before, or are there more pages than in
 * any real list? Call it once for each page that has a next one.
 */
bool page_is_circle(struct page *);

/*
 * The URL of the next page, according to the answer's Link headers (RFC 8288),
 * a link around the list, or the numbers of this page and of all pages as in
 * Spring Data.  0 with *next, NULL at the end of the list; the caller frees it.
 * -1 with ERR_CONFIG when the link is not understood, leads in a circle or to
 * another origin, which would see our token, or repeats a secret; also when the
 * answer reports a failure or more records than were read.
 */
int page_next(struct page *, const char *url, const struct http_answer *,
    const json_t *around, char **next, struct err *e);

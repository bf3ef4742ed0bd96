#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"
#include "io/http.h"

/* Where in a list that comes in pages are we?  Zeroed at its start. */
struct page {
	int count;            /* pages that were read */
	int64_t elements;     /* in all of them */
	uint64_t print, mark; /* of the last one; of an earlier one */
	int64_t first, asked; /* numbers, of the first and of the last one */
};

/*
 * Was a page with this print read before, or are there more pages than any
 * list has?  Once for each page that another one follows, counted and with its
 * print.
 */
bool page_is_circle(struct page *);

/*
 * Where the list at this URL goes on, by the answer's Link headers (RFC 8288),
 * by a link around the list, or by the numbers of this page and of all, as
 * Spring Data has them.  0 with *next, NULL at the end of the list; the caller
 * frees it.  -1 with ERR_CONFIG when that is not understood, leads in circles,
 * to another origin, which would see our token, or repeats a secret; also when
 * the answer says that something failed, or that there is more than what was
 * read.
 */
int page_next(struct page *, const char *url, const struct http_answer *,
    const json_t *around, char **next, struct err *e);

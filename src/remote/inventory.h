#pragma once

#include "remote/destination.h"
#include "remote/page.h"

/*
 * What the server has of one recording, according to its list: every file whose
 * path contains the session and every file whose id is in the journal, except
 * versions known to be outdated.  The only reader of the list: lenient about
 * its form, strict about what it proves.
 */
struct remote_record {
	char *path, *id; /* id is NULL where the record has none */
	char *listed;    /* under an earlier name of this path, or its path
			    as it may be shown; or NULL */
	int64_t size;    /* -1: not reported */
	bool is_known;   /* the journal has this id */
	bool is_claimed; /* it proves that an artifact is stored */
};

struct inventory {
	struct remote_record *records; /* sorted by path */
	size_t n, cap;
	struct remote_record **by_id; /* those with an id, sorted by it */
	size_t n_ids;
	struct remote_record **by_name; /* all, by file name in any case */
	size_t outdated;                /* outdated versions ignored */
	size_t n_foreign;               /* records outside /room/session/ */
	bool is_renaming; /* may have files we cannot identify: it has paths
			     without the session, or unknown records */

	/* Only while reading: */
	const struct destination_ops *ops;
	const struct progress *progress;
	const struct text_list *made;
	struct http_request request;
	struct page page;
	void *reader;                     /* the destination's, of this page */
	struct err form;                  /* why it is not a list */
	size_t n_before, outdated_before; /* in earlier pages */
	size_t bytes;                     /* in all records */
	char *url, *folder;
	struct text_list known; /* ids of the journal, sorted */
};

/*
 * Prepare inventory.request, which asks for the resolved recording.  The
 * inventory must not move until it is freed; headers, progress and made must
 * outlive the request. made: ids of objects just assembled from parts, or NULL.
 */
void inventory_begin(struct inventory *, const struct destination_policy *,
    const struct progress *, const struct text_list *headers,
    const struct text_list *made);

/*
 * Add a record that the destination has read.  Above 128 MiB of records the
 * list is refused and the rest ignored.
 */
void inventory_add(struct inventory *, const char *path, const char *id,
    int64_t size);

/*
 * Process the answer: 0 when the whole list was read, 1 when inventory.request
 * is ready for the next page, -1 with *e.
 */
int inventory_end(struct inventory *, const struct http_answer *,
    struct err *e);
void inventory_free(struct inventory *);

/* Does this status mean that the server does not permit listing at all? */
bool inventory_is_refused(long status);

/*
 * Read the whole list at once, repeated while errors are temporary, with our
 * secrets masked in paths that may be shown.  -1 with *e, and *is_refused when
 * the server does not permit listing at all.  Free it even then.
 */
int inventory_read(struct inventory *, const struct destination *,
    const struct progress *, bool *is_refused, struct err *e);

/* The first of the *n records with this path; NULL: none. */
struct remote_record *inventory_find(const struct inventory *, const char *path,
    size_t *n);

/* The record with this id; NULL: none. id may be NULL. */
struct remote_record *inventory_find_id(const struct inventory *,
    const char *id);

/*
 * The record with size bytes under the fact's id, or else under the path: as
 * is, in another case, or with a prefix.  An unreported size matches any; a
 * record that belongs to another artifact by its id, or was already claimed,
 * does not match.  NULL: none.  *is_other, unless NULL, tells whether there is
 * one of another size.
 */
struct remote_record *inventory_has(const struct inventory *,
    const struct fact *, const char *path, int64_t size, bool *is_other);

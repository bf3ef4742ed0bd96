#pragma once

#include "remote/destination.h"

/*
 * What the server has of one recording, by its list: every file whose path
 * holds the session, and every file whose id the journal knows, but for
 * versions that are known to be out of date.  The only reader of the list:
 * lenient about its form, strict about what it proves.
 */
struct remote_record {
	char *path, *id; /* id is NULL where the record has none */
	char *listed;    /* under an earlier name of this path, or as its path
			    may be shown; or NULL */
	int64_t size;    /* -1: not said */
	bool is_known;   /* the journal has it under this id */
	bool is_claimed; /* it is the proof of an artifact */
};

struct inventory {
	struct remote_record *records; /* sorted by path */
	size_t n, cap;
	struct remote_record **by_id; /* those that have one, sorted by it */
	size_t n_ids;
	size_t outdated;  /* versions that were passed over */
	size_t n_foreign; /* records that are not below /room/session/ */
	bool is_renaming; /* it may have what we cannot tell: paths without
			     the session, records that are not understood */

	/* While it is read. */
	const struct destination_ops *ops;
	const struct progress *progress;
	const struct text_list *made;
	struct http_request request;
	void *reader;    /* the destination's */
	struct err form; /* why it is not a list */
	size_t n_before; /* records of the pages before */
	size_t bytes;    /* that all records hold */
	char *url, *folder;
	struct text_list known; /* ids of the journal, sorted */
};

/*
 * Make inventory.request ready, which asks for the resolved recording; it is
 * its own owner.  The inventory stays where it is until it is freed; headers,
 * progress and made outlive the request: ids of what was just made of parts, or
 * NULL.
 */
void inventory_begin(struct inventory *, const struct destination_policy *,
    const struct progress *, const struct text_list *headers,
    const struct text_list *made);

/*
 * One more record, which the destination has read.  Beyond 128 MiB of them the
 * list is refused, and what comes then is passed over.
 */
void inventory_add(struct inventory *, const char *path, const char *id,
    int64_t size);

/*
 * With the answer: 0 when the whole list was read; 1 when inventory.request
 * is ready again, for the next page; -1 with *e.
 */
int inventory_end(struct inventory *, const struct http_answer *,
    struct err *e);
void inventory_free(struct inventory *);

/* Does this status say that the server does not let us list at all? */
bool inventory_is_refused(long status);

/*
 * All of it at once, repeated while errors are temporary, with our secrets
 * masked where a record's path may be shown.  -1 with *e, and *is_refused when
 * the server does not let us list at all.  To be freed even then.
 */
int inventory_read(struct inventory *, const struct destination *,
    const struct progress *, bool *is_refused, struct err *e);

/* The first of the *n records with this path; NULL: none. */
struct remote_record *inventory_find(const struct inventory *, const char *path,
    size_t *n);

/* The record with this id, which may be NULL; NULL: none. */
struct remote_record *inventory_find_id(const struct inventory *,
    const char *id);

/*
 * Which record shows size bytes under the fact's id, or else under the path,
 * as it is, in another case or with something in front?  A size that is not
 * said is no other size, and what is another artifact's by its id, or was found
 * for one already, is not this one's.  NULL: none.  *is_other, where it is not
 * NULL, says that there is something of another size.
 */
struct remote_record *inventory_has(const struct inventory *,
    const struct fact *, const char *path, int64_t size, bool *is_other);

#pragma once

#include "base/retry.h"
#include "io/json.h"
#include "journal/progress.h"
#include "remote/auth.h"
#include "remote/filestore.h"

/*
 * What the server has of one recording, by its list: every file whose path
 * holds the session, and every file whose id the journal knows, but for
 * versions that are known to be out of date.  The only reader of the list:
 * lenient about its form, strict about what it proves.
 */
struct remote_record {
	char *path, *id; /* id is NULL where the record has none */
	int64_t size;    /* -1: not said */
	bool is_claimed; /* the caller's */
};

struct inventory {
	struct remote_record *records; /* sorted by path */
	size_t n, cap;
	struct remote_record **by_id; /* those that have one, sorted by it */
	size_t n_ids;
	size_t outdated;  /* versions that were passed over */
	size_t n_foreign; /* records that are not below /room/session/ */
	bool is_renaming; /* paths need not even hold the session */

	/* While it is read. */
	const struct progress *progress;
	struct http_request request;
	struct json_stream stream;
	char *url, *prefix;
	struct text_list known; /* ids of the journal, sorted */
};

/*
 * Make inventory.request ready, which asks for the resolved recording; it is
 * its own owner.  The inventory stays where it is until it is freed; headers
 * and progress outlive the request.
 */
void inventory_begin(struct inventory *, const struct filestore_policy *,
    const struct progress *, const struct text_list *headers);

/* With the answer: -1 with *e unless the whole list was read. */
int inventory_end(struct inventory *, const struct http_answer *,
    struct err *e);
void inventory_free(struct inventory *);

/* Does this status say that the server does not let us list at all? */
bool inventory_is_refused(long status);

struct inventory_deps {
	struct http *http;
	const struct filestore_policy *filestore;
	struct auth *auth;
	const struct retry_policy *retry;
};

/*
 * All of it at once, repeated while errors are temporary.  -1 with *e, and
 * *is_refused when the server does not let us list at all.  To be freed even
 * then.
 */
int inventory_read(struct inventory *, const struct inventory_deps *,
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
 * said is no other size.  NULL: none.  *is_other, where it is not NULL, says
 * that there is something of another size.
 */
struct remote_record *inventory_has(const struct inventory *,
    const struct fact *, const char *path, int64_t size, bool *is_other);

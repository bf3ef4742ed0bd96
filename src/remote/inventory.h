#ifndef REMOTE_INVENTORY_H
#define REMOTE_INVENTORY_H

#include "base/retry.h"
#include "journal/progress.h"
#include "remote/auth.h"
#include "remote/filestore.h"

/*
 * What the server has of one recording, by its list: every file below
 * /room/session/, but for versions that are known to be out of date.
 */
struct remote_record {
	char *path, *id; /* id is NULL when it is not plain */
	int64_t size;    /* -1: not said */
	bool is_claimed; /* the caller's */
};

struct inventory {
	struct remote_record *records; /* sorted by path */
	size_t n, cap;
	size_t outdated; /* versions that were passed over */
};

struct inventory_deps {
	struct http *http;
	const struct filestore_policy *filestore;
	struct auth *auth;
	const struct retry_policy *retry;
};

/*
 * Ask for what there is of the resolved recording; repeated while errors are
 * temporary.  -1 with *e, and *is_refused when the server does not let us
 * list at all.  To be freed even then.
 */
int inventory_read(struct inventory *, const struct inventory_deps *,
    const struct progress *, bool *is_refused, struct err *e);
void inventory_free(struct inventory *);

/* The first of the *n records with this path; NULL: none. */
struct remote_record *inventory_find(const struct inventory *, const char *path,
    size_t *n);

#endif

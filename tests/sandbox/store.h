/*
 * What has been stored: objects as files under store/, and one record of each
 * in records.jsonl.  Every function requires the sandbox's lock.
 */
#ifndef STORE_H
#define STORE_H

#include "sandbox.h"
#include "upload.h"

/* Load the records of an earlier run. */
void store_load(struct sandbox *);

/* The folder in a path query, as `a/b`, to be freed; NULL if invalid. */
char *store_folder(const char *path);

/* A record in the form of an answer; the caller frees it. */
json_t *store_record(const struct sandbox *, const char *reference_id,
    const char *folder, const struct upload *);

/*
 * Move the upload into the store under its record; a second one is `~2`, but
 * a record with an etag, of S3, replaces that of its path.
 */
void store_add(struct sandbox *, json_t *record, struct upload *);

/*
 * An array of the records of a reference id, with the sizes of the files; the
 * caller's.
 */
json_t *store_list(const struct sandbox *, const char *reference_id);

/* Open an object by its file id; -1 if there is none.  *type is borrowed. */
int store_open(const struct sandbox *, const char *id, const char **type);

/* A record without the sandbox's own members; the caller frees it. */
json_t *store_public(const json_t *record);

#endif

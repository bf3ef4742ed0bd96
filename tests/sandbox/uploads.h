/*
 * Unfinished uploads in parts, of S3 and of the file-service: each is an object
 * in uploads.json, whose member "parts" has etag and size by number.  The parts
 * themselves are in incoming/.  An id has no slash.  Every function
 * requires the sandbox's lock.
 */
#ifndef UPLOADS_H
#define UPLOADS_H

#include <stdbool.h>

#include "sandbox.h"
#include "upload.h"

/* Load the uploads of an earlier run. */
void uploads_load(struct sandbox *);

/* Remember a new one. */
void uploads_add(struct sandbox *, const char *id, json_t *upload);

/*
 * Take over a part, which replaces one with its number; false: no such upload.
 */
bool uploads_add_part(struct sandbox *, const char *id, const char *number,
    struct upload *part, const char *etag);

/* Feed a part's bytes to the upload of the whole. */
void uploads_append(const char *id, const char *number, struct upload *whole);

/* Forget it, and remove its parts. */
void uploads_remove(struct sandbox *, const char *id);

#endif

/*
 * With --parts-s3, an S3 server keeps the parts of a file, and their URLs lead
 * to it.  A whole file is fetched from there and stored here.  If it is larger
 * than --discard-over it stays there, as with a service that keeps its files at
 * S3, and nobody compares its SHA-256.
 *
 * Less strict than our own storage: if complete has a wrong SHA-256, the upload
 * is already gone at S3, and is not found afterwards.
 */
#ifndef PARTS_S3_H
#define PARTS_S3_H

#include "answer.h"
#include "request.h"

/* Are parts kept there? */
bool parts_s3_is_used(const struct sandbox *);

/*
 * Begin an upload there, and note it in ours.  False with the answer, as for
 * each of these functions.
 */
bool parts_s3_begin(const struct request *, json_t *up, struct answer *);

/* A URL of a part; the caller frees it. */
char *parts_s3_url(const struct request *, const json_t *up, long long number);

/* Update the parts that we have noted. */
bool parts_s3_renew(const struct request *, json_t *up, struct answer *);

/*
 * Assemble parts 1 to n.  With is_fetched, feed the file to the request's
 * upload, and remove it there.
 */
bool parts_s3_complete(const struct request *, const json_t *up, size_t n,
    bool is_fetched, struct answer *);

bool parts_s3_abort(const struct request *, const json_t *up, struct answer *);

#endif

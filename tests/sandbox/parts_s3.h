/*
 * With --parts-s3 the parts of a file are kept by a server of S3, to which the
 * URLs of parts lead; a whole file is fetched from there and stored here, unless
 * it is larger than --discard-over: then it stays there, as with a service that
 * keeps its files at S3, and nobody compares its SHA-256.
 *
 * Not as strict as our own storage: when the SHA-256 of a complete is wrong,
 * the upload is over at S3 and so is not found from then on.
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

/* A URL of a part, the caller's. */
char *parts_s3_url(const struct request *, const json_t *up, long long number);

/* Update the parts that we have noted. */
bool parts_s3_renew(const struct request *, json_t *up, struct answer *);

/*
 * Make parts 1 to n a file; if it is fetched, feed it to the request's upload,
 * and remove it there.
 */
bool parts_s3_complete(const struct request *, const json_t *up, size_t n,
    bool is_fetched, struct answer *);

bool parts_s3_abort(const struct request *, const json_t *up, struct answer *);

#endif

/*
 * S3 on the same port, with --s3 KEY SECRET: a path that is neither a room, a
 * webhook, a token nor health is /BUCKET/KEY, path-style or, with the Host
 * BUCKET.s3.localhost, host-style.  Objects are kept like the file-service's,
 * at store/KEY; a bucket is a directory buckets/NAME.
 *
 * As AWS does it, except that a completed upload is gone at once.  In DIR:
 *
 *   secret-sessions  written by a test: lines "TOKEN KEY SECRET"; if it
 *                  exists, only these are accepted (others: ExpiredToken)
 *   uploads.json   unfinished multipart uploads (uploads.h)
 */
#ifndef S3_H
#define S3_H

#include "answer.h"
#include "request.h"

/* Stage, bucket and key of a request that no other service knows. */
void s3_parse(struct request *);

/* As service_answer() and service_apply(); both with the lock held. */
void s3_answer(struct request *, struct answer *);
void s3_apply(struct request *);

/* An <Error> with this code. */
void s3_error(struct answer *, unsigned status, const char *code,
    const char *message);

/*
 * s3_proof.c: is the request signed for us (AWS Signature Version 4, in the
 * Authorization header or in the query) and in time, and does its body match?
 * If not, the error is the answer.
 */
bool s3_is_proved(const struct request *, struct answer *);

/* s3_parts.c: multipart uploads. */
void s3_begin(struct request *, struct answer *);
void s3_part(struct request *, struct answer *);
void s3_parts(struct request *, struct answer *);
void s3_complete(struct request *, struct answer *);
void s3_abort(struct request *, struct answer *);
void s3_uploads(struct request *, struct answer *);
void s3_apply_parts(struct request *);

/* The end of a list's page, by --page-size and this parameter. */
size_t s3_page_end(const struct request *, const char *parameter, size_t from,
    size_t total);

/* An unfinished XML document; s3_xml_end() makes it the answer. */
struct s3_xml {
	FILE *f;
	char *text;
	size_t bytes;
};
void s3_xml_begin(struct s3_xml *, const char *root);
void s3_xml_open(struct s3_xml *, const char *name);
void s3_xml_close(struct s3_xml *, const char *name);
void s3_xml_text(struct s3_xml *, const char *name, const char *text);
void s3_xml_number(struct s3_xml *, const char *name, long long);
void s3_xml_end(struct s3_xml *, const char *root, struct answer *);

/*
 * The text of <NAME> in from..end, quotes and their entities left out; the
 * caller's.  NULL if there is none.
 */
char *s3_element(const char *from, const char *end, const char *name);

/* The record of an object about to be stored; the caller frees it. */
json_t *s3_record(const struct request *, const struct upload *,
    const char *etag);

#endif

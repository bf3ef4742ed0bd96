#pragma once

#include "io/xml.h"
#include "remote/inventory.h"

/* What the s3_*.c files share; nobody else includes this. */

#define S3_LEAST_PART ((int64_t)5 << 20)
#define S3_MOST_PART ((int64_t)5 << 30)

/* The list of a bucket (ListObjectsV2), page by page. */
int s3_page_add(struct inventory *, const char *data, size_t len,
    struct err *e);
int s3_page_end(struct inventory *, const struct http_answer *, char **next,
    struct err *e);
void s3_page_close(struct inventory *);

/* The URL of the object "/KEY"; of the bucket for "". */
char *s3_url(const struct s3_policy *, const char *object, const char *query);

/*
 * The ETag without quotes; NULL if longer than any real one (128 bytes).  The
 * caller frees it.
 */
char *s3_etag(const char *text);

/*
 * The id of an object: its ETag, with any slash encoded, and "/KEY".  NULL
 * without an ETag; the caller frees it.
 */
char *s3_id(const char *etag, const char *object);

extern const struct part_ops s3_parts;

/*
 * Was the request signed with these keys, judged by their token? Keys without a
 * token are never replaced: true.
 */
bool s3_keys_signed(const struct s3_keys *, const struct http_request *);

/*
 * Read the keys again if the token's file, which is written last, has changed.
 * False: unchanged, or a file cannot be read.
 */
bool s3_keys_renew(struct s3_keys *);

/* Read the XML of an answer; false with *e, or if there is none. */
bool s3_read(const struct http_answer *, xml_element *element, void *ctx,
    struct err *e);

/*
 * Set text and class from an <Error>, even in a 200; e may be NULL.  Returns
 * its code, which the caller frees; NULL: there is no <Error>, *e is unchanged.
 */
char *s3_error(const struct http_answer *, struct err *e);

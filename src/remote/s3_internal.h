#pragma once

#include "remote/inventory.h"

/* What the s3_*.c files share; nobody else includes this. */

#define S3_LEAST_PART ((int64_t)5 << 20)
#define S3_MOST_PART ((int64_t)5 << 30)

/* The list of a bucket (ListObjectsV2), page by page. */
void s3_page_open(struct inventory *);
int s3_page_add(struct inventory *, const char *data, size_t len,
    struct err *e);
int s3_page_end(struct inventory *, const struct http_answer *, char **next,
    struct err *e);
void s3_page_close(struct inventory *);

/* The object "/KEY" by its URL; "" for the bucket itself. */
char *s3_url(const struct s3_policy *, const char *object, const char *query);

/*
 * Without its quotes; NULL where it is longer than any server's is (128 bytes).
 * The caller frees it.
 */
char *s3_etag(const char *text);

/*
 * The id of an object: its ETag, in which a slash is encoded, and "/KEY".  NULL
 * without an ETag; the caller frees it.
 */
char *s3_id(const char *etag, const char *object);

extern const struct part_ops s3_parts;

/*
 * Is the request signed with these keys, by their token?  Keys without a token
 * are never replaced: true.
 */
bool s3_keys_signed(const struct s3_keys *, const struct http_request *);

/*
 * Read them again where the token's file has another token, which is written
 * last.  False: it has not, or something cannot be read.
 */
bool s3_keys_renew(struct s3_keys *);

/* A busy server sends blanks before its XML. */
size_t s3_blanks(const struct buf *);

/* The code of an <Error>; NULL: there is none.  The caller frees it. */
char *s3_code(const struct http_answer *);

/*
 * What an <Error> means: its code and words, and the class.  Also of a 200 that
 * holds one.  Nothing is changed where there is none.
 */
void s3_explain(const struct http_answer *, struct err *e);

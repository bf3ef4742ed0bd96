#pragma once

#include <stdint.h>

#include "base/text.h"
#include "io/digest.h"

/*
 * AWS Signature Version 4 for S3, in the Authorization header ("Authenticating
 * Requests" in the Amazon S3 API reference).  Pure.
 */

struct s3_credentials {
	const char *region, *access_key, *secret_key;
	const char *session_token; /* NULL or empty: none */
};

struct s3_call {
	const char *method;         /* "PUT" */
	const char *host;           /* as the Host header says it */
	const char *path;           /* percent-encoded once, as in the URL */
	const char *query;          /* of s3_query(), as in the URL */
	const char *payload_sha256; /* hexadecimal; NULL: not signed */
};

/*
 * Parameters and their values in turn, NULL at the end, in the one form that
 * is signed and sent: encoded, in order, each with its "=".  The caller frees
 * it.
 */
char *s3_query(const char *const *parameters);

/* The SHA-256 of the text. */
void s3_hash(const char *text, char hex[DIGEST_HEX_BYTES]);

/*
 * Sign host and these headers, "name: value" in lower case, at that moment;
 * append x-amz-content-sha256, x-amz-date, x-amz-security-token where there is
 * one, and Authorization.
 */
void s3_sign(const struct s3_call *, const struct s3_credentials *,
    int64_t unix_s, struct text_list *headers);

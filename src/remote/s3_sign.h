#pragma once

#include <stdint.h>

#include "io/digest.h"
#include "remote/destination.h"

/*
 * AWS Signature Version 4 for S3, in the Authorization header ("Authenticating
 * Requests" in the Amazon S3 API reference).  Pure.
 */

struct s3_call {
	const char *method;         /* "PUT" */
	const char *url;            /* with a query from s3_query() or none */
	const char *payload_sha256; /* hexadecimal; NULL: not signed */
	const char *region;
	char *const *keys; /* as texts in struct s3_keys */
};

/*
 * Join names and values, alternating and ending with NULL, in the canonical
 * form that is both signed and sent: encoded, sorted, each with "=".  The
 * caller frees it.
 */
char *s3_query(const char *const *parameters);

/* The SHA-256 of the text. */
void s3_hash(const char *text, char hex[DIGEST_HEX_BYTES]);

/*
 * Sign host and these headers ("name: value" in lower case) at that time;
 * append x-amz-content-sha256, x-amz-date, x-amz-security-token if there is
 * one, and Authorization.
 */
void s3_sign(const struct s3_call *, int64_t unix_s, struct text_list *headers);

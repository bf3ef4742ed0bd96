#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum { DIGEST_SHA256_BYTES = 32, DIGEST_HEX_BYTES = 65 };

/* A SHA-256 that is computed incrementally. */
struct digest;

struct digest *digest_new(void);

/* An MD5 (RFC 1321) instead, which S3 requires for what it receives. */
struct digest *digest_new_md5(void);
/*
 * The same as digest_new(), but computed in a separate thread, or by the caller
 * when no thread can be started.  The data is copied, so it may change after
 * digest_add(), which blocks while the thread is four pieces or 512 KiB behind.
 */
struct digest *digest_new_beside(void);
void digest_add(struct digest *, const void *data, size_t len);
/* Lower-case hexadecimal with a NUL.  Nothing can be added afterwards. */
void digest_hex(struct digest *, char hex[DIGEST_HEX_BYTES]);
/* The digest as bytes, and their number. */
size_t digest_sum(struct digest *, unsigned char sum[DIGEST_SHA256_BYTES]);
/* The digest in base64; the caller frees it. */
char *digest_in_base64(struct digest *);
void digest_free(struct digest *);

/* The SHA-256 of a complete buffer. */
void digest_once(const void *data, size_t len, char hex[DIGEST_HEX_BYTES]);

/* Lower-case hexadecimal of any bytes; hex has room for 2 * len + 1. */
void digest_to_hex(const unsigned char *sum, size_t len, char *hex);

/* The inverse; false unless hex encodes exactly len bytes. */
bool digest_from_hex(const char *hex, unsigned char *sum, size_t len);

/* HMAC-SHA256 (RFC 2104).  The caller has checked that the key is not empty. */
void digest_hmac(const void *key, size_t key_len, const void *data, size_t len,
    unsigned char mac[DIGEST_SHA256_BYTES]);

/* Base64 (RFC 4648, with padding); the caller frees the result. */
char *digest_base64(const void *data, size_t len);

/* The inverse, appended to out; -1 with ERR_CONFIG when s is not base64. */
int digest_base64_decode(const char *s, struct buf *out, struct err *e);

/* "OpenSSL 3.0.17", as loaded; the caller frees it. */
char *digest_library(void);

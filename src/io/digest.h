#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum { DIGEST_SHA256_BYTES = 32, DIGEST_HEX_BYTES = 65 };

/* A SHA-256 that grows with the data. */
struct digest;

struct digest *digest_new(void);

/* An MD5 (RFC 1321) instead, as S3 wants to see of what it gets. */
struct digest *digest_new_md5(void);
/*
 * The same, computed by a thread of its own while the caller goes on; where
 * none can be started, by the caller.  The data is copied: it may change
 * after digest_add(), which waits when the thread is four pieces or 512 KiB
 * behind.
 */
struct digest *digest_new_beside(void);
void digest_add(struct digest *, const void *data, size_t len);
/* Lower-case hexadecimal with its NUL.  Nothing can be added after it. */
void digest_hex(struct digest *, char hex[DIGEST_HEX_BYTES]);
/* The bytes, and how many they are. */
size_t digest_sum(struct digest *, unsigned char sum[DIGEST_SHA256_BYTES]);
/* The same in base64; the caller frees it. */
char *digest_in_base64(struct digest *);
void digest_free(struct digest *);

/* The SHA-256 of bytes that are all there. */
void digest_once(const void *data, size_t len, char hex[DIGEST_HEX_BYTES]);

/* The same of any bytes; hex has room for 2 * len + 1. */
void digest_to_hex(const unsigned char *sum, size_t len, char *hex);

/* The inverse; false if it is not that of len bytes. */
bool digest_from_hex(const char *hex, unsigned char *sum, size_t len);

/* HMAC-SHA256 (RFC 2104).  The caller has checked that the key is not empty. */
void digest_hmac(const void *key, size_t key_len, const void *data, size_t len,
    unsigned char mac[DIGEST_SHA256_BYTES]);

/* Base64 (RFC 4648, with padding); the caller frees the result. */
char *digest_base64(const void *data, size_t len);

/* The inverse, appended to out; -1 with ERR_CONFIG when s is none. */
int digest_base64_decode(const char *s, struct buf *out, struct err *e);

/* "OpenSSL 3.0.17", as loaded; the caller frees it. */
char *digest_library(void);

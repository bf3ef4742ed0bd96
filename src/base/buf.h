#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Bytes that grow up to a limit.  A zeroed buffer is empty and has no limit.
 * data is NUL-terminated unless it is NULL; len does not count the NUL.
 */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t limit; /* in bytes; 0: unlimited */
};

#define autobuf __attribute__((cleanup(buf_free)))

/* False when this would exceed the limit; the buffer is then unchanged. */
bool buf_add(struct buf *, const void *data, size_t len);
bool buf_adds(struct buf *, const char *s);
bool buf_addf(struct buf *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Drop the first n bytes. */
void buf_drop(struct buf *, size_t n);

/* The bytes as a string, never NULL; valid until the next change. */
const char *buf_str(const struct buf *);

void buf_free(struct buf *);

#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"

/*
 * Open path below dirfd without ever following a symbolic link or leaving
 * the directory (openat2(2) with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS,
 * or a walk with O_NOFOLLOW where the kernel or a container forbids it).
 * O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added: a FIFO must not hang us.
 * -1 with errno.
 */
int file_open_beneath(int dirfd, const char *path, int flags);

/* Write everything, however often it takes.  -1 with errno. */
int file_write_all(int fd, const void *data, size_t len);

/*
 * Read from the current offset to the end.  -1 with errno, EFBIG when the
 * limit of the buffer would be passed.
 */
int file_read_all(int fd, struct buf *out);

int64_t file_mtime_ns(const struct stat *);

#endif

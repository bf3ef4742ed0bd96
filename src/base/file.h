#pragma once

#include <dirent.h>
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

/*
 * Describe what is at path below dirfd without following links on the way.  A
 * symbolic link at the end is described, or gives ELOOP.  -1 with errno.
 */
int file_stat_beneath(int dirfd, const char *path, struct stat *st);

/* The same for a directory to be listed.  NULL with errno. */
DIR *file_open_folder(int dirfd, const char *path);

/* The next name but "." and ".."; NULL at the end, or with errno. */
const char *file_next_name(DIR *);

/* The kind of a file that is not regular: "a symbolic link". */
const char *file_kind(mode_t mode);

/*
 * Create a file with an unpredictable name for writing; the caller frees the
 * name.  -1 with errno.
 */
int file_make_temporary(int dirfd, const char *stem, char **name);

/*
 * Replace the file of this name, synced and with this mode: a reader finds
 * the old or the new one.  -1 with errno.
 */
int file_replace(int dirfd, const char *name, mode_t mode, const struct buf *);

/* Write all bytes, with as many calls as needed.  -1 with errno. */
int file_write_all(int fd, const void *data, size_t len);

/*
 * Read from the current offset to the end.  -1 with errno; EFBIG when this
 * would exceed the limit of the buffer.
 */
int file_read_all(int fd, struct buf *out);

/*
 * Read and describe a whole file that a user named.  It may be a pipe; one that
 * nobody writes to does not block forever.  -1 with errno, ETIMEDOUT for such a
 * pipe.
 */
int file_read_named(const char *path, struct buf *out, struct stat *st);

/*
 * Remove the file or the whole directory of this name; symbolic links are
 * removed, never followed.  A name that does not exist is a success.  -1 with
 * errno; the rest is still removed.
 */
int file_remove_tree(int dirfd, const char *name);

/* Do both paths, after links are followed, name the same existing file? */
bool file_is_same(const char *a, const char *b);

/* The path of its parent directory; the caller frees it. */
char *file_parent(const char *path);

/* Like pread(2), but restarted after a signal. */
ssize_t file_read_at(int fd, void *to, size_t len, int64_t offset);

/* Nanoseconds since 1970, clamped to 64 bits. */
int64_t file_mtime_ns(const struct stat *);

/*
 * Identifies a version of a file: a number below 2^53, hashed from inode,
 * change time, modification time and size.  Equal content may have different
 * numbers; different content has the same number only by collision.
 */
int64_t file_stamp(const struct stat *);

/*
 * When the open file was created, in milliseconds since 1970; 0 when the file
 * system does not record it.
 */
int64_t file_birth_ms(int fd);

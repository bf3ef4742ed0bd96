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
 * What is at path below dirfd, no link followed on the way.  A symbolic link
 * at its end is described, or is ELOOP.  -1 with errno.
 */
int file_stat_beneath(int dirfd, const char *path, struct stat *st);

/* The same for a directory that is to be listed.  NULL with errno. */
DIR *file_open_folder(int dirfd, const char *path);

/* The next of its names, but "." and ".."; NULL at the end, or with errno. */
const char *file_next_name(DIR *);

/* What it is, unless a regular file: "a symbolic link". */
const char *file_kind(mode_t mode);

/*
 * Make a file for writing whose name nobody can foresee; the caller frees the
 * name.  -1 with errno.
 */
int file_make_temporary(int dirfd, const char *stem, char **name);

/* Write everything, however often it takes.  -1 with errno. */
int file_write_all(int fd, const void *data, size_t len);

/*
 * Read from the current offset to the end.  -1 with errno, EFBIG when the
 * limit of the buffer would be passed.
 */
int file_read_all(int fd, struct buf *out);

/*
 * Read a whole file that a user named, and what it is.  It may be a pipe; one
 * into which nobody writes does not hang us.  -1 with errno, ETIMEDOUT for
 * such a one.
 */
int file_read_named(const char *path, struct buf *out, struct stat *st);

/*
 * Remove what has this name, a directory with all that is in it; symbolic
 * links are removed, never followed.  What is not there is no error.  -1 with
 * errno; the rest is removed anyway.
 */
int file_remove_tree(int dirfd, const char *name);

/* The path of the directory that holds it; the caller frees it. */
char *file_parent(const char *path);

/* As pread(2), but a signal does not end it. */
ssize_t file_read_at(int fd, void *to, size_t len, int64_t offset);

/* Nanoseconds since 1970, cut to what 64 bits hold. */
int64_t file_mtime_ns(const struct stat *);

/*
 * Which version of a file this is: one number below 2^53 for inode, change
 * time, modification time and size.  Two versions of the same content may
 * differ; the number of two contents is the same only by collision.
 */
int64_t file_stamp(const struct stat *);

/*
 * When the open file was made, in milliseconds since 1970; 0 where the file
 * system does not know.
 */
int64_t file_birth_ms(int fd);

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Archives: tar, plain or compressed, and zip. libarchive is loaded only while
 * an archive is open: it pulls in nine more libraries, which would cost every
 * other run 2.4 ms and 2.5 MB.
 */

/*
 * The library's name and version, or why it does not load; the caller frees it.
 */
char *archive_library(void);

enum archive_type {
	ARCHIVE_TYPE_NONE,
	ARCHIVE_TYPE_TAR_ZSTD,
	ARCHIVE_TYPE_TAR_GZIP,
	ARCHIVE_TYPE_TAR,
	ARCHIVE_TYPE_ZIP,
};

/*
 * The type to write for this file name (.tar.zst, .tar.gz, .tgz, .tar or .zip),
 * and the length of the name without that suffix.
 */
enum archive_type archive_type_of(const char *name, size_t *stem_len);

/*
 * Writing: regular files only, mode 0644, owner and group 0.  Begin each entry,
 * add exactly the bytes it was begun with, and end it.  After an error the
 * writer can only be freed.  -1 as err_sys(); ERR_CONFIG when the library is
 * missing.
 */
struct archive_writer;

struct archive_writer *archive_writer_open(int fd, enum archive_type,
    struct err *e);
int archive_writer_begin(struct archive_writer *, const char *path,
    int64_t size, int64_t mtime_ns, struct err *e);
int archive_writer_add(struct archive_writer *, const void *data, size_t len,
    struct err *e);
int archive_writer_end(struct archive_writer *, struct err *e);
/* Write what is still buffered; the descriptor stays open. */
int archive_writer_close(struct archive_writer *, struct err *e);
void archive_writer_free(struct archive_writer *);

/*
 * Reading untrusted archives.  Only regular files and folders are accepted.  A
 * link, a device, an absolute path, a path with "..", too many entries or
 * bytes, and an archive that is truncated or unpacks to far more than its size
 * are ERR_PERMANENT.  After an error the reader can only be freed.
 */
struct archive_reader;

struct archive_entry_info {
	const char *path; /* clean: no "." or "..", no slash at either end;
			     owned by the reader until the next entry */
	bool is_folder;
	int64_t size;     /* as declared; 0 for a folder */
	int64_t mtime_ns; /* 0: unknown */
};

enum {
	ARCHIVE_FREE_BYTES = 64 * 1024 * 1024,
	ARCHIVE_MAX_PATH_BYTES = 4000,
};

struct archive_limits {
	int64_t entries;
	int64_t ratio; /* unpacked bytes per byte of the archive, beyond
			  ARCHIVE_FREE_BYTES */
};

/* Does this number of unpacked bytes respect the ratio? Pure. */
bool archive_is_modest(int64_t unpacked_bytes, int64_t archive_bytes,
    int64_t ratio);

/* The descriptor is read from its start and stays open. */
struct archive_reader *archive_reader_open(int fd,
    const struct archive_limits *, struct err *e);

/* 1 with the next entry, 0 at the end, -1 with *e. */
int archive_reader_next(struct archive_reader *, struct archive_entry_info *,
    struct err *e);

/* The next bytes of the entry; 0 at its end, -1 with *e. */
ssize_t archive_reader_read(struct archive_reader *, void *to, size_t len,
    struct err *e);
void archive_reader_free(struct archive_reader *);

/*
 * The path in normal form ("./a//b/" is "a/b", "." is "").  NULL when it is
 * absolute, has a "..", or is too long.  Pure; the caller frees it.
 */
char *archive_clean_path(const char *path);

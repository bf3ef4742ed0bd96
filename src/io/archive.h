#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Archives: tar, plain or compressed, and zip.  libarchive is there
 * only while one is open: it brings nine more libraries, which would cost
 * every run that needs none 2.4 ms and 2.5 MB.
 */

/* Its name and version, or that it does not load; the caller frees it. */
char *archive_library(void);

enum archive_type {
	ARCHIVE_TYPE_NONE,
	ARCHIVE_TYPE_TAR_ZSTD,
	ARCHIVE_TYPE_TAR_GZIP,
	ARCHIVE_TYPE_TAR,
	ARCHIVE_TYPE_ZIP,
};

/*
 * What to write under this name: .tar.zst, .tar.gz, .tgz, .tar or .zip, and
 * the length of the name without that.
 */
enum archive_type archive_type_of(const char *name, size_t *stem_len);

/*
 * Writing: regular files only, mode 0644, owner and group 0.  Each entry is
 * begun, gets exactly the bytes that it was begun with, and is ended.  After
 * an error the writer is only freed.  -1 as err_sys(); ERR_CONFIG when the
 * library is not there.
 */
struct archive_writer;

struct archive_writer *archive_writer_open(int fd, enum archive_type,
    struct err *e);
int archive_writer_begin(struct archive_writer *, const char *path,
    int64_t size, int64_t mtime_ns, struct err *e);
int archive_writer_add(struct archive_writer *, const void *data, size_t len,
    struct err *e);
int archive_writer_end(struct archive_writer *, struct err *e);
/* Write what is still kept; the descriptor stays open. */
int archive_writer_close(struct archive_writer *, struct err *e);
void archive_writer_free(struct archive_writer *);

/*
 * Reading what a stranger may have made.  Only regular files and folders
 * pass; a link, a device, an absolute path, one with "..", an entry or a
 * byte too many, and an archive that is cut short or unpacks to far more
 * than its size are ERR_PERMANENT.  After an error the reader is only freed.
 */
struct archive_reader;

struct archive_entry_info {
	const char *path; /* clean: no "." or "..", no slash at either end;
			     the reader's, until the next entry */
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
	int64_t ratio; /* unpacked bytes for each byte of the archive, once
			  they are more than ARCHIVE_FREE_BYTES */
};

/* Do so many unpacked bytes keep within the ratio?  Pure. */
bool archive_is_modest(int64_t unpacked_bytes, int64_t archive_bytes,
    int64_t ratio);

/* The descriptor is read from its beginning and stays open. */
struct archive_reader *archive_reader_open(int fd,
    const struct archive_limits *, struct err *e);

/* 1 with the next entry, 0 at the end, -1 with *e. */
int archive_reader_next(struct archive_reader *, struct archive_entry_info *,
    struct err *e);

/* The next bytes of the entry, 0 at its end, -1 with *e. */
ssize_t archive_reader_read(struct archive_reader *, void *to, size_t len,
    struct err *e);
void archive_reader_free(struct archive_reader *);

/*
 * The path with what means nothing left out ("./a//b/" is "a/b", "." is "").
 * NULL when it is absolute, has a "..", or is too long.  Pure; the caller
 * frees it.
 */
char *archive_clean_path(const char *path);

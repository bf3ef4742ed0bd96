#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/archive_internal.h"

struct archive_reader {
	struct archive *archive;
	int fd;
	int64_t archive_bytes;
	struct archive_limits limits;
	int64_t entries;
	int64_t total; /* declared by all entries so far */
	int64_t left;  /* bytes of the entry */
	char *path;
};

static int
fail_read(const struct archive_reader *r, struct err *e)
{
	/* After a failed system call, the library keeps its errno. */
	int number = LIB(archive_errno)(r->archive);

	if (number == ENOSPC || number == EDQUOT || number == EFBIG ||
	    err_is_passing(number)) {
		errno = number;
		return err_sys(e, "read the archive");
	}
	return err_set(e, ERR_PERMANENT,
	    "the archive is damaged or of an unknown format: %s",
	    archive_error_text(r->archive));
}

struct archive_reader *
archive_reader_open(int fd, const struct archive_limits *limits, struct err *e)
{
	struct archive_reader *r;
	struct archive *a;
	struct stat st;

	if (fstat(fd, &st) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		(void)err_sys(e, "read the archive");
		return NULL;
	}
	if (archive_load(e) == -1)
		return NULL;
	a = LIB(archive_read_new)();
	if (a == NULL)
		mem_exhausted();
	r = xmalloc(sizeof(*r));
	*r = (struct archive_reader){
		.archive = a,
		.fd = fd,
		.archive_bytes = st.st_size,
		.limits = *limits,
	};
	if (LIB(archive_read_support_filter_gzip)(a) == ARCHIVE_OK &&
	    LIB(archive_read_support_filter_zstd)(a) == ARCHIVE_OK &&
	    LIB(archive_read_support_format_tar)(a) == ARCHIVE_OK &&
	    LIB(archive_read_support_format_zip_seekable)(a) == ARCHIVE_OK &&
	    LIB(archive_read_open_fd)(a, fd, ARCHIVE_BLOCK_BYTES) == ARCHIVE_OK)
		return r;
	(void)fail_read(r, e);
	archive_reader_free(r);
	return NULL;
}

/*
 * The library mistakes a tar that was cut between two entries for a complete
 * one.  The real end is two blocks of zeros.
 */
static int
check_end(const struct archive_reader *r, struct err *e)
{
	static const char zeros[1024];
	char tail[sizeof(zeros)];
	ssize_t n = 0;

	if (LIB(archive_filter_code)(r->archive, 0) != ARCHIVE_FILTER_NONE ||
	    (LIB(archive_format)(r->archive) & ARCHIVE_FORMAT_BASE_MASK) !=
		ARCHIVE_FORMAT_TAR)
		return 0;
	if (r->archive_bytes >= (off_t)sizeof(tail))
		n = pread(r->fd, tail, sizeof(tail),
		    r->archive_bytes - (off_t)sizeof(tail));
	if (n == -1)
		return err_sys(e, "read the archive");
	if (n == sizeof(tail) && memcmp(tail, zeros, sizeof(tail)) == 0)
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "the archive is cut short: its end is missing");
}

bool
archive_is_modest(int64_t unpacked_bytes, int64_t archive_bytes, int64_t ratio)
{
	return unpacked_bytes <= ARCHIVE_FREE_BYTES ||
	    unpacked_bytes / ratio <= archive_bytes;
}

static int
count_entry(struct archive_reader *r, int64_t size, struct err *e)
{
	if (++r->entries > r->limits.entries)
		return err_set(e, ERR_PERMANENT,
		    "the archive contains more than %lld entries",
		    (long long)r->limits.entries);
	if (size < 0 || size > INT64_MAX / 2 - r->total)
		return err_set(e, ERR_PERMANENT,
		    "%s: impossible size in the archive", r->path);
	r->total += size;
	r->left = size;
	if (archive_is_modest(r->total, r->archive_bytes, r->limits.ratio))
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "%s: the archive unpacks to more than %lld times its size", r->path,
	    (long long)r->limits.ratio);
}

static int
take_entry(struct archive_reader *r, struct archive_entry *entry,
    struct archive_entry_info *info, struct err *e)
{
	const char *raw = LIB(archive_entry_pathname)(entry);
	const struct stat *st = LIB(archive_entry_stat)(entry);
	bool is_hard_link = LIB(archive_entry_hardlink)(entry) != NULL;

	if (st == NULL)
		mem_exhausted();
	free(r->path);
	r->path = raw ? archive_clean_path(raw) : NULL;
	if (r->path == NULL)
		return err_set(e, ERR_PERMANENT,
		    "the archive contains a path that leaves its folder: "
		    "%.200s",
		    raw ? raw : "(no name)");
	if (is_hard_link || !(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)))
		return err_set(e, ERR_PERMANENT,
		    "%s: the archive contains %s; only files and folders are "
		    "accepted",
		    r->path,
		    is_hard_link ? "a hard link" : file_kind(st->st_mode));
	*info = (struct archive_entry_info){
		.path = r->path,
		.is_folder = S_ISDIR(st->st_mode),
		.size = S_ISDIR(st->st_mode) ? 0 : st->st_size,
		/* Nanoseconds reach to 2262; a later time is not real. */
		.mtime_ns =
		    st->st_mtim.tv_sec < 0 || file_mtime_ns(st) == INT64_MAX
		    ? 0
		    : file_mtime_ns(st),
	};
	if (!info->is_folder && *r->path == '\0')
		return err_set(e, ERR_PERMANENT,
		    "the archive contains a file without a name");
	return count_entry(r, info->size, e);
}

int
archive_reader_next(struct archive_reader *r, struct archive_entry_info *info,
    struct err *e)
{
	struct archive_entry *entry;
	int result = LIB(archive_read_next_header)(r->archive, &entry);

	if (result == ARCHIVE_EOF)
		return check_end(r, e);
	if (result < ARCHIVE_WARN)
		return fail_read(r, e);
	return take_entry(r, entry, info, e) == -1 ? -1 : 1;
}

ssize_t
archive_reader_read(struct archive_reader *r, void *to, size_t len,
    struct err *e)
{
	la_ssize_t n = LIB(archive_read_data)(r->archive, to, len);

	if (n < 0)
		return fail_read(r, e);
	/* Too few bytes look like the end; too many are never returned. */
	if (n > r->left || (n == 0 && r->left > 0))
		return err_set(e, ERR_PERMANENT,
		    "%s: the archive has %s bytes than it declares", r->path,
		    n > 0 ? "more" : "fewer");
	r->left -= n;
	return n;
}

void
archive_reader_free(struct archive_reader *r)
{
	if (r == NULL)
		return;
	(void)LIB(archive_read_free)(r->archive);
	free(r->path);
	archive_unload();
	free(r);
}

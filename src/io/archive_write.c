#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "io/archive_internal.h"

struct archive_writer {
	struct archive *archive;
	struct archive_entry *entry;
	int64_t left; /* bytes of the entry */
	bool is_closed;
};

static int
fail_write(const struct archive_writer *w, struct err *e)
{
	int number = LIB(archive_errno)(w->archive);

	if (number > 0) {
		errno = number;
		return err_sys(e, "write the archive");
	}
	return err_set(e, ERR_TEMPORARY, "write the archive: %s",
	    archive_error_text(w->archive));
}

/* Media do not compress: choose the cheapest level. */
static bool
set_type(struct archive *a, enum archive_type type)
{
	if (type == ARCHIVE_TYPE_ZIP)
		return LIB(archive_write_set_format_zip)(a) == ARCHIVE_OK &&
		    LIB(archive_write_zip_set_compression_store)(a) ==
		    ARCHIVE_OK;
	if (type == ARCHIVE_TYPE_TAR_ZSTD &&
	    LIB(archive_write_add_filter_zstd)(a) != ARCHIVE_OK)
		return false;
	if (type == ARCHIVE_TYPE_TAR_GZIP &&
	    (LIB(archive_write_add_filter_gzip)(a) != ARCHIVE_OK ||
		LIB(archive_write_set_filter_option)(a, "gzip",
		    "compression-level", "1") != ARCHIVE_OK))
		return false;
	return LIB(archive_write_set_format_pax_restricted)(a) == ARCHIVE_OK;
}

struct archive_writer *
archive_writer_open(int fd, enum archive_type type, struct err *e)
{
	struct archive_writer *w;

	if (archive_load(e) == -1)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	w->archive = LIB(archive_write_new)();
	w->entry = LIB(archive_entry_new)();
	if (w->archive == NULL || w->entry == NULL)
		mem_exhausted();
	if (set_type(w->archive, type) &&
	    LIB(archive_write_set_bytes_per_block)(w->archive,
		ARCHIVE_BLOCK_BYTES) == ARCHIVE_OK &&
	    LIB(archive_write_set_bytes_in_last_block)(w->archive, 1) ==
		ARCHIVE_OK &&
	    LIB(archive_write_open_fd)(w->archive, fd) == ARCHIVE_OK)
		return w;
	(void)fail_write(w, e);
	archive_writer_free(w);
	return NULL;
}

int
archive_writer_begin(struct archive_writer *w, const char *path, int64_t size,
    int64_t mtime_ns, struct err *e)
{
	struct archive_entry *entry = LIB(archive_entry_clear)(w->entry);
	const struct timespec mtime = { mtime_ns / ARCHIVE_NS_PER_S,
		mtime_ns % ARCHIVE_NS_PER_S };

	LIB(archive_entry_set_pathname)(entry, path);
	LIB(archive_entry_set_filetype)(entry, AE_IFREG);
	LIB(archive_entry_set_perm)(entry, 0644);
	LIB(archive_entry_set_size)(entry, size);
	LIB(archive_entry_set_mtime)(entry, mtime.tv_sec, mtime.tv_nsec);
	w->left = size;
	/* It warns about a name that is not UTF-8, and keeps the name. */
	if (LIB(archive_write_header)(w->archive, entry) < ARCHIVE_WARN)
		return fail_write(w, e);
	return 0;
}

int
archive_writer_add(struct archive_writer *w, const void *data, size_t len,
    struct err *e)
{
	if ((int64_t)len > w->left)
		return err_set(e, ERR_TEMPORARY,
		    "grew while it was being read");
	if (LIB(archive_write_data)(w->archive, data, len) != (la_ssize_t)len)
		return fail_write(w, e);
	w->left -= (int64_t)len;
	return 0;
}

int
archive_writer_end(struct archive_writer *w, struct err *e)
{
	/* The library would pad it with zeros. */
	if (w->left > 0)
		return err_set(e, ERR_TEMPORARY,
		    "shrank while it was being read");
	if (LIB(archive_write_finish_entry)(w->archive) != ARCHIVE_OK)
		return fail_write(w, e);
	return 0;
}

int
archive_writer_close(struct archive_writer *w, struct err *e)
{
	if (LIB(archive_write_close)(w->archive) != ARCHIVE_OK)
		return fail_write(w, e);
	w->is_closed = true;
	return 0;
}

void
archive_writer_free(struct archive_writer *w)
{
	if (w == NULL)
		return;
	/* Otherwise it would pad an incomplete entry with zeros. */
	if (!w->is_closed)
		(void)LIB(archive_write_fail)(w->archive);
	LIB(archive_entry_free)(w->entry);
	(void)LIB(archive_write_free)(w->archive);
	archive_unload();
	free(w);
}

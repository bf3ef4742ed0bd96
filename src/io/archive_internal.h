#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>

#include "io/archive.h"

/*
 * A name is a member and a symbol: it cannot stand in parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses)
 */
#define ARCHIVE_SYMBOLS(USE) \
	USE(archive_entry_clear) \
	USE(archive_entry_filetype) \
	USE(archive_entry_free) \
	USE(archive_entry_hardlink) \
	USE(archive_entry_mtime) \
	USE(archive_entry_mtime_nsec) \
	USE(archive_entry_new) \
	USE(archive_entry_pathname) \
	USE(archive_entry_set_filetype) \
	USE(archive_entry_set_mtime) \
	USE(archive_entry_set_pathname) \
	USE(archive_entry_set_perm) \
	USE(archive_entry_set_size) \
	USE(archive_entry_size) \
	USE(archive_errno) \
	USE(archive_error_string) \
	USE(archive_filter_code) \
	USE(archive_format) \
	USE(archive_read_data) \
	USE(archive_read_free) \
	USE(archive_read_new) \
	USE(archive_read_next_header) \
	USE(archive_read_open_fd) \
	USE(archive_read_support_filter_gzip) \
	USE(archive_read_support_filter_zstd) \
	USE(archive_read_support_format_tar) \
	USE(archive_read_support_format_zip_seekable) \
	USE(archive_version_string) \
	USE(archive_write_add_filter_gzip) \
	USE(archive_write_add_filter_zstd) \
	USE(archive_write_close) \
	USE(archive_write_data) \
	USE(archive_write_fail) \
	USE(archive_write_finish_entry) \
	USE(archive_write_free) \
	USE(archive_write_header) \
	USE(archive_write_new) \
	USE(archive_write_open_fd) \
	USE(archive_write_set_bytes_in_last_block) \
	USE(archive_write_set_bytes_per_block) \
	USE(archive_write_set_filter_option) \
	USE(archive_write_set_format_pax_restricted) \
	USE(archive_write_set_format_zip) \
	USE(archive_write_zip_set_compression_store)

#define ARCHIVE_MEMBER(name) __typeof__(name) *name;
/* NOLINTEND(bugprone-macro-parentheses) */

/* The library's functions, under their own names, once it is loaded. */
struct archive_library {
	ARCHIVE_SYMBOLS(ARCHIVE_MEMBER)
};
extern struct archive_library archive_lib;

enum { ARCHIVE_BLOCK_BYTES = 256 * 1024, ARCHIVE_NS_PER_S = 1000000000 };

/*
 * Load the library; -1 with ERR_CONFIG when it is not there.  With the last
 * unload its memory is free for the upload that comes next.
 */
int archive_load(struct err *e);
void archive_unload(void);

/* The library's words for its last error; never NULL. */
const char *archive_error_text(struct archive *);

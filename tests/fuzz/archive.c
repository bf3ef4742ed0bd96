/*
 * A hostile archive: as it is, as a tar whose checksums are repaired, or its
 * manifest alone.  The first byte says which.  Nothing but plain files and
 * folders comes out, all of it below the folder that is unpacked to.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/mem.h"
#include "io/archive.h"
#include "recording/identity.h"
#include "recording/recording.h"

enum {
	BLOCK = 512, /* of a tar */
	RATIO = 100,
	ENTRIES = RECORDING_MAX_ARTIFACTS + 2,
	UNPACKED_BYTES = 4 * 1024 * 1024, /* what is worth writing to disk */
};

/* The library stays loaded from run to run. */
static void
load_once(void)
{
	static const struct archive_limits limits = { 1, 1 };
	static const char empty[2 * BLOCK];
	static struct archive_reader *kept;
	static int fd;
	struct err e;

	if (kept != NULL)
		return;
	fd = fuzz_memfd(empty, sizeof(empty));
	kept = archive_reader_open(fd, &limits, &e);
	must(kept != NULL);
}

/* --- a tar ---------------------------------------------------------------- */

static size_t
octal(const char *field, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && field[i] >= '0' && field[i] <= '7'; i++)
		n = n * 8 + (size_t)(field[i] - '0');
	return n;
}

/* Otherwise a header with any change is never examined. */
static void
mend_checksums(char *data, size_t len)
{
	enum { SIZE = 124, SIZE_LEN = 12, SUM = 148, SUM_LEN = 8 };

	for (size_t at = 0; at + BLOCK <= len; at += BLOCK) {
		char *header = data + at;
		size_t size = octal(header + SIZE, SIZE_LEN - 1);
		char text[SUM_LEN];
		unsigned sum = 0;

		if (header[0] == '\0')
			continue;
		memset(header + SUM, ' ', SUM_LEN);
		for (size_t i = 0; i < BLOCK; i++)
			sum += (unsigned char)header[i];
		(void)snprintf(text, sizeof(text), "%06o", sum);
		memcpy(header + SUM, text, SUM_LEN - 1);
		if (size < len)
			at += (size + BLOCK - 1) / BLOCK * BLOCK;
	}
}

/* --- what comes out ------------------------------------------------------- */

static void
check_path(const char *path)
{
	must(*path != '/' && strlen(path) <= ARCHIVE_MAX_PATH_BYTES);
	while (*path) {
		size_t n = strcspn(path, "/");

		must(n > 0 && !(n == 1 && *path == '.') &&
		    !(n == 2 && memcmp(path, "..", 2) == 0));
		must(path[n] == '\0' || path[n + 1] != '\0');
		path += n + (path[n] == '/');
	}
}

/* The number of bytes in it, or -1 if it is refused. */
static int64_t
read_all(int fd)
{
	static const struct archive_limits limits = { ENTRIES, RATIO };
	static char chunk[64 * 1024];
	struct archive_entry_info info = { 0 };
	struct err e = { 0 };
	struct archive_reader *r = archive_reader_open(fd, &limits, &e);
	int64_t total = 0, entries = 0;
	int result = r ? 1 : -1;

	while (
	    result == 1 && (result = archive_reader_next(r, &info, &e)) == 1) {
		int64_t left = info.size;
		ssize_t n;

		must(++entries <= limits.entries);
		check_path(info.path);
		must(info.is_folder ? info.size == 0 : *info.path != '\0');
		while (
		    (n = archive_reader_read(r, chunk, sizeof(chunk), &e)) > 0)
			left -= n;
		must(n == -1 || left == 0);
		total += info.size;
		result = n == -1 ? -1 : 1;
	}
	must(result == 0 || (e.class == ERR_PERMANENT && *e.text));
	archive_reader_free(r);
	return result == 0 ? total : -1;
}

static void remove_below(int fd);

/* It is of an allowed kind, and is removed. */
static void
check_and_remove(int dirfd, const char *name)
{
	struct stat st;

	must(fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	if (S_ISDIR(st.st_mode)) {
		must((st.st_mode & 07777) == 0700);
		remove_below(openat(dirfd, name, O_RDONLY | O_DIRECTORY));
		must(unlinkat(dirfd, name, AT_REMOVEDIR) == 0);
		return;
	}
	must(S_ISREG(st.st_mode) && st.st_nlink == 1);
	must((st.st_mode & 07777) == 0600);
	must(unlinkat(dirfd, name, 0) == 0);
}

static void
remove_below(int fd)
{
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	must(dir != NULL);
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			check_and_remove(fd, entry->d_name);
	(void)closedir(dir);
}

static void
check_head(const struct manifest_head *head)
{
	struct err e = { 0 };

	must(!head->room || !identity_check_segment("room", head->room, &e));
	must(!head->meeting_id || fuzz_is_id(head->meeting_id));
}

static void
unpack(int fd, bool is_good)
{
	static const struct archive_limits limits = { ENTRIES, RATIO };
	autofree char *parent = xasprintf("%s/archive", fuzz_scratch());
	struct bundle_reader *reader;
	autofree char *folder = xasprintf("%s/to", parent);
	autofree char *root = NULL;
	autoclose int dirfd = -1;
	struct manifest_head head;
	struct err e = { 0 };
	struct stat st;
	int result;

	must(mkdir(parent, 0700) == 0 && mkdir(folder, 0700) == 0);
	dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(dirfd != -1);
	reader = bundle_reader_start(fd, &limits, NULL, &e);
	must(reader != NULL);
	result = bundle_unpack(reader, dirfd, &root, &head, &e);
	bundle_reader_free(reader);
	must(result == -1 || is_good);
	check_head(&head);
	if (result == 0) {
		must(strcmp(root, ".") == 0 || (check_path(root), true));
		must(fstatat(dirfd, root, &st, AT_SYMLINK_NOFOLLOW) == 0);
		must(S_ISDIR(st.st_mode));
	} else {
		must(e.class == ERR_PERMANENT && *e.text);
	}
	manifest_head_free(&head);
	check_and_remove(AT_FDCWD, folder);
	/* There is nothing else beside it. */
	must(rmdir(parent) == 0);
}

/* --- the manifest --------------------------------------------------------- */

static int
on_file(void *ctx, const struct manifest_file *file, struct err *e)
{
	int64_t *n = ctx;

	(void)e;
	must(file->path && strlen(file->sha256) == DIGEST_HEX_BYTES - 1);
	++*n;
	return 0;
}

static void
read_manifest(const char *data, size_t len)
{
	autobuf struct buf text = { 0 };
	struct manifest_head head;
	struct err e = { 0 };
	int64_t n = 0;

	(void)buf_add(&text, data, len);
	if (manifest_parse(&text, &head, on_file, &n, &e) == 0)
		must(n == head.files);
	else
		must(e.class == ERR_PERMANENT && *e.text);
	check_head(&head);
	must(!head.session ||
	    !identity_check_segment("session", head.session, &e));
	manifest_head_free(&head);
}

static void
run(const char *data, size_t len)
{
	enum { AS_IT_IS, REPAIRED, MANIFEST, KINDS };
	struct fuzz_input in = { data, len };
	unsigned kind = fuzz_byte(&in) % KINDS;
	autofree char *bytes = xmalloc(in.len);
	autoclose int fd = -1;
	int64_t total;

	memcpy(bytes, in.data, in.len);
	if (kind == MANIFEST) {
		read_manifest(bytes, in.len);
		return;
	}
	load_once();
	if (kind == REPAIRED)
		mend_checksums(bytes, in.len);
	fd = fuzz_memfd(bytes, in.len);
	total = read_all(fd);
	if (total <= UNPACKED_BYTES)
		unpack(fd, total != -1);
}

const struct fuzz_target fuzz_archive = { "archive", run };

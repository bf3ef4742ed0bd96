#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "io/archive.h"
#include "recording/recording.h"

enum {
	MAX_FOLDERS = 2 * RECORDING_MAX_DEPTH,
	/* Kept free, as others write to the disk too. */
	RESERVE_BYTES = 64 * 1024 * 1024,
	NS_IN_S = 1000000000,
};

/* What came out of the archive. */
struct unpacked {
	char *path; /* as in the archive */
	int64_t size;
	char sha256[DIGEST_HEX_BYTES];
	bool is_kept; /* on disk */
	bool is_seen; /* in the manifest */
};

struct unpack {
	int dirfd;
	struct bundle_reader *reader;
	struct unpacked *files;
	size_t n, cap;
	struct buf manifest;
	char *folder; /* of the manifest; NULL: none found */
	bool has_journal_copy;
	char *chunk;
};

/* The path without its last name; "" for a single name. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return xstrndup(path, slash ? (size_t)(slash - path) : 0);
}

/* --- one file ------------------------------------------------------------- */

/* Names that cannot coexist in a directory. */
static int
refuse_path(const char *path, struct err *e)
{
	int number = errno;

	if (number == ENOTDIR || number == EISDIR)
		return err_set(e, ERR_PERMANENT,
		    "%s: the archive contains a file and a folder of this name",
		    path);
	if (number == EEXIST)
		return err_set(e, ERR_PERMANENT,
		    "%s: the archive contains it twice", path);
	(void)err_sys(e, "create %s", path);
	if (number == ENAMETOOLONG || number == EINVAL || number == EILSEQ)
		e->class = ERR_PERMANENT;
	return -1;
}

static int
make_folders(int dirfd, const char *path, struct err *e)
{
	int depth = 0;

	for (const char *s = path; (s = strchr(s, '/')) != NULL; s++) {
		autofree char *folder = xstrndup(path, (size_t)(s - path));

		if (++depth > MAX_FOLDERS)
			return err_set(e, ERR_PERMANENT,
			    "%s: the archive's folders are nested deeper "
			    "than %d",
			    path, MAX_FOLDERS);
		if (mkdirat(dirfd, folder, 0700) == -1 && errno != EEXIST)
			return refuse_path(path, e);
	}
	return 0;
}

static int
create_file(const struct unpack *u, const char *path, struct err *e)
{
	autofree char *at = file_parent(path);
	autoclose int parent = -1;
	int fd;

	if (make_folders(u->dirfd, path, e) == -1)
		return -1;
	parent = file_open_beneath(u->dirfd, at, O_RDONLY | O_DIRECTORY);
	if (parent == -1)
		return refuse_path(path, e);
	fd = openat(parent, basename(path),
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd == -1 ? refuse_path(path, e) : fd;
}

/* fd may be -1: only hash. */
static int
copy_out(struct unpack *u, int fd, struct digest *digest, struct err *e)
{
	ssize_t n;

	for (;;) {
		if (stop_check(e) == -1)
			return -1;
		n = bundle_reader_read(u->reader, u->chunk, BUNDLE_CHUNK_BYTES,
		    e);
		if (n <= 0)
			return (int)n;
		digest_add(digest, u->chunk, (size_t)n);
		if (fd != -1 && file_write_all(fd, u->chunk, (size_t)n) == -1)
			return err_sys(e, "unpack");
	}
}

static struct timespec
time_of(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / NS_IN_S,
		.tv_nsec = ns > 0 ? ns % NS_IN_S : UTIME_NOW,
	};
}

static int
check_room(const struct unpack *u, int64_t size, struct err *e)
{
	struct statvfs fs;

	if (fstatvfs(u->dirfd, &fs) == -1 ||
	    (uint64_t)size + RESERVE_BYTES <=
		(uint64_t)fs.f_bavail * fs.f_frsize)
		return 0;
	return err_set(e, ERR_TEMPORARY,
	    "not enough disk space to unpack %lld bytes", (long long)size);
}

static int
write_file(struct unpack *u, const struct archive_entry_info *info,
    struct unpacked *file, struct digest *digest, struct err *e)
{
	const struct timespec times[] = { time_of(info->mtime_ns),
		time_of(info->mtime_ns) };
	autoclose int fd = -1;

	if (check_room(u, info->size, e) == -1)
		return -1;
	fd = create_file(u, info->path, e);
	if (fd == -1 || copy_out(u, fd, digest, e) == -1)
		return -1;
	file->is_kept = true;
	return futimens(fd, times) == -1 ? err_sys(e, "%s", info->path) : 0;
}

static int
take_file(struct unpack *u, const struct archive_entry_info *info,
    struct err *e)
{
	bool is_copy =
	    strcmp(basename(info->path), RECORDING_JOURNAL_COPY) == 0;
	struct digest *digest = digest_new();
	struct unpacked *file;
	int result;

	xgrow((void **)&u->files, &u->cap, u->n + 1, sizeof(*u->files));
	file = &u->files[u->n++];
	*file = (struct unpacked){
		.path = xstrdup(info->path),
		.size = info->size,
	};
	result = is_copy ? copy_out(u, -1, digest, e)
			 : write_file(u, info, file, digest, e);
	digest_hex(digest, file->sha256);
	digest_free(digest);
	u->has_journal_copy |= is_copy;
	return result;
}

static int
take_manifest(struct unpack *u, const char *path, struct err *e)
{
	ssize_t n;

	if (u->folder != NULL)
		return err_set(e, ERR_PERMANENT,
		    "the archive contains more than one manifest");
	u->folder = folder_of(path);
	u->manifest.limit = MANIFEST_BYTES;
	while ((n = bundle_reader_read(u->reader, u->chunk, BUNDLE_CHUNK_BYTES,
		    e)) > 0)
		if (!buf_add(&u->manifest, u->chunk, (size_t)n))
			return err_set(e, ERR_PERMANENT,
			    "the archive's manifest is larger than %d bytes",
			    MANIFEST_BYTES);
	return (int)n;
}

static int
take_entry(struct unpack *u, const struct archive_entry_info *info,
    struct err *e)
{
	const char *name = basename(info->path);

	if (info->is_folder)
		return 0;
	if (strcmp(name, RECORDING_MANIFEST) == 0)
		return take_manifest(u, info->path, e);
	if (strcmp(name, RECORDING_JOURNAL) == 0) {
		log_info("%s: left out: a journal in an archive is not used",
		    info->path);
		return 0;
	}
	return take_file(u, info, e);
}

static int
take_all(struct unpack *u, struct err *e)
{
	struct archive_entry_info info;
	int result;

	while ((result = bundle_reader_next(u->reader, &info, e)) == 1)
		if (stop_check(e) == -1 || take_entry(u, &info, e) == -1)
			return -1;
	return result;
}

/* --- all of it ------------------------------------------------------------ */

static bool
is_below(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	return len == 0 ||
	    (strncmp(path, folder, len) == 0 && path[len] == '/');
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct unpacked *)a)->path,
	    ((const struct unpacked *)b)->path);
}

static int
compare_caseless(const void *a, const void *b)
{
	return strcasecmp(((const struct unpacked *)a)->path,
	    ((const struct unpacked *)b)->path);
}

static int
check_listed(void *ctx, const struct manifest_file *listed, struct err *e)
{
	const struct unpack *u = ctx;
	autofree char *path =
	    xasprintf("%s%s%s", u->folder, *u->folder ? "/" : "", listed->path);
	const struct unpacked key = { .path = path };
	const struct timespec times[] = { time_of(listed->mtime_ns),
		time_of(listed->mtime_ns) };
	struct unpacked *file =
	    bsearch(&key, u->files, u->n, sizeof(key), compare_paths);

	if (file == NULL || file->is_seen)
		return err_set(e, ERR_PERMANENT,
		    "%s: the archive's manifest lists it %s", listed->path,
		    file ? "twice" : "but the archive does not contain it");
	file->is_seen = true;
	if (file->size != listed->size ||
	    strcmp(file->sha256, listed->sha256) != 0)
		return err_set(e, ERR_PERMANENT,
		    "%s: the archive's manifest says %lld bytes with SHA-256 "
		    "%.16s..., it has %lld with %.16s...",
		    listed->path, (long long)listed->size, listed->sha256,
		    (long long)file->size, file->sha256);
	/* The keys of uploads depend on the mtime. */
	if (file->is_kept &&
	    utimensat(u->dirfd, path, times, AT_SYMLINK_NOFOLLOW) == -1)
		return err_sys(e, "%s", path);
	return 0;
}

static int
check_manifest(struct unpack *u, struct manifest_head *head, struct err *e)
{
	qsort(u->files, u->n, sizeof(*u->files), compare_paths);
	if (manifest_parse(&u->manifest, head, check_listed, u, e) == -1)
		return -1;
	for (size_t i = 0; i < u->n; i++)
		if (!u->files[i].is_seen)
			return err_set(e, ERR_PERMANENT,
			    "%s: the archive's manifest does not list it",
			    u->files[i].path);
	return 0;
}

/* For archives made elsewhere: no two names that some disk treats as equal. */
static int
check_foreign(struct unpack *u, struct err *e)
{
	if (u->has_journal_copy)
		return err_set(e, ERR_PERMANENT,
		    "the archive is cut short: its manifest is missing");
	qsort(u->files, u->n, sizeof(*u->files), compare_caseless);
	for (size_t i = 1; i < u->n; i++)
		if (compare_caseless(&u->files[i - 1], &u->files[i]) == 0)
			return err_set(e, ERR_PERMANENT,
			    "%s: the archive contains it twice, differing "
			    "only in case",
			    u->files[i].path);
	return 0;
}

/* The innermost folder that contains everything. */
static char *
common_folder(const struct unpack *u)
{
	char *common = folder_of(u->files[0].path);

	for (size_t i = 1; i < u->n; i++)
		while (!is_below(common, u->files[i].path)) {
			char *slash = strrchr(common, '/');

			*(slash ? slash : common) = '\0';
		}
	return common;
}

static int
check_all(struct unpack *u, char **root, struct manifest_head *head,
    struct err *e)
{
	autofree char *folder = NULL;

	if (u->n == 0)
		return err_set(e, ERR_PERMANENT,
		    "the archive contains no files");
	if ((u->folder ? check_manifest(u, head, e) : check_foreign(u, e)) ==
	    -1)
		return -1;
	folder = u->folder ? xstrdup(u->folder) : common_folder(u);
	if (u->folder == NULL && *folder)
		head->session = xstrdup(basename(folder));
	*root = xstrdup(*folder ? folder : ".");
	return syncfs(u->dirfd) == -1 ? err_sys(e, "sync what was unpacked")
				      : 0;
}

int
bundle_unpack(struct bundle_reader *reader, int dirfd, char **root,
    struct manifest_head *head, struct err *e)
{
	struct unpack u = { .dirfd = dirfd, .reader = reader };
	int result = -1;

	*root = NULL;
	*head = (struct manifest_head){ 0 };
	u.chunk = xmalloc(BUNDLE_CHUNK_BYTES);
	if (take_all(&u, e) == 0)
		result = check_all(&u, root, head, e);
	for (size_t i = 0; i < u.n; i++)
		free(u.files[i].path);
	free(u.files);
	buf_free(&u.manifest);
	free(u.folder);
	free(u.chunk);
	return result;
}

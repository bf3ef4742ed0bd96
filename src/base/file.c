#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

/* How long a pipe may take to get a writer, and then between writes. */
enum { WRITER_MS = 2000, PIPE_MS = 60000 };

static int
walk_beneath(int dirfd, const char *path, int flags)
{
	autoclose int parent = -1;

	for (;;) {
		size_t len = strcspn(path, "/");
		autofree char *name = xstrndup(path, len);
		int fd;

		if (len == 0 || strcmp(name, "..") == 0) {
			errno = EXDEV;
			return -1;
		}
		fd = openat(parent == -1 ? dirfd : parent, name,
		    (path[len] ? O_PATH | O_DIRECTORY | O_CLOEXEC : flags) |
			O_NOFOLLOW);
		if (fd == -1 || path[len] == '\0')
			return fd;
		mem_close(&parent);
		parent = fd;
		path += len + 1;
	}
}

int
file_open_beneath(int dirfd, const char *path, int flags)
{
	struct open_how how = {
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int fd;

	/* With O_PATH, openat2() refuses flags that open() would ignore. */
	flags |= flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	how.flags = (uint64_t)flags;
	fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	if (fd == -1 && (errno == ENOSYS || errno == EPERM))
		return walk_beneath(dirfd, path, flags);
	return fd;
}

int
file_stat_beneath(int dirfd, const char *path, struct stat *st)
{
	autoclose int fd = -1;

	if (strchr(path, '/') == NULL)
		return fstatat(dirfd, path, st, AT_SYMLINK_NOFOLLOW);
	fd = file_open_beneath(dirfd, path, O_PATH);
	return fd == -1 ? -1 : fstat(fd, st);
}

DIR *
file_open_folder(int dirfd, const char *path)
{
	int fd = file_open_beneath(dirfd, path, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir == NULL)
		mem_close(&fd);
	return dir;
}

const char *
file_next_name(DIR *dir)
{
	const struct dirent *entry;

	errno = 0;
	do
		entry = readdir(dir);
	while (entry &&
	    (strcmp(entry->d_name, ".") == 0 ||
		strcmp(entry->d_name, "..") == 0));
	return entry ? entry->d_name : NULL;
}

const char *
file_kind(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "a directory";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

int
file_make_temporary(int dirfd, const char *stem, char **name)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -1;
	*name = xasprintf("%s.%016" PRIx64, stem, random);
	return openat(dirfd, *name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

int
file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
file_replace(int dirfd, const char *name, mode_t mode, const struct buf *text)
{
	autofree char *stem = xasprintf(".%s", name);
	autofree char *beside = NULL;
	autoclose int fd = file_make_temporary(dirfd, stem, &beside);

	if (fd == -1)
		return -1;
	if (fchmod(fd, mode) == 0 &&
	    file_write_all(fd, text->data, text->len) == 0 && fsync(fd) == 0 &&
	    renameat(dirfd, beside, dirfd, name) == 0)
		return 0;
	(void)unlinkat(dirfd, beside, 0);
	return -1;
}

int
file_read_all(int fd, struct buf *out)
{
	char chunk[16384];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		if (!buf_add(out, chunk, (size_t)n)) {
			errno = EFBIG;
			return -1;
		}
	}
}

/* The writer of a FIFO may open it a moment later than we do. */
static int
read_pipe(int fd, struct buf *out)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	for (int ms = WRITER_MS; poll(&pfd, 1, ms) > 0; ms = PIPE_MS) {
		if (file_read_all(fd, out) == 0)
			return 0;
		if (errno != EAGAIN)
			return -1;
	}
	errno = ETIMEDOUT;
	return -1;
}

int
file_read_named(const char *path, struct buf *out, struct stat *st)
{
	autoclose int fd =
	    open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd == -1 || fstat(fd, st) == -1)
		return -1;
	if (S_ISFIFO(st->st_mode))
		return read_pipe(fd, out);
	/* Wait for input from a terminal. */
	if (fcntl(fd, F_SETFL, 0) == -1)
		return -1;
	return file_read_all(fd, out);
}

ssize_t
file_read_at(int fd, void *to, size_t len, int64_t offset)
{
	ssize_t n;

	do
		n = pread(fd, to, len, offset);
	while (n == -1 && errno == EINTR);
	return n;
}

static int
empty_directory(int parentfd, const char *name)
{
	autoclosedir DIR *dir = file_open_folder(parentfd, name);
	const char *inner;
	int result = 0;

	if (dir == NULL)
		return -1;
	while ((inner = file_next_name(dir)) != NULL)
		if (file_remove_tree(dirfd(dir), inner) == -1)
			result = -1;
	return result;
}

int
file_remove_tree(int dirfd, const char *name)
{
	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (empty_directory(dirfd, name) == -1)
		return -1;
	return unlinkat(dirfd, name, AT_REMOVEDIR);
}

bool
file_is_same(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

char *
file_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? xstrndup(path, slash > path ? (size_t)(slash - path) : 1)
		     : xstrdup(".");
}

static int64_t
nanoseconds(const struct timespec *t)
{
	int64_t ns;

	/* 64 bits cover the years 1677 to 2262. */
	if (__builtin_mul_overflow((int64_t)t->tv_sec, 1000000000, &ns) ||
	    __builtin_add_overflow(ns, t->tv_nsec, &ns))
		return t->tv_sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

int64_t
file_mtime_ns(const struct stat *st)
{
	return nanoseconds(&st->st_mtim);
}

/* FNV-1a of four numbers. */
int64_t
file_stamp(const struct stat *st)
{
	const int64_t parts[] = { (int64_t)st->st_ino,
		nanoseconds(&st->st_ctim), nanoseconds(&st->st_mtim),
		st->st_size };
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		for (int shift = 0; shift < 64; shift += 8)
			hash = (hash ^ ((uint64_t)parts[i] >> shift & 0xff)) *
			    UINT64_C(1099511628211);
	return (int64_t)(hash >> 12 | 1);
}

int64_t
file_birth_ms(int fd)
{
	struct statx stx;

	if (fd == -1 || statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) == -1 ||
	    !(stx.stx_mask & STATX_BTIME))
		return 0;
	return stx.stx_btime.tv_sec * 1000 + stx.stx_btime.tv_nsec / 1000000;
}

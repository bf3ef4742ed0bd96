#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"

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

	/* openat2() refuses, with O_PATH, what open() would ignore. */
	flags |= flags & O_PATH ? O_CLOEXEC : O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	how.flags = (uint64_t)flags;
	fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	if (fd == -1 && (errno == ENOSYS || errno == EPERM))
		return walk_beneath(dirfd, path, flags);
	return fd;
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

int64_t
file_mtime_ns(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

#include "base/owned.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

enum { MOST_LINKS = 40 };

/* Put the link's target in front of the rest of the path. */
static int
follow(int link, char **rest, int *links)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link, "", target, sizeof(target));
	autofree char *longer = NULL;

	if (n == -1 || n == sizeof(target) || ++*links > MOST_LINKS) {
		errno = ELOOP;
		return -1;
	}
	longer = xasprintf("%.*s/%s", (int)n, target, *rest);
	mem_replace(rest, longer);
	return 0;
}

/* Remove and return the first name of the path. */
static char *
take_name(char **rest)
{
	const char *s = *rest + strspn(*rest, "/");
	size_t len = strcspn(s, "/");
	autofree char *left = xstrdup(s + len + strspn(s + len, "/"));
	char *name = len > 0 ? xstrndup(s, len) : xstrdup(".");

	mem_replace(rest, left);
	return name;
}

static int
start_of(const char *path)
{
	return open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Root's, in a place where nobody else could have put it. */
static bool
is_roots_own(int at, const struct stat *link)
{
	struct stat st;

	return link->st_uid == 0 && fstat(at, &st) == 0 && st.st_uid == 0 &&
	    (!(st.st_mode & (S_IWGRP | S_IWOTH)) || (st.st_mode & S_ISVTX));
}

/* One name at a time, as each may be a link. */
static int
walk(const char *path, int flags)
{
	autofree char *rest = xstrdup(path);
	autoclose int at = start_of(path);
	int links = 0;

	while (at != -1) {
		autofree char *name = take_name(&rest);
		autoclose int fd =
		    openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		struct stat st;

		if (fd == -1 || fstat(fd, &st) == -1)
			return -1;
		if (!S_ISLNK(st.st_mode) && *rest == '\0')
			return openat(at, name, flags | O_NOFOLLOW);
		if (S_ISLNK(st.st_mode)) {
			if (!is_roots_own(at, &st))
				links = MOST_LINKS;
			if (follow(fd, &rest, &links) == -1)
				return -1;
			if (*rest != '/')
				continue;
			mem_close(&fd);
			fd = start_of(rest);
		}
		mem_close(&at);
		at = steal_fd(&fd);
	}
	return -1;
}

int
owned_open(const char *path, int flags)
{
	flags |= O_CLOEXEC;
	if (geteuid() == 0)
		return walk(path, flags);
	return open(path, flags);
}

void
owned_become(int dirfd)
{
	struct stat st;

	if (geteuid() != 0 || fstat(dirfd, &st) == -1)
		return;
	(void)setfsgid(st.st_gid);
	(void)setfsuid(st.st_uid);
}

int
owned_enter(const char *path)
{
	autofree char *directory = file_parent(path);
	int fd = owned_open(directory, O_RDONLY | O_DIRECTORY);

	if (fd != -1)
		owned_become(fd);
	return fd;
}

void
owned_leave(void)
{
	(void)setfsuid(geteuid());
	(void)setfsgid(getegid());
}

/* Stat the name, too: it can be moved or linked at any moment. */
static int
check_file(int dirfd, const char *name, int fd)
{
	struct stat there, st;

	if (fstat(fd, &st) == -1 ||
	    fstatat(dirfd, name, &there, AT_SYMLINK_NOFOLLOW) == -1)
		return -1;
	if (st.st_ino == there.st_ino && st.st_dev == there.st_dev &&
	    there.st_nlink == 1 && (S_ISREG(st.st_mode) || st.st_uid == 0))
		return 0;
	errno = EMLINK;
	return -1;
}

int
owned_open_file(const char *path, int flags, mode_t mode)
{
	const char *name = basename(path);
	autoclose int dirfd = -1;
	autoclose int fd = -1;
	struct stat st;

	flags |= O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	if (geteuid() != 0)
		return open(path, flags, mode);
	dirfd = owned_enter(path);
	if (dirfd != -1)
		fd = openat(dirfd, name, flags | O_NOFOLLOW, mode);
	owned_leave();
	/* Root may read its own files. */
	if (dirfd != -1 && fd == -1 && errno == EACCES &&
	    (flags & O_ACCMODE) == O_RDONLY &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_uid == 0 && st.st_nlink == 1)
		fd = openat(dirfd, name, flags | O_NOFOLLOW);
	if (fd != -1 && check_file(dirfd, name, fd) == -1)
		mem_close(&fd);
	return steal_fd(&fd);
}

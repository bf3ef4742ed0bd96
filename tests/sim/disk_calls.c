/*
 * The calls of libc that the program makes, as ld's --wrap gives them to us:
 * names, status, folders.  A descriptor that is not the simulated disk's goes
 * on to libc.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "calls.h"
#include "disk.h"
#include "laws.h"
#include "world.h"

/* The parent of a path, and its last segment in name; NULL with errno. */
static struct node *
parent_of(int dirfd, const char *path, char name[NAME_MAX + 1])
{
	struct file *f = *path == '/' ? NULL : disk_file_of(dirfd);
	struct node *dir = *path == '/' ? disk_root() : f ? f->node : NULL;
	const char *slash;

	while (dir && (slash = strchr(path, '/')) != NULL) {
		size_t len = (size_t)(slash - path);
		char part[NAME_MAX + 1];

		if (len > NAME_MAX) {
			errno = ENAMETOOLONG;
			return NULL;
		}
		memcpy(part, path, len);
		part[len] = '\0';
		path = slash + 1;
		if (len > 0)
			dir = disk_lookup(dir, part);
		if (dir && !dir->is_dir) {
			errno = ENOTDIR;
			return NULL;
		}
		if (dir == NULL)
			errno = ENOENT;
	}
	if (dir && strlen(path) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	if (dir)
		(void)snprintf(name, NAME_MAX + 1, "%s", *path ? path : ".");
	return dir;
}

static struct node *
node_at(int dirfd, const char *path)
{
	char name[NAME_MAX + 1];
	struct node *dir = parent_of(dirfd, path, name);
	struct node *n = dir ? disk_lookup(dir, name) : NULL;

	if (dir && n == NULL)
		errno = ENOENT;
	return n;
}

static int
open_at(int dirfd, const char *path, int flags)
{
	char name[NAME_MAX + 1];
	struct node *dir, *n;
	bool writes = (flags & O_ACCMODE) != O_RDONLY;

	if (disk_try(writes ? CALL_CHANGE : CALL_READ) == -1 ||
	    (dir = parent_of(dirfd, path, name)) == NULL)
		return -1;
	n = disk_lookup(dir, name);
	if (n == NULL && !(flags & O_CREAT))
		return disk_fail(ENOENT);
	if (n && (flags & O_CREAT) && (flags & O_EXCL))
		return disk_fail(EEXIST);
	if (n == NULL) {
		if (disk.is_full)
			return disk_fail(ENOSPC);
		n = disk_make(dir, name, false);
	}
	if (n->is_dir && writes)
		return disk_fail(EISDIR);
	if (!n->is_dir && (flags & O_DIRECTORY))
		return disk_fail(ENOTDIR);
	if (flags & O_TRUNC) {
		disk_changing(n);
		disk_set_data(n, "", 0);
	}
	return disk_open_node(n, flags);
}

int
__wrap_open64(const char *path, int flags, ...)
{
	return open_at(-1, path, flags);
}

int
__wrap_openat64(int dirfd, const char *path, int flags, ...)
{
	return open_at(dirfd, path, flags);
}

int
__wrap___openat64_2(int dirfd, const char *path, int flags)
{
	return open_at(dirfd, path, flags);
}

int
__wrap___open64_2(const char *path, int flags)
{
	return open_at(-1, path, flags);
}

/* openat2() has no function of its own. */
long
__wrap_syscall(long number, ...)
{
	const struct open_how *how;
	const char *path;
	va_list ap;
	int dirfd;

	if (number != SYS_openat2)
		return disk_fail(ENOSYS);
	va_start(ap, number);
	dirfd = va_arg(ap, int);
	path = va_arg(ap, const char *);
	how = va_arg(ap, const struct open_how *);
	va_end(ap);
	return open_at(dirfd, path, (int)how->flags);
}

int
__wrap_close(int fd)
{
	if (fd < DISK_FD)
		return __real_close(fd);
	if (disk_file_of(fd) == NULL)
		return -1;
	disk_close(fd);
	return 0;
}

/* Status */

int
__wrap_fstat64(int fd, struct stat *st)
{
	struct file *f;

	if (fd < DISK_FD)
		return __real_fstat64(fd, st);
	if (disk_try(CALL_READ) == -1 || (f = disk_file_of(fd)) == NULL)
		return -1;
	disk_stat(f->node, st);
	return 0;
}

int
__wrap_fstatat64(int dirfd, const char *path, struct stat *st, int flags)
{
	struct node *n;

	if (flags & AT_EMPTY_PATH && *path == '\0')
		return __wrap_fstat64(dirfd, st);
	if (disk_try(CALL_READ) == -1 || (n = node_at(dirfd, path)) == NULL)
		return -1;
	disk_stat(n, st);
	return 0;
}

int
__wrap_stat64(const char *path, struct stat *st)
{
	return __wrap_fstatat64(-1, path, st, 0);
}

int
__wrap_statx(int dirfd, const char *path, int flags, unsigned mask,
    struct statx *stx)
{
	struct file *f = disk_file_of(dirfd);
	struct node *n = *path ? node_at(dirfd, path) : f ? f->node : NULL;

	(void)flags;
	(void)mask;
	if (n == NULL)
		return -1;
	*stx = (struct statx){ .stx_mask = STATX_BTIME };
	stx->stx_btime.tv_sec = n->birth_ms / 1000;
	stx->stx_btime.tv_nsec = (uint32_t)(n->birth_ms % 1000) * 1000000;
	return 0;
}

int
__wrap_fstatvfs64(int fd, struct statvfs *vfs)
{
	*vfs = (struct statvfs){ .f_bsize = 4096, .f_frsize = 4096 };
	vfs->f_blocks = 1000;
	vfs->f_bfree = vfs->f_bavail = disk.is_full ? 0 : 500;
	return disk_file_of(fd) ? 0 : -1;
}

int
__wrap_faccessat(int dirfd, const char *path, int mode, int flags)
{
	(void)flags;
	if (node_at(dirfd, path) == NULL)
		return -1;
	if ((mode & W_OK) && actor_now && actor_now->host->is_read_only)
		return disk_fail(EROFS);
	return 0;
}

char *
__wrap_realpath(const char *path, char *resolved)
{
	(void)resolved;
	return disk_find(path) ? strdup(path) : NULL;
}

/* Names */

int
__wrap_unlinkat(int dirfd, const char *path, int flags)
{
	char name[NAME_MAX + 1];
	struct node *dir, *n;

	if (disk_try(CALL_CHANGE) == -1 ||
	    (dir = parent_of(dirfd, path, name)) == NULL)
		return -1;
	n = disk_lookup(dir, name);
	if (n == NULL)
		return disk_fail(ENOENT);
	if (flags & AT_REMOVEDIR && !n->is_dir)
		return disk_fail(ENOTDIR);
	if (!(flags & AT_REMOVEDIR) && n->is_dir)
		return disk_fail(EISDIR);
	if (n->is_dir && n->entries.n > 0)
		return disk_fail(ENOTEMPTY);
	laws_removed(n);
	disk_unlink(dir, name);
	return 0;
}

int
__wrap_renameat2(int from, const char *path, int to, const char *new_path,
    unsigned flags)
{
	char name[NAME_MAX + 1], new_name[NAME_MAX + 1];
	struct node *dir, *new_dir;

	if (disk_try(CALL_CHANGE) == -1)
		return -1;
	if (flags && disk.rename_error)
		return disk_fail(disk.rename_error);
	if ((dir = parent_of(from, path, name)) == NULL ||
	    (new_dir = parent_of(to, new_path, new_name)) == NULL)
		return -1;
	if (disk_lookup(dir, name) == NULL)
		return disk_fail(ENOENT);
	if (flags & RENAME_NOREPLACE && disk_lookup(new_dir, new_name))
		return disk_fail(EEXIST);
	disk_rename(dir, name, new_dir, new_name);
	return 0;
}

int
__wrap_renameat(int from, const char *path, int to, const char *new_path)
{
	return __wrap_renameat2(from, path, to, new_path, 0);
}

int
__wrap_mkdirat(int dirfd, const char *path, mode_t mode)
{
	char name[NAME_MAX + 1];
	struct node *dir;

	(void)mode;
	if (disk_try(CALL_GROW) == -1 ||
	    (dir = parent_of(dirfd, path, name)) == NULL)
		return -1;
	if (disk_lookup(dir, name))
		return disk_fail(EEXIST);
	(void)disk_make(dir, name, true);
	return 0;
}

/* Folders: a stream lists what was there when it was opened. */

struct stream {
	int fd;
	size_t n, next;
	struct dirent *entries;
};

DIR *
__wrap_fdopendir(int fd)
{
	struct file *f = disk_file_of(fd);
	struct stream *s;

	if (f == NULL)
		return NULL;
	s = xcalloc(1, sizeof(*s));
	s->fd = fd;
	s->n = f->node->entries.n;
	s->entries = xcalloc(s->n, sizeof(*s->entries));
	for (size_t i = 0; i < s->n; i++) {
		const struct entry *e = &f->node->entries.v[i];
		struct dirent *d = &s->entries[i];

		d->d_ino = e->node->ino;
		d->d_type = e->node->is_dir ? DT_DIR : DT_REG;
		(void)snprintf(d->d_name, sizeof(d->d_name), "%s", e->name);
	}
	return (DIR *)s;
}

DIR *
__wrap_opendir(const char *path)
{
	int fd = open_at(-1, path, O_RDONLY | O_DIRECTORY);

	return fd == -1 ? NULL : __wrap_fdopendir(fd);
}

int
__wrap_dirfd(DIR *dir)
{
	return ((struct stream *)dir)->fd;
}

struct dirent *
__wrap_readdir64(DIR *dir)
{
	struct stream *s = (struct stream *)dir;

	if (disk_try(CALL_READ) == -1 || s->next == s->n)
		return NULL;
	return &s->entries[s->next++];
}

int
__wrap_closedir(DIR *dir)
{
	struct stream *s = (struct stream *)dir;
	int fd = s->fd;

	free(s->entries);
	free(s);
	return __wrap_close(fd);
}

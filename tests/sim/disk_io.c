/*
 * The calls of libc that the program makes, as ld's --wrap gives them to us:
 * content and locks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "calls.h"
#include "disk.h"
#include "laws.h"

int
disk_fail(int number)
{
	errno = number;
	return -1;
}

int
disk_try(enum disk_call call)
{
	int number = disk_step(call);

	return number ? disk_fail(number) : 0;
}

struct file *
disk_file_of(int fd)
{
	struct file *f = disk_file(fd);

	if (f == NULL)
		errno = EBADF;
	return f;
}

/* Content */

ssize_t
__wrap_pread64(int fd, void *to, size_t len, off_t offset)
{
	struct file *f;
	size_t left;

	if (fd < DISK_FD)
		return __real_pread64(fd, to, len, offset);
	if (disk_try(CALL_READ) == -1 || (f = disk_file_of(fd)) == NULL)
		return -1;
	if (f->is_stale)
		return disk_fail(EIO);
	left =
	    (size_t)offset < f->node->size ? f->node->size - (size_t)offset : 0;
	len = len < left ? len : left;
	if (len > 0)
		memcpy(to, f->node->data + offset, len);
	if (f->node->grows)
		disk_write(f->node, f->node->size, "+", 1);
	return (ssize_t)len;
}

ssize_t
__wrap_read(int fd, void *to, size_t len)
{
	ssize_t n;

	if (fd < DISK_FD)
		return __real_read(fd, to, len);
	if (disk_file_of(fd) == NULL)
		return -1;
	n = __wrap_pread64(fd, to, len, (off_t)disk_file(fd)->offset);
	if (n > 0)
		disk_file(fd)->offset += (size_t)n;
	return n;
}

ssize_t
__wrap_write(int fd, const void *data, size_t len)
{
	struct file *f;
	struct node *n;
	size_t at;

	if (fd < DISK_FD)
		return __real_write(fd, data, len);
	if (disk_try(CALL_GROW) == -1 || (f = disk_file_of(fd)) == NULL)
		return -1;
	if (f->is_stale)
		return disk_fail(EIO);
	n = f->node;
	disk_changing(n);
	at = f->flags & O_APPEND ? n->size : f->offset;
	disk_write(n, at, data, len);
	f->offset = at + len;
	laws_written(n, data, len);
	return (ssize_t)len;
}

off_t
__wrap_lseek64(int fd, off_t offset, int whence)
{
	struct file *f;

	if (fd < DISK_FD)
		return __real_lseek64(fd, offset, whence);
	f = disk_file_of(fd);
	if (f == NULL)
		return -1;
	f->offset = (size_t)(offset +
	    (whence == SEEK_END          ? (off_t)f->node->size
		    : whence == SEEK_CUR ? (off_t)f->offset
					 : 0));
	return (off_t)f->offset;
}

int
__wrap_ftruncate64(int fd, off_t size)
{
	struct file *f;

	if (disk_try(CALL_CHANGE) == -1 || (f = disk_file_of(fd)) == NULL)
		return -1;
	if (f->is_stale)
		return disk_fail(EIO);
	disk_changing(f->node);
	if ((size_t)size < f->node->size)
		f->node->size = (size_t)size;
	disk_touch(f->node);
	return 0;
}

int
__wrap_fsync(int fd)
{
	struct file *f;

	if (disk_try(CALL_SYNC) == -1 || (f = disk_file_of(fd)) == NULL)
		return -1;
	if (f->is_stale)
		return disk_fail(EIO);
	disk_sync_node(f->node);
	laws_synced(f->node);
	return 0;
}

int
__wrap_fdatasync(int fd)
{
	return __wrap_fsync(fd);
}

int
__wrap_futimens(int fd, const struct timespec times[2])
{
	struct file *f;

	if (disk_try(CALL_CHANGE) == -1 || (f = disk_file_of(fd)) == NULL)
		return -1;
	disk_touch(f->node);
	if (times && times[1].tv_nsec != UTIME_OMIT &&
	    times[1].tv_nsec != UTIME_NOW)
		f->node->mtime_ns =
		    (int64_t)times[1].tv_sec * 1000000000 + times[1].tv_nsec;
	return 0;
}

int
__wrap_fchmod(int fd, mode_t mode)
{
	struct file *f = disk_file_of(fd);

	if (f == NULL)
		return -1;
	f->node->mode = mode & 07777;
	return 0;
}

/* Everything has one owner. */
int
__wrap_fchown(int fd, uid_t owner, gid_t group)
{
	(void)owner;
	(void)group;
	return disk_try(CALL_CHANGE) == -1 || !disk_file_of(fd) ? -1 : 0;
}

/* Locks */

static int
lock(struct file *f, struct flock *how, bool is_asked_only)
{
	if (disk.ofd_error)
		return disk_fail(disk.ofd_error);
	if (how->l_start > 0 && is_asked_only) {
		if (!disk_is_wanted(f))
			how->l_type = F_UNLCK;
		return 0;
	}
	if (how->l_start > 0) {
		f->is_wishing = true;
		return 0;
	}
	if (is_asked_only) {
		if (!disk_is_locked(f, how->l_type))
			how->l_type = F_UNLCK;
		return 0;
	}
	if (how->l_type != F_UNLCK && disk_is_locked(f, how->l_type))
		return disk_fail(EAGAIN);
	f->lock = how->l_type;
	return 0;
}

int
__wrap_fcntl64(int fd, int command, ...)
{
	struct flock *how;
	struct file *f;
	va_list ap;

	if (fd < DISK_FD)
		return disk_fail(EINVAL);
	va_start(ap, command);
	how = va_arg(ap, struct flock *);
	va_end(ap);
	if ((command != F_OFD_SETLK && command != F_OFD_GETLK))
		return 0;
	if (disk_try(CALL_LOCK) == -1 || (f = disk_file_of(fd)) == NULL)
		return -1;
	return lock(f, how, command == F_OFD_GETLK);
}

int
__wrap_flock(int fd, int how)
{
	struct file *f;

	/* Not ENOLCK: a file system has locks or not, for every call. */
	if (disk_try(CALL_LOCK) == -1)
		return disk_fail(EIO);
	if ((f = disk_file_of(fd)) == NULL)
		return -1;
	if (disk.flock_error)
		return disk_fail(disk.flock_error);
	if ((how & LOCK_EX) && disk_is_flocked(f))
		return disk_fail(EWOULDBLOCK);
	f->is_flocked = how & LOCK_EX;
	return 0;
}

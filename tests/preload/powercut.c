/*
 * A power cut, for the shipped program: preloaded, this counts the program's
 * calls on its journal (create, write, truncate, sync, rename) and its sends to
 * a server.  At call number POWERCUT_AT it takes back what was not yet synced,
 * all of it, the second half, or nothing (POWERCUT_KEEP: none, half or all),
 * and ends the process.  A journal whose directory was not synced loses its
 * name unless all is kept.  One that was renamed over another keeps the name,
 * unless nothing is kept: then the other one has it again.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_CUT = 100 };

static const char name[] = ".jibri-finalize";
static int journal = -1;
static int directory = -1;
static bool is_name_synced;
static off_t synced;
static long calls;

/* The replacement, and then the replaced one. */
static int fresh = -1;
static off_t fresh_synced;
static char *old;
static size_t old_len;

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static void
lose_name(void)
{
	int fd;

	(void)unlinkat(directory, name, 0);
	if (old == NULL)
		return;
	fd = REAL(openat)(directory, name, O_WRONLY | O_CREAT, 0644);
	if (REAL(write)(fd, old, old_len) == -1)
		abort();
}

static void
take_back(void)
{
	const char *keep = getenv("POWERCUT_KEEP");
	struct stat st;

	if (keep == NULL || strcmp(keep, "all") == 0)
		return;
	if (fresh != -1)
		(void)REAL(ftruncate)(fresh, fresh_synced);
	if (!is_name_synced && (old == NULL || strcmp(keep, "none") == 0)) {
		lose_name();
		return;
	}
	if (fstat(journal, &st) == -1 || st.st_size <= synced)
		return;
	if (strcmp(keep, "half") == 0)
		synced += (st.st_size - synced) / 2;
	(void)REAL(ftruncate)(journal, synced);
}

static void
count(void)
{
	const char *at = getenv("POWERCUT_AT");

	calls++;
	if (at == NULL || strtol(at, NULL, 10) != calls)
		return;
	take_back();
	_exit(EXIT_CUT);
}

static void
adopt(int dirfd, const char *path, int flags, int fd)
{
	struct stat st = { 0 };

	if (fd != -1 && strcmp(path, ".jibri-finalize.new") == 0) {
		fresh = fd;
		fresh_synced = 0;
		count();
	}
	if (fd == -1 || strcmp(path, name) != 0 ||
	    (flags & O_ACCMODE) == O_RDONLY)
		return;
	journal = fd;
	directory = dirfd;
	(void)fstat(fd, &st);
	synced = st.st_size;
	is_name_synced = st.st_size > 0;
	count();
}

/* With 64-bit offsets these names stand for openat64() and ftruncate64(). */
int
openat(int dirfd, const char *path, int flags, ...)
{
	mode_t mode;
	va_list ap;
	int fd;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	fd = REAL(openat)(dirfd, path, flags, mode);
	adopt(dirfd, path, flags, fd);
	return fd;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	ssize_t n = REAL(write)(fd, data, len);

	if ((fd == journal || fd == fresh) && fd != -1)
		count();
	return n;
}

int
ftruncate(int fd, off_t length)
{
	int result = REAL(ftruncate)(fd, length);

	if (fd == journal && fd != -1) {
		if (length < synced)
			synced = length;
		count();
	}
	return result;
}

static void
mark_synced(int fd)
{
	struct stat st;

	if (fd == directory)
		is_name_synced = true;
	if (fd == journal && fstat(fd, &st) == 0)
		synced = st.st_size;
	if (fd == fresh && fstat(fd, &st) == 0)
		fresh_synced = st.st_size;
}

/* Cut before the sync: after it is before the next call. */
int
fdatasync(int fd)
{
	if (fd == journal && fd != -1)
		count();
	mark_synced(fd);
	return REAL(fdatasync)(fd);
}

int
fsync(int fd)
{
	if ((fd == journal || fd == directory || fd == fresh) && fd != -1)
		count();
	mark_synced(fd);
	return REAL(fsync)(fd);
}

static void
remember_old(void)
{
	old_len = (size_t)synced;
	old = malloc(old_len + 1);
	if (old == NULL || pread(journal, old, old_len, 0) != synced)
		abort();
}

int
renameat(int from, const char *path, int to, const char *new_path)
{
	int result;

	if (fresh != -1 && from == directory && strcmp(new_path, name) == 0) {
		count();
		remember_old();
		journal = fresh;
		synced = fresh_synced;
		is_name_synced = false;
		fresh = -1;
	}
	result = REAL(renameat)(from, path, to, new_path);
	if (old != NULL)
		count();
	return result;
}

/* Cut before the bytes leave. */
ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	count();
	return REAL(send)(fd, data, len, flags);
}

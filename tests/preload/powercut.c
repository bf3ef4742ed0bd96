/*
 * A power cut, for the program as it is shipped: preloaded, this counts
 * what the program does to its journal (create, write, cut, sync) and what
 * it sends to a server, and at call number POWERCUT_AT ends the process, after taking back what was not
 * yet synced: all of it, the second half, or nothing (POWERCUT_KEEP is none,
 * half or all).  A journal whose directory was not synced loses its name
 * unless all is kept.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_CUT = 100 };

static int journal = -1;
static int directory = -1;
static bool is_name_synced;
static off_t synced;
static long calls;

#define REAL(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static void
take_back(void)
{
	const char *keep = getenv("POWERCUT_KEEP");
	struct stat st;

	if (keep == NULL || strcmp(keep, "all") == 0)
		return;
	if (!is_name_synced) {
		(void)unlinkat(directory, ".jibri-finalize", 0);
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

	if (fd == -1 || strcmp(path, ".jibri-finalize") != 0 ||
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

	if (fd == journal && fd != -1)
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
}

/* Cut before the sync; after it is before the next call. */
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
	if ((fd == journal || fd == directory) && fd != -1)
		count();
	mark_synced(fd);
	return REAL(fsync)(fd);
}

/* Cut before the bytes leave. */
ssize_t
send(int fd, const void *data, size_t len, int flags)
{
	count();
	return REAL(send)(fd, data, len, flags);
}

/*
 * What a run took, for the program as it is shipped: preloaded, this appends
 * a line to the file PEAK_FILE when the process ends: its VmHWM in KiB and how
 * many descriptors were open at once.  A new one is the lowest that is free,
 * so the highest says how many.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int highest;

static int
seen(int fd)
{
	if (fd > highest)
		highest = fd;
	return fd;
}

int
socket(int domain, int type, int protocol)
{
	__typeof__(&socket) real =
	    (__typeof__(&socket))dlsym(RTLD_NEXT, "socket");

	return seen(real(domain, type, protocol));
}

int
openat64(int dirfd, const char *path, int flags, ...)
{
	__typeof__(&openat64) real =
	    (__typeof__(&openat64))dlsym(RTLD_NEXT, "openat64");
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = va_arg(ap, mode_t);
	va_end(ap);
	return seen(real(dirfd, path, flags, mode));
}

static long
peak_kib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	long kib = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "VmHWM:", 6) == 0)
			kib = strtol(line + 6, NULL, 10);
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

__attribute__((destructor)) static void
tell(void)
{
	const char *file = getenv("PEAK_FILE");
	int fd = file ? open(file, O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;

	if (fd == -1)
		return;
	dprintf(fd, "%ld %d\n", peak_kib(), highest + 1);
	(void)close(fd);
}

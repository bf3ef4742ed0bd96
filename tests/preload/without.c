/*
 * A kernel, or a unit around the program, that refuses what WITHOUT names:
 * "seccomp", "landlock", or both.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

long syscall(long number, ...);

long
syscall(long number, ...)
{
	long (*real)(long, ...) =
	    (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
	const char *without = getenv("WITHOUT");
	long a[6];
	va_list ap;

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (without &&
	    ((number == SYS_seccomp && strstr(without, "seccomp")) ||
		(number == SYS_landlock_create_ruleset &&
		    strstr(without, "landlock")))) {
		errno = EPERM;
		return -1;
	}
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

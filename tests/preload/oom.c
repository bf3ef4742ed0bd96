/*
 * No memory, for the shipped program: preloaded, this counts the allocations
 * from the start of main(), including those of libraries.  Number OOM_AT fails,
 * and with OOM_MODE=on all that follow.  Writes their number to the file
 * OOM_COUNT.
 *
 * Nine in ten are OpenSSL's, reading its configuration, and the C library's,
 * compiling libmagic's expressions: OOM_OF=near does not count these.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The C library's own, under the names that cannot be shadowed. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

typedef int main_function(int, char **, char **);
typedef int start_function(main_function *, int, char **, void (*)(void),
    void (*)(void), void (*)(void), void *);
start_function __libc_start_main;

enum { EXIT_UNABLE = 101 };

static main_function *real_main;
static atomic_bool is_counting;
static atomic_long calls;
static long fail_at;
static bool fails_on;
static bool near_only;

static bool
is_far(const void *caller)
{
	Dl_info info;

	return dladdr(caller, &info) == 0 ||
	    strstr(info.dli_fname, "/libc.so") != NULL ||
	    strstr(info.dli_fname, "/libcrypto.so") != NULL;
}

static bool
is_exhausted(const void *caller)
{
	long call;

	if (!is_counting || (near_only && is_far(caller)))
		return false;
	call = ++calls;
	if (fail_at == 0 || (fails_on ? call < fail_at : call != fail_at))
		return false;
	errno = ENOMEM;
	return true;
}

#define IS_EXHAUSTED() is_exhausted(__builtin_return_address(0))

void *
malloc(size_t bytes)
{
	return IS_EXHAUSTED() ? NULL : __libc_malloc(bytes);
}

void *
calloc(size_t count, size_t bytes)
{
	return IS_EXHAUSTED() ? NULL : __libc_calloc(count, bytes);
}

void *
realloc(void *old, size_t bytes)
{
	return IS_EXHAUSTED() ? NULL : __libc_realloc(old, bytes);
}

void *
reallocarray(void *old, size_t count, size_t bytes)
{
	size_t total;

	if (!__builtin_mul_overflow(count, bytes, &total))
		return IS_EXHAUSTED() ? NULL : __libc_realloc(old, total);
	errno = ENOMEM;
	return NULL;
}

static void
write_count(void)
{
	const char *path = getenv("OOM_COUNT");
	char text[32];
	int fd, len;

	if (path == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	len = snprintf(text, sizeof(text), "%ld\n", calls);
	if (fd == -1 || write(fd, text, (size_t)len) != len)
		_exit(EXIT_UNABLE);
	(void)close(fd);
}

static bool
is_set_to(const char *name, const char *value)
{
	const char *is = getenv(name);

	return is != NULL && strcmp(is, value) == 0;
}

static int
counted_main(int argc, char **argv, char **envp)
{
	const char *at = getenv("OOM_AT");
	int code;

	fail_at = at ? strtol(at, NULL, 10) : 0;
	fails_on = is_set_to("OOM_MODE", "on");
	near_only = is_set_to("OOM_OF", "near");
	is_counting = true;
	code = real_main(argc, argv, envp);
	is_counting = false;
	write_count();
	return code;
}

int
__libc_start_main(main_function *function, int argc, char **argv,
    void (*init)(void), void (*fini)(void), void (*rtld_fini)(void),
    void *stack_end)
{
	start_function *real =
	    (start_function *)dlsym(RTLD_NEXT, "__libc_start_main");

	real_main = function;
	return real(counted_main, argc, argv, init, fini, rtld_fini, stack_end);
}

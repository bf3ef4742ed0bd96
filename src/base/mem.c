#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

void
mem_exhausted(void)
{
	static const char text[] = "jibri-finalize: out of memory; the "
				   "journal is intact, run again to resume\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) == -1)
		_exit(EX_TEMPFAIL);
	_exit(EX_TEMPFAIL);
}

static void *
insist(void *p)
{
	if (p == NULL)
		mem_exhausted();
	return p;
}

void *
xmalloc(size_t bytes)
{
	return insist(malloc(bytes ? bytes : 1));
}

void *
xcalloc(size_t count, size_t bytes)
{
	return insist(calloc(count ? count : 1, bytes ? bytes : 1));
}

void *
xreallocarray(void *old, size_t count, size_t bytes)
{
	return insist(reallocarray(old, count ? count : 1, bytes ? bytes : 1));
}

void *
xrealloc(void *old, size_t bytes)
{
	return xreallocarray(old, 1, bytes);
}

char *
xstrdup(const char *s)
{
	return s ? xstrndup(s, strlen(s)) : NULL;
}

char *
xstrndup(const char *s, size_t bytes)
{
	return insist(strndup(s, bytes));
}

char *
xvasprintf(const char *fmt, va_list ap)
{
	char *p = NULL;

	if (vasprintf(&p, fmt, ap) == -1)
		mem_exhausted();
	return p;
}

char *
xasprintf(const char *fmt, ...)
{
	char *p;
	va_list ap;

	va_start(ap, fmt);
	p = xvasprintf(fmt, ap);
	va_end(ap);
	return p;
}

void
xgrow(void **array, size_t *cap, size_t count, size_t element_bytes)
{
	size_t want = *cap ? *cap : 8;

	if (count <= *cap)
		return;
	while (want < count)
		want = want > SIZE_MAX / 2 ? count : want * 2;
	*array = xreallocarray(*array, want, element_bytes);
	*cap = want;
}

int
steal_fd(int *fd)
{
	int stolen = *fd;

	*fd = -1;
	return stolen;
}

void
mem_free_pointer(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

void
mem_close(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

void
mem_closedir(DIR **dir)
{
	if (*dir != NULL)
		(void)closedir(*dir);
}

void
mem_replace(char **p, const char *s)
{
	char *copy = xstrdup(s);

	free(*p);
	*p = copy;
}

void
mem_wipe(void *data, size_t len)
{
	if (data != NULL)
		explicit_bzero(data, len);
}

void
mem_free_secret(char **string)
{
	if (*string != NULL)
		mem_wipe(*string, strlen(*string));
	free(*string);
	*string = NULL;
}

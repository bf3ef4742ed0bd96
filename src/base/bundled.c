#include "base/bundled.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

/* Of all files, only this one is recompiled for the portable build. */
#ifndef BUNDLED
#define BUNDLED NULL
#endif

const char *
bundled_packages(void)
{
	return BUNDLED;
}

char *
bundled_path(const char *name)
{
	char own[PATH_MAX];
	ssize_t len;
	char *slash;

	if (bundled_packages() == NULL)
		return NULL;
	len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	if (len <= 0)
		return NULL;
	own[len] = '\0';
	slash = strrchr(own, '/');
	return slash ? xasprintf("%.*s/lib/%s", (int)(slash - own), own, name)
		     : NULL;
}

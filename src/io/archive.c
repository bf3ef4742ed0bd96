#include <dlfcn.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/archive_internal.h"

static void *handle; /* of the library */

void *
archive_symbol(const char *name)
{
	return dlsym(handle, name);
}

/*
 * Names are UTF-8 in any locale: in the C locale the library would refuse names
 * that are not ASCII.
 */
static void
take_utf8(void)
{
	static locale_t utf8;

	if (utf8 == (locale_t)0)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (utf8 != (locale_t)0)
		(void)uselocale(utf8);
}

int
archive_load(struct err *e)
{
	handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		return err_set(e, ERR_CONFIG,
		    "archives need libarchive, which cannot be loaded: %s",
		    dlerror());
	/* The newest function that is called; it came with 3.3.3. */
	if (LIB(archive_read_support_filter_zstd) == NULL) {
		(void)dlclose(handle);
		return err_set(e, ERR_CONFIG,
		    "archives need libarchive 3.3.3 or later");
	}
	take_utf8();
	return 0;
}

void
archive_unload(void)
{
	(void)uselocale(LC_GLOBAL_LOCALE);
	(void)dlclose(handle);
}

const char *
archive_error_text(struct archive *a)
{
	const char *text = LIB(archive_error_string)(a);

	return text ? text : "no reason given";
}

char *
archive_library(void)
{
	struct err e;
	char *text;

	if (archive_load(&e) == -1)
		return xstrdup("no libarchive");
	text = xstrdup(LIB(archive_version_string)());
	archive_unload();
	return text;
}

static const struct {
	const char *suffix;
	enum archive_type type;
} suffixes[] = {
	{ ".tar.zst", ARCHIVE_TYPE_TAR_ZSTD },
	{ ".tzst", ARCHIVE_TYPE_TAR_ZSTD },
	{ ".tar.gz", ARCHIVE_TYPE_TAR_GZIP },
	{ ".tgz", ARCHIVE_TYPE_TAR_GZIP },
	{ ".tar", ARCHIVE_TYPE_TAR },
	{ ".zip", ARCHIVE_TYPE_ZIP },
};

enum archive_type
archive_type_of(const char *name, size_t *stem_len)
{
	size_t len = strlen(name);

	*stem_len = len;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t n = strlen(suffixes[i].suffix);

		if (len <= n ||
		    strcasecmp(name + len - n, suffixes[i].suffix) != 0)
			continue;
		*stem_len = len - n;
		return suffixes[i].type;
	}
	return ARCHIVE_TYPE_NONE;
}

char *
archive_clean_path(const char *path)
{
	autofree char *clean = NULL;
	size_t len = 0;

	if (*path == '/' || strlen(path) > ARCHIVE_MAX_PATH_BYTES)
		return NULL;
	clean = xcalloc(1, strlen(path) + 1);
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0)
			return NULL;
		if (n > 0 && !(n == 1 && *path == '.')) {
			if (len > 0)
				clean[len++] = '/';
			memcpy(clean + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	return steal(&clean);
}

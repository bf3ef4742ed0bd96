#include "io/mimetype.h"

#include <magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

enum { TYPE_BYTES = 128 };

struct mimetype {
	magic_t cookie;
	char *problem;
	char text[TYPE_BYTES];
};

static const struct {
	const char *extension;
	const char *type;
} extensions[] = {
	{ "mp4", "video/mp4" },
	{ "m4v", "video/mp4" },
	{ "mkv", "video/x-matroska" },
	{ "webm", "video/webm" },
	{ "mov", "video/quicktime" },
	{ "avi", "video/x-msvideo" },
	{ "flv", "video/x-flv" },
	{ "ts", "video/mp2t" },
	{ "m2ts", "video/mp2t" },
	{ "mpg", "video/mpeg" },
	{ "mpeg", "video/mpeg" },
	{ "m2v", "video/mpeg" },
	{ "3gp", "video/3gpp" },
	{ "wmv", "video/x-ms-wmv" },
	{ "m4a", "audio/mp4" },
	{ "mp3", "audio/mpeg" },
	{ "aac", "audio/aac" },
	{ "ogg", "audio/ogg" },
	{ "opus", "audio/ogg" },
	{ "wav", "audio/x-wav" },
	{ "flac", "audio/flac" },
	{ "m3u8", "application/vnd.apple.mpegurl" },
	{ "json", "application/json" },
	{ "jsonl", "application/x-ndjson" },
	{ "vtt", "text/vtt" },
	{ "srt", "application/x-subrip" },
	{ "csv", "text/csv" },
	{ "txt", "text/plain" },
	{ "log", "text/plain" },
	{ "html", "text/html" },
	{ "xml", "application/xml" },
	{ "pdf", "application/pdf" },
	{ "png", "image/png" },
	{ "jpg", "image/jpeg" },
};

static const char *
by_extension(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0;
	     dot && i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (strcasecmp(dot + 1, extensions[i].extension) == 0)
			return extensions[i].type;
	return NULL;
}

bool
mimetype_is_media(const char *type)
{
	return strncmp(type, "video/", 6) == 0 ||
	    strncmp(type, "audio/", 6) == 0;
}

bool
mimetype_is_media_name(const char *name)
{
	const char *type = by_extension(name);

	return type != NULL && mimetype_is_media(type);
}

struct mimetype *
mimetype_open(void)
{
	struct mimetype *m = xcalloc(1, sizeof(*m));

	(void)unsetenv("MAGIC");
	m->cookie = magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR);
	if (m->cookie == NULL) {
		m->problem = xstrdup("libmagic does not start");
		return m;
	}
	if (magic_load(m->cookie, NULL) == 0)
		return m;
	m->problem = xasprintf("libmagic's database does not load: %s",
	    magic_error(m->cookie));
	magic_close(m->cookie);
	m->cookie = NULL;
	return m;
}

void
mimetype_close(struct mimetype *m)
{
	if (m == NULL)
		return;
	if (m->cookie)
		magic_close(m->cookie);
	free(m->problem);
	free(m);
}

const char *
mimetype_problem(const struct mimetype *m)
{
	return m->problem;
}

/* Types that say no more than "some bytes" or "some text". */
static bool
is_generic(const char *type)
{
	static const char *const generic[] = {
		"application/octet-stream",
		"application/x-empty",
		"inode/x-empty",
		"text/plain",
	};

	for (size_t i = 0; i < sizeof(generic) / sizeof(generic[0]); i++)
		if (strcmp(type, generic[i]) == 0)
			return true;
	return false;
}

/* A type goes into a header: only what RFC 6838 allows in a name. */
static bool
is_clean(const char *type)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789!#$&-^_.+/";

	return *type && type[strspn(type, allowed)] == '\0' &&
	    strchr(type, '/') && strlen(type) < TYPE_BYTES;
}

static const char *
refine(struct mimetype *m, const char *type, const char *name)
{
	const char *other = by_extension(name);

	if (type == NULL || !is_clean(type))
		type = "application/octet-stream";
	if (is_generic(type) && other != NULL)
		type = other;
	if (strstr(type, "x-empty"))
		type = "application/octet-stream";
	(void)snprintf(m->text, sizeof(m->text), "%s", type);
	return m->text;
}

const char *
mimetype_of(struct mimetype *m, int fd, const char *name)
{
	return refine(m, m->cookie ? magic_descriptor(m->cookie, fd) : NULL,
	    name);
}

const char *
mimetype_of_bytes(struct mimetype *m, const void *data, unsigned long len,
    const char *name)
{
	return refine(m, m->cookie ? magic_buffer(m->cookie, data, len) : NULL,
	    name);
}

char *
mimetype_library(void)
{
	return xasprintf("libmagic %d.%02d", magic_version() / 100,
	    magic_version() % 100);
}

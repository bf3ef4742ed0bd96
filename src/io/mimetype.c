#include "io/mimetype.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <magic.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/bundled.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"

enum { TYPE_BYTES = 128, HEAD_BYTES = 4096 };

struct mimetype {
	bool is_loaded; /* or known to fail */
	bool is_thrifty;
	magic_t cookie;
	void *database; /* mapped; NULL: not */
	size_t size;
	char text[TYPE_BYTES];
};

static const struct extension {
	const char *extension;
	const char *type;
	bool is_text;
} extensions[] = {
	{ "mp4", "video/mp4", false },
	{ "m4v", "video/mp4", false },
	{ "mkv", "video/x-matroska", false },
	{ "webm", "video/webm", false },
	{ "mov", "video/quicktime", false },
	{ "avi", "video/x-msvideo", false },
	{ "flv", "video/x-flv", false },
	{ "ts", "video/mp2t", false },
	{ "m2ts", "video/mp2t", false },
	{ "mpg", "video/mpeg", false },
	{ "mpeg", "video/mpeg", false },
	{ "m2v", "video/mpeg", false },
	{ "3gp", "video/3gpp", false },
	{ "wmv", "video/x-ms-wmv", false },
	{ "m4a", "audio/mp4", false },
	{ "mp3", "audio/mpeg", false },
	{ "aac", "audio/aac", false },
	{ "ogg", "audio/ogg", false },
	{ "opus", "audio/ogg", false },
	{ "wav", "audio/x-wav", false },
	{ "flac", "audio/flac", false },
	{ "m3u8", "application/vnd.apple.mpegurl", true },
	{ "json", "application/json", true },
	{ "jsonl", "application/x-ndjson", true },
	{ "vtt", "text/vtt", true },
	{ "srt", "application/x-subrip", true },
	{ "csv", "text/csv", true },
	{ "txt", "text/plain", true },
	{ "log", "text/plain", true },
	{ "html", "text/html", true },
	{ "xml", "application/xml", true },
	{ "pdf", "application/pdf", false },
	{ "png", "image/png", false },
	{ "jpg", "image/jpeg", false },
};

/* How files of the type begin, consistent with libmagic. */
static const struct {
	const char *type;
	size_t from, to; /* range of the file that contains it */
	const char *bytes;
} signatures[] = {
	{ "video/mp4", 4, 12, "ftypisom" },
	{ "video/mp4", 4, 12, "ftypiso2" },
	{ "video/mp4", 4, 12, "ftypmp41" },
	{ "video/mp4", 4, 12, "ftypmp42" },
	/* EBML's DocType */
	{ "video/webm", 4, 64, "\x42\x82\x84webm" },
	{ "video/x-matroska", 4, 64, "\x42\x82\x88matroska" },
	{ "image/png", 0, 8, "\x89PNG\r\n\x1a\n" },
	{ "image/jpeg", 0, 3, "\xff\xd8\xff" },
};

static const struct extension *
by_extension(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0;
	     dot && i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (strcasecmp(dot + 1, extensions[i].extension) == 0)
			return &extensions[i];
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
	const struct extension *x = by_extension(name);

	return x != NULL && mimetype_is_media(x->type);
}

bool
mimetype_is_video_name(const char *name)
{
	const struct extension *x = by_extension(name);

	return x != NULL && strncmp(x->type, "video/", 6) == 0;
}

bool
mimetype_is_other_name(const char *name)
{
	return by_extension(name) != NULL && !mimetype_is_media_name(name);
}

static bool
has_signature(const char *type, const char *head, size_t len)
{
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]);
	     i++) {
		size_t from = signatures[i].from, to = signatures[i].to;

		if (strcmp(signatures[i].type, type) != 0 || len < from)
			continue;
		if (memmem(head + from, (len < to ? len : to) - from,
			signatures[i].bytes, strlen(signatures[i].bytes)))
			return true;
	}
	return false;
}

/* No bytes that only terminals or binary formats use. */
static bool
is_text(const char *head, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)head[i] < 0x20 &&
			strchr("\t\n\f\r", head[i]) == NULL) ||
		    head[i] == '\0' || head[i] == 0x7f)
			return false;
	return true;
}

const char *
mimetype_by_name(const char *name, const void *head, size_t len)
{
	const struct extension *x = by_extension(name);

	if (x == NULL || len == 0)
		return NULL;
	if (x->is_text ? is_text(head, len) : has_signature(x->type, head, len))
		return x->type;
	return NULL;
}

/* Types that mean only "some bytes" or "some text". */
static bool
is_generic(const char *type)
{
	static const char *const generic[] = { "application/octet-stream",
		"application/x-empty", "inode/x-empty", "text/plain" };

	for (size_t i = 0; i < sizeof(generic) / sizeof(generic[0]); i++)
		if (strcmp(type, generic[i]) == 0)
			return true;
	return false;
}

/* The type goes into a header: allow only what RFC 6838 allows in a name. */
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
	const struct extension *other = by_extension(name);

	if (type == NULL || !is_clean(type))
		type = "application/octet-stream";
	if (is_generic(type) && other != NULL)
		type = other->type;
	if (strstr(type, "x-empty"))
		type = "application/octet-stream";
	(void)snprintf(m->text, sizeof(m->text), "%s", type);
	return m->text;
}

struct mimetype *
mimetype_open(void)
{
	return xcalloc(1, sizeof(struct mimetype));
}

static void
unload(struct mimetype *m)
{
	if (m->cookie)
		magic_close(m->cookie);
	m->cookie = NULL;
	if (m->database)
		(void)munmap(m->database, m->size);
	m->database = NULL;
}

void
mimetype_close(struct mimetype *m)
{
	if (m == NULL)
		return;
	unload(m);
	free(m);
}

/* Code and constants are reloaded from the library's file when needed. */
static int
drop_pages(struct dl_phdr_info *library, size_t size, void *ctx)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size, (void)ctx;
	for (int i = 0; i < library->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &library->dlpi_phdr[i];
		uintptr_t start = library->dlpi_addr + part->p_vaddr;
		uintptr_t end = start + part->p_memsz;

		if (part->p_type != PT_LOAD || (part->p_flags & PF_W))
			continue;
		start -= start % page;
		(void)madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

/* The bundled one, which fits the library; or the last on libmagic's path. */
static char *
database_path(void)
{
	const char *paths, *colon;
	char *bundled = bundled_path("magic.mgc");

	if (bundled)
		return bundled;
	paths = magic_getpath(NULL, 0);
	colon = strrchr(paths, ':');
	return xasprintf("%s.mgc", colon ? colon + 1 : paths);
}

/*
 * Open the compiled database here: on failure libmagic itself would print to
 * stderr and continue with almost no rules.
 */
static int
map_database(struct mimetype *m, struct err *e)
{
	const uint32_t magic = 0xf11e041c;
	autofree char *path = database_path();
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint32_t head = 0;
	struct stat st;
	void *bytes;

	if (fd == -1 || fstat(fd, &st) == -1 ||
	    pread(fd, &head, sizeof(head), 0) == -1)
		return err_sys(e, "%s", path);
	/* With the other byte order, libmagic would convert it in place. */
	if (head != magic)
		return err_set(e, ERR_PERMANENT,
		    "%s: is not a database for this machine", path);
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return err_sys(e, "%s", path);
	m->database = bytes;
	m->size = (size_t)st.st_size;
	return 0;
}

static int
load_database(struct mimetype *m, struct err *e)
{
	/* How much of each file it reads into memory; the default is 7 MiB. */
	const size_t most = 256 * 1024;

	if (map_database(m, e) == -1)
		return -1;
	m->cookie = magic_open(MAGIC_MIME_TYPE | MAGIC_ERROR);
	if (m->cookie == NULL)
		return err_sys(e, "magic_open");
	if (magic_load_buffers(m->cookie, &m->database, &m->size, 1) == -1)
		return err_set(e, ERR_PERMANENT, "%s", magic_error(m->cookie));
	(void)magic_setparam(m->cookie, MAGIC_PARAM_BYTES_MAX, &most);
	return 0;
}

int
mimetype_load(struct mimetype *m, struct err *e)
{
	m->is_loaded = true;
	if (load_database(m, e) == 0)
		return 0;
	unload(m);
	return -1;
}

void
mimetype_be_thrifty(struct mimetype *m)
{
	m->is_thrifty = true;
}

/*
 * A look may touch the whole database: 8 MB, more than anything else needs at a
 * time.  So drop the pages of other libraries before, and its own afterwards.
 */
static const char *
ask(struct mimetype *m, int fd, const void *data, size_t len, const char *name)
{
	const char *type = NULL;
	struct err e;

	if (!m->is_loaded || m->is_thrifty) {
		(void)malloc_trim(0);
		(void)dl_iterate_phdr(drop_pages, NULL);
	}
	if (!m->is_loaded && mimetype_load(m, &e) == -1)
		log_warn("cannot load libmagic's database (%s); media types "
			 "are taken from file extensions",
		    e.text);
	if (m->cookie)
		type = data ? magic_buffer(m->cookie, data, len)
			    : magic_descriptor(m->cookie, fd);
	type = refine(m, type, name);
	if (m->is_thrifty && m->database)
		(void)madvise(m->database, m->size, MADV_DONTNEED);
	return type;
}

const char *
mimetype_of(struct mimetype *m, int fd, const char *name)
{
	char head[HEAD_BYTES];
	ssize_t len = pread(fd, head, sizeof(head), 0);
	const char *type =
	    len > 0 ? mimetype_by_name(name, head, (size_t)len) : NULL;

	return type ? type : ask(m, fd, NULL, 0, name);
}

const char *
mimetype_of_bytes(struct mimetype *m, const void *data, size_t len,
    const char *name)
{
	const char *type =
	    mimetype_by_name(name, data, len < HEAD_BYTES ? len : HEAD_BYTES);

	return type ? type : ask(m, -1, data ? data : "", len, name);
}

char *
mimetype_library(void)
{
	return xasprintf("libmagic %d.%02d", magic_version() / 100,
	    magic_version() % 100);
}

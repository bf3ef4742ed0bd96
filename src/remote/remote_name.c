#include "remote/remote_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "io/digest.h"

enum {
	NAME_BYTES = 300, /* leaves the rest below 512 */
	KEPT_BYTES = 100, /* of a replaced name */
	EXTENSION_BYTES = 10,
	HASH_CHARACTERS = 12,
};

/* What parsers decode, or reject even if correctly escaped. */
#define CHANGED "\"\\&"

/*
 * What Python cannot print, which Django drops: blanks other than ours, control
 * and invisible characters, private ones.  Ranges in UTF-8.
 */
static const char unprintable[] =
    "\xc2\x80\xc2\xa0\xc2\xad\xc2\xad\xd8\x80\xd8\x85\xd8\x9c\xd8\x9c"
    "\xdb\x9d\xdb\x9d\xdc\x8f\xdc\x8f\xe0\xa2\x90\xe0\xa2\x91"
    "\xe0\xa3\xa2\xe0\xa3\xa2\xe1\x9a\x80\xe1\x9a\x80\xe1\xa0\x8e\xe1\xa0\x8e"
    "\xe2\x80\x80\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xaf\xe2\x81\x9f\xe2\x81\xaf"
    "\xe3\x80\x80\xe3\x80\x80\xee\x80\x80\xef\xa3\xbf\xef\xbb\xbf\xef\xbb\xbf"
    "\xef\xbf\xb0\xef\xbf\xbb\xf0\x91\x82\xbd\xf0\x91\x82\xbd"
    "\xf0\x91\x83\x8d\xf0\x91\x83\x8d\xf0\x93\x90\xb0\xf0\x93\x90\xbf"
    "\xf0\x9b\xb2\xa0\xf0\x9b\xb2\xa3\xf0\x9d\x85\xb3\xf0\x9d\x85\xba"
    "\xf3\xa0\x80\x80\xf4\x8f\xbf\xbf";

/* "~" and the hash, then the end or an extension, as made by safe_name(). */
static bool
is_made_name(const char *s)
{
	static const char hex[] = "0123456789abcdef";

	for (s = strchr(s, '~'); s != NULL; s = strchr(s + 1, '~'))
		if (strspn(s + 1, hex) == HASH_CHARACTERS &&
		    strchr(".", s[1 + HASH_CHARACTERS]))
			return true;
	return false;
}

/* Rack decodes each "%c3", formidable and undici only "%22". */
static bool
has_encoded(const char *s)
{
	for (s = strchr(s, '%'); s != NULL; s = strchr(s + 1, '%'))
		if (isxdigit((unsigned char)s[1]) &&
		    isxdigit((unsigned char)s[2]))
			return true;
	return false;
}

/* UTF-8 sorts like the characters it encodes. */
static bool
has_unprintable(const char *s)
{
	for (; *s; s += text_utf8_length(s)) {
		size_t len;

		for (const char *from = unprintable; *from; from += 2 * len) {
			len = text_utf8_length(from);
			if (strncmp(s, from, len) >= 0 &&
			    strncmp(s, from + len, len) <= 0)
				return true;
		}
	}
	return false;
}

static bool
is_safe_name(const char *s)
{
	size_t len = strlen(s);

	return *s != ' ' && len > 0 && s[len - 1] != ' ' && len <= NAME_BYTES &&
	    text_is_utf8(s) && !text_has_control(s) && !strpbrk(s, CHANGED) &&
	    !strstr(s, "=?") && !has_encoded(s) && !has_unprintable(s);
}

/* "weird?name.mp4" becomes "weird_name~0123456789ab.mp4". */
static char *
safe_name(const char *s)
{
	const char *dot = strrchr(s, '.');
	size_t extension = dot && dot > s ? strlen(dot) : 0;
	size_t stem = strlen(s);
	char hex[DIGEST_HEX_BYTES];
	char *name;

	digest_once(s, strlen(s), hex);
	if (extension > EXTENSION_BYTES)
		extension = 0;
	stem -= extension;
	name = xasprintf("%.*s~%.*s%s",
	    (int)(stem > KEPT_BYTES ? KEPT_BYTES : stem), s, HASH_CHARACTERS,
	    hex, extension ? dot : "");
	for (char *c = name; *c; c++)
		if (!isascii((unsigned char)*c) ||
		    !isprint((unsigned char)*c) || strchr(CHANGED "%?", *c) ||
		    (*c == ' ' && (c == name || c[1] == '\0')))
			*c = '_';
	return name;
}

/*
 * Append a segment of the path under a name that no server changes.  A name
 * that looks like a replacement is replaced again, to keep names unique, except
 * in a list, where it is our own replacement.
 */
static void
add_segment(struct remote_name *r, struct buf *path, const char *segment,
    bool is_listed)
{
	bool is_kept =
	    is_made_name(segment) ? is_listed : is_safe_name(segment);
	autofree char *safe = is_kept ? NULL : safe_name(segment);

	r->is_renamed |= safe != NULL;
	(void)buf_adds(path, safe ? safe : segment);
}

static void
make(struct remote_name *r, const char *folder, const char *below,
    bool is_listed)
{
	struct buf path = { 0 };
	size_t folder_len;
	const char *slash;

	*r = (struct remote_name){ 0 };
	(void)buf_adds(&path, folder);
	while ((slash = strchr(below, '/')) != NULL) {
		autofree char *segment =
		    xstrndup(below, (size_t)(slash - below));

		add_segment(r, &path, segment, is_listed);
		(void)buf_adds(&path, "/");
		below = slash + 1;
	}
	folder_len = path.len;
	add_segment(r, &path, below, is_listed);
	/* There may be many: free unused capacity. */
	r->path = xreallocarray(path.data, path.len + 1, 1);
	r->filename = r->path + folder_len;
}

void
remote_name_make(struct remote_name *r, const char *folder,
    const char *artifact_path)
{
	make(r, folder, artifact_path, false);
}

void
remote_name_make_listed(struct remote_name *r, const char *folder,
    const char *path)
{
	size_t len = strlen(folder);

	if (strncmp(path, folder, len) == 0)
		make(r, folder, path + len, true);
	else
		*r = (struct remote_name){ .path = xstrdup(path) };
}

void
remote_name_free(struct remote_name *r)
{
	free(r->path);
	*r = (struct remote_name){ 0 };
}

char *
remote_name_folder(const struct remote_name *r)
{
	return xstrndup(r->path, (size_t)(r->filename - r->path));
}

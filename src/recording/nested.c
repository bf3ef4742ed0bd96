#include "recording/nested.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/mimetype.h"
#include "recording/identity.h"

enum { MAX_DEPTH = 8 };

/* What identifies a recording. */
struct signs {
	bool has_journal, has_metadata, has_media, has_named_media;
};

/* The folders below. */
struct below {
	int topfd;
	char *certain, *doubtful; /* the first of each; NULL: none */
	size_t marked;            /* number of possible recordings */
	size_t names;             /* number examined */
};

static void
note_file(struct signs *s, const char *name)
{
	bool is_media = mimetype_is_media_name(name);

	s->has_journal |= strcmp(name, RECORDING_JOURNAL) == 0;
	s->has_metadata |= strcmp(name, RECORDING_METADATA) == 0;
	s->has_media |= is_media;
	s->has_named_media |= is_media && identity_media_stem(name) > 0;
}

static void
note_folder(struct below *b, const char *path, const struct signs *s)
{
	int signs = s->has_journal + s->has_metadata + s->has_media;

	if (signs > 1 && b->certain == NULL)
		b->certain = xstrdup(path);
	if (signs > 0 && b->doubtful == NULL)
		b->doubtful = xstrdup(path);
	b->marked += s->has_journal || s->has_metadata || s->has_named_media;
}

static bool
is_folder(int dirfd, const char *name)
{
	struct stat st;

	return *name != '.' &&
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

static void
look_into(struct below *b, const char *path, int depth, struct signs *here)
{
	autoclosedir DIR *dir = file_open_folder(b->topfd, path);
	const char *name;

	while (dir && b->certain == NULL &&
	    b->names++ < RECORDING_MAX_ARTIFACTS &&
	    (name = file_next_name(dir)) != NULL) {
		autofree char *below =
		    depth == 0 ? xstrdup(name) : xasprintf("%s/%s", path, name);
		struct signs s = { 0 };

		note_file(here, name);
		if (depth == MAX_DEPTH || !is_folder(dirfd(dir), name))
			continue;
		look_into(b, below, depth + 1, &s);
		note_folder(b, below, &s);
	}
}

char *
nested_find(int dirfd)
{
	struct below b = { .topfd = dirfd };
	autofree char *certain = NULL, *doubtful = NULL;
	struct signs here = { 0 };

	look_into(&b, ".", 0, &here);
	certain = b.certain;
	doubtful = b.doubtful;
	if (certain || (here.has_metadata && here.has_media))
		return steal(&certain);
	/*
	 * A stray file does not make its folder a recording, and one such
	 * folder does not make this a recordings directory.
	 */
	if (b.marked < 2 && (here.has_metadata || here.has_media))
		return NULL;
	return steal(&doubtful);
}

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/owned.h"

int
target_choose(struct target *t, const char *wish, const struct recording *rec,
    struct err *e)
{
	autofree char *name = bundle_name("", recording_name(rec), ".tar.zst");
	autofree char *real = NULL;
	struct stat st;
	size_t len;

	if (wish == NULL)
		t->path = xstrdup(name);
	else if (stat(wish, &st) == 0 && S_ISDIR(st.st_mode))
		t->path = xasprintf("%s%s%s", wish,
		    wish[strlen(wish) - 1] == '/' ? "" : "/", name);
	else
		t->path = xstrdup(wish);
	t->directory = file_parent(t->path);
	t->type = archive_type_of(basename(t->path), &len);
	if (t->type == ARCHIVE_TYPE_NONE)
		return err_set(e, ERR_USAGE,
		    "%s is not an archive name: use .tar.zst, .tar.gz, "
		    ".tar or .zip",
		    t->path);
	real = realpath(t->directory, NULL);
	if (real == NULL)
		return err_sys(e, "%s", t->directory);
	len = strlen(rec->path);
	if (strncmp(real, rec->path, len) == 0 &&
	    (real[len] == '/' || real[len] == '\0'))
		return err_set(e, ERR_USAGE,
		    "%s would be inside the recording itself; choose "
		    "another place with -o",
		    t->path);
	return 0;
}

static int
set_exists(const struct target *t, struct err *e)
{
	return err_set(e, ERR_PERMANENT,
	    "%s already exists and is not replaced", t->path);
}

/* As its owner until owned_leave(). */
static int
enter(struct target *t, struct err *e)
{
	struct stat st;

	t->dirfd = owned_enter(t->path);
	if (t->dirfd == -1)
		return err_sys(e, "open %s", t->directory);
	if (fstatat(t->dirfd, basename(t->path), &st, AT_SYMLINK_NOFOLLOW) == 0)
		return set_exists(t, e);
	return 0;
}

int
target_look(struct target *t, struct err *e)
{
	if (enter(t, e) == -1)
		return -1;
	if (faccessat(t->dirfd, ".", W_OK | X_OK, AT_EACCESS) == -1)
		return err_sys(e, "create %s", t->path);
	owned_leave();
	return 0;
}

int
target_open(struct target *t, struct err *e)
{
	const char *name = basename(t->path);
	autofree char *stem = bundle_name(".", name, ".0123456789abcdef");

	stem[strlen(stem) - strlen(".0123456789abcdef")] = '\0';
	if (enter(t, e) == -1)
		return -1;
	t->fd = file_make_temporary(t->dirfd, stem, &t->temporary);
	if (t->fd == -1)
		return err_sys(e, "create %s", t->path);
	owned_leave();
	return 0;
}

/* FAT has no links, so it takes two steps. */
static int
rename_to_new(int dirfd, const char *from, const char *to)
{
	struct stat st;

	if (linkat(dirfd, from, dirfd, to, 0) == 0)
		return 0;
	if (errno == EEXIST ||
	    fstatat(dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(dirfd, from, dirfd, to);
}

int
target_publish(struct target *t, struct err *e)
{
	assert(t->temporary != NULL && t->path != NULL);
	if (fsync(t->fd) == -1)
		return err_sys(e, "sync %s", t->path);
	owned_become(t->dirfd);
	if (rename_to_new(t->dirfd, t->temporary, basename(t->path)) == -1)
		return errno == EEXIST ? set_exists(t, e)
				       : err_sys(e, "rename to %s", t->path);
	(void)unlinkat(t->dirfd, t->temporary, 0);
	return fsync(t->dirfd) == -1 ? err_sys(e, "sync %s", t->directory) : 0;
}

void
target_close(struct target *t)
{
	owned_become(t->dirfd);
	if (t->temporary != NULL)
		(void)unlinkat(t->dirfd, t->temporary, 0);
	owned_leave();
	mem_close(&t->fd);
	mem_close(&t->dirfd);
	free(t->temporary);
	free(t->directory);
	free(t->path);
}

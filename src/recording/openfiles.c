#include "recording/openfiles.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/mem.h"

struct open_file {
	dev_t dev;
	ino_t ino;
	enum open_mode mode;
};

static int
compare(const void *a, const void *b)
{
	const struct open_file *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return (int)x->mode - (int)y->mode;
}

/*
 * The link's own permissions tell how the file was opened (proc(5)).  Do not
 * ask a file server, since this may be a file of any program, and a server that
 * is gone would never answer.
 */
static void
add_descriptor(struct openfiles *set, int at, const char *name)
{
	struct statx file;
	struct stat link;

	if (statx(at, name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO,
		&file) == -1 ||
	    !S_ISREG(file.stx_mode) ||
	    fstatat(at, name, &link, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	xgrow((void **)&set->files, &set->cap, set->n + 1, sizeof(*set->files));
	set->files[set->n++] = (struct open_file){
		.dev = makedev(file.stx_dev_major, file.stx_dev_minor),
		.ino = file.stx_ino,
		.mode = link.st_mode & S_IWUSR ? OPEN_WRITING : OPEN_READING,
	};
}

static void
add_process(struct openfiles *set, int proc, const char *pid)
{
	autofree char *path = xasprintf("%s/fd", pid);
	autoclosedir DIR *dir = file_open_folder(proc, path);
	const char *name;

	while (dir && (name = file_next_name(dir)) != NULL)
		add_descriptor(set, dirfd(dir), name);
}

void
openfiles_load(struct openfiles *set)
{
	autoclosedir DIR *dir = set->is_loaded ? NULL : opendir("/proc");
	const char *name;

	if (set->is_loaded)
		return;
	set->is_loaded = true;
	while (dir && (name = file_next_name(dir)) != NULL)
		if (*name >= '0' && *name <= '9')
			add_process(set, dirfd(dir), name);
	if (set->n > 0)
		qsort(set->files, set->n, sizeof(*set->files), compare);
}

enum open_mode
openfiles_mode(struct openfiles *set, const struct stat *st)
{
	struct open_file key = { st->st_dev, st->st_ino, OPEN_WRITING };

	openfiles_load(set);
	for (; set->n > 0 && key.mode > OPEN_NOT; key.mode--)
		if (bsearch(&key, set->files, set->n, sizeof(key), compare))
			return key.mode;
	return OPEN_NOT;
}

void
openfiles_free(struct openfiles *set)
{
	free(set->files);
	*set = (struct openfiles){ 0 };
}

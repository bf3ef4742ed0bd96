#include "recording/openfiles.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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
	/* Writers first. */
	return (int)y->mode - (int)x->mode;
}

static DIR *
open_directory(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);

	if (dir == NULL)
		mem_close(&fd);
	return dir;
}

/* The link's own permissions say how the file was opened (proc(5)). */
static void
add_descriptor(struct openfiles *set, int at, const char *name)
{
	struct stat file, link;

	if (fstatat(at, name, &file, 0) == -1 || !S_ISREG(file.st_mode) ||
	    fstatat(at, name, &link, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	xgrow((void **)&set->files, &set->cap, set->n + 1, sizeof(*set->files));
	set->files[set->n++] = (struct open_file){
		.dev = file.st_dev,
		.ino = file.st_ino,
		.mode = link.st_mode & S_IWUSR ? OPEN_WRITING : OPEN_READING,
	};
}

static void
add_process(struct openfiles *set, int proc, const char *pid)
{
	autofree char *path = xasprintf("%s/fd", pid);
	autoclosedir DIR *dir = open_directory(proc, path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			add_descriptor(set, dirfd(dir), entry->d_name);
}

static void
load(struct openfiles *set)
{
	autoclosedir DIR *dir = open_directory(AT_FDCWD, "/proc");
	const struct dirent *entry;

	set->is_loaded = true;
	while (dir && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			add_process(set, dirfd(dir), entry->d_name);
	if (set->n > 0)
		qsort(set->files, set->n, sizeof(*set->files), compare);
}

static int
compare_inode(const void *key, const void *element)
{
	const struct stat *st = key;
	const struct open_file *file = element;

	if (st->st_dev != file->dev)
		return st->st_dev < file->dev ? -1 : 1;
	return st->st_ino < file->ino ? -1 : st->st_ino > file->ino;
}

enum open_mode
openfiles_mode(struct openfiles *set, const struct stat *st)
{
	const struct open_file *file;

	if (!set->is_loaded)
		load(set);
	if (set->n == 0)
		return OPEN_NOT;
	file =
	    bsearch(st, set->files, set->n, sizeof(*set->files), compare_inode);
	if (file == NULL)
		return OPEN_NOT;
	while (file > set->files && compare_inode(st, file - 1) == 0)
		file--;
	return file->mode;
}

void
openfiles_free(struct openfiles *set)
{
	free(set->files);
	*set = (struct openfiles){ 0 };
}

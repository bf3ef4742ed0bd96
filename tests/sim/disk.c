#include "disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "draw.h"
#include "laws.h"
#include "parts_model.h"
#include "trace.h"

struct disk_state disk;

static struct file files[DISK_FDS];
static struct node *root, *all;
static ino_t next_ino;
static int64_t stamp_ns;

static struct node *
make_node(bool is_dir)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->ino = next_ino++;
	n->is_dir = is_dir;
	n->mode = is_dir ? 0755 : 0644;
	n->birth_ms = host_unix_ms(NULL);
	n->recording = -1;
	n->next = all;
	all = n;
	disk_touch(n);
	return n;
}

static void
free_entries(struct entries *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].name);
	free(list->v);
}

void
disk_reset(void)
{
	while (all) {
		struct node *n = all;

		all = n->next;
		free_entries(&n->entries);
		free_entries(&n->gone);
		free(n->data);
		free(n->synced);
		free(n);
	}
	memset(files, 0, sizeof(files));
	disk = (struct disk_state){
		.fault_gap = INT64_MAX,
		.crash_gap = INT64_MAX,
		.yield_gap = INT64_MAX,
	};
	next_ino = 1000;
	stamp_ns = 0;
	root = make_node(true);
	root->links = 1;
}

struct node *
disk_root(void)
{
	return root;
}

/* No two timestamps are equal, as on a disk with nanoseconds. */
void
disk_touch(struct node *n)
{
	int64_t ns = host_unix_ms(NULL) * 1000000;

	stamp_ns = ns > stamp_ns ? ns : stamp_ns + 1000;
	n->mtime_ns = n->ctime_ns = stamp_ns;
}

/* Entries */

static struct entry *
find(const struct entries *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i].name, name) == 0)
			return &list->v[i];
	return NULL;
}

static void
add(struct entries *list, const char *name, struct node *n, bool is_synced)
{
	xgrow((void **)&list->v, &list->cap, list->n + 1, sizeof(*list->v));
	list->v[list->n++] = (struct entry){
		.name = xstrdup(name),
		.node = n,
		.is_synced = is_synced,
	};
}

/* In place, so that a process reading the directory misses nothing else. */
static void
drop(struct entries *list, struct entry *e)
{
	size_t i = (size_t)(e - list->v);

	free(e->name);
	memmove(e, e + 1, (--list->n - i) * sizeof(*e));
}

struct node *
disk_lookup(struct node *dir, const char *name)
{
	struct entry *e = find(&dir->entries, name);

	if (strcmp(name, ".") == 0)
		return dir;
	return e ? e->node : NULL;
}

struct node *
disk_find(const char *path)
{
	struct node *n = root;

	while (n && *path) {
		size_t len = strcspn(path, "/");
		char name[256];

		if (len >= sizeof(name)) {
			errno = ENAMETOOLONG;
			return NULL;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		path += len + (path[len] == '/');
		if (len == 0)
			continue;
		errno = n->is_dir ? ENOENT : ENOTDIR;
		n = n->is_dir ? disk_lookup(n, name) : NULL;
	}
	return n;
}

struct node *
disk_make(struct node *dir, const char *name, bool is_dir)
{
	struct node *n = make_node(is_dir);

	n->links = 1;
	n->parent = dir;
	n->recording = dir->recording;
	/* Jibri's own files count as synced. */
	add(&dir->entries, name, n, actor_now == NULL);
	n->dirtied_by = actor_now ? actor_now->host : NULL;
	disk_touch(dir);
	return n;
}

void
disk_unlink(struct node *dir, const char *name)
{
	struct entry *e = find(&dir->entries, name);

	e->node->links--;
	if (e->is_synced && actor_now) {
		add(&dir->gone, name, e->node, true);
		e->node->dirtied_by = actor_now->host;
	}
	drop(&dir->entries, e);
	disk_touch(dir);
}

void
disk_rename(struct node *from, const char *name, struct node *to,
    const char *new_name)
{
	struct node *n = disk_lookup(from, name);

	assert(n != NULL && to != NULL);
	if (disk_lookup(to, new_name))
		disk_unlink(to, new_name);
	n->links++;
	disk_unlink(from, name);
	add(&to->entries, new_name, n, actor_now == NULL);
	n->parent = to;
	n->dirtied_by = actor_now ? actor_now->host : NULL;
	n->ctime_ns = to->ctime_ns;
	disk_touch(to);
}

/* Content */

/* Before a change: keep what a power cut would leave. */
void
disk_changing(struct node *n)
{
	if (actor_now == NULL || n->is_dirty)
		return;
	free(n->synced);
	n->synced = xmalloc(n->size);
	if (n->size > 0)
		memcpy(n->synced, n->data, n->size);
	n->synced_size = n->size;
	n->is_dirty = true;
	n->dirtied_by = actor_now->host;
}

void
disk_set_data(struct node *n, const void *data, size_t len)
{
	n->data = xrealloc(n->data, len + 1);
	if (len > 0)
		memcpy(n->data, data, len);
	n->size = n->cap = len;
	disk_touch(n);
}

void
disk_write(struct node *n, size_t at, const void *data, size_t len)
{
	if (at + len > n->cap) {
		n->cap = 2 * (at + len);
		n->data = xrealloc(n->data, n->cap + 1);
	}
	if (at > n->size)
		memset(n->data + n->size, 0, at - n->size);
	memcpy(n->data + at, data, len);
	n->size = at + len > n->size ? at + len : n->size;
	disk_touch(n);
}

void
disk_sync_node(struct node *n)
{
	n->is_dirty = false;
	for (size_t i = 0; i < n->entries.n; i++)
		n->entries.v[i].is_synced = true;
	free_entries(&n->gone);
	n->gone = (struct entries){ 0 };
}

void
disk_stat(const struct node *n, struct stat *st)
{
	*st = (struct stat){
		.st_dev = 7,
		.st_ino = n->ino,
		.st_mode = n->mode | (n->is_dir ? S_IFDIR : S_IFREG),
		.st_nlink = (nlink_t)n->links,
		.st_uid = 1000,
		.st_gid = 1000,
		.st_size = (off_t)n->size,
		.st_blksize = 4096,
		.st_blocks = (blkcnt_t)(n->size / 512 + 1),
		.st_mtim = { n->mtime_ns / 1000000000,
		    n->mtime_ns % 1000000000 },
		.st_ctim = { n->ctime_ns / 1000000000,
		    n->ctime_ns % 1000000000 },
	};
}

/* Of what was written but not synced, none, some or all survives. */
static void
cut_file(struct node *n)
{
	size_t least = n->synced_size < n->size ? n->synced_size : n->size;
	uint32_t fate = draw(DRAW_DISK, 3);

	n->is_dirty = false;
	if (fate == 0)
		return;
	if (fate == 1) {
		disk_set_data(n, n->synced, n->synced_size);
		return;
	}
	n->size = least + draw(DRAW_DISK, (uint32_t)(n->size - least) + 1);
}

/* A name is lost, and with it the renaming that replaced another file. */
static void
lose_name(struct node *dir, struct entry *e)
{
	e->node->links--;
	e->node->returns = true;
	for (size_t i = 0; i < dir->gone.n; i++)
		if (strcmp(dir->gone.v[i].name, e->name) == 0)
			dir->gone.v[i].node->returns = true;
	drop(&dir->entries, e);
}

/* A renamed file has one of its names, never both or none. */
static bool
is_back(const struct node *dir, const struct entry *e, const struct host *host)
{
	if (e->node->links > 0 || find(&dir->entries, e->name))
		return false;
	return e->node->returns ||
	    (e->node->dirtied_by == host && draw(DRAW_DISK, 2) == 1);
}

static void
cut_directory(struct node *dir, const struct host *host)
{
	for (size_t i = 0; i < dir->entries.n;) {
		struct entry *e = &dir->entries.v[i];

		if (!e->is_synced && e->node->dirtied_by == host &&
		    draw(DRAW_DISK, 2) == 1)
			lose_name(dir, e);
		else
			i++;
	}
	for (size_t i = 0; i < dir->gone.n; i++) {
		struct entry *e = &dir->gone.v[i];

		if (!is_back(dir, e, host))
			continue;
		e->node->links++;
		e->node->parent = dir;
		add(&dir->entries, e->name, e->node, true);
	}
	/* What another host has not synced yet can still come back. */
	for (size_t i = 0; i < dir->gone.n;) {
		struct entry *e = &dir->gone.v[i];

		e->node->returns = false;
		if (e->node->links > 0 || e->node->dirtied_by == host)
			drop(&dir->gone, e);
		else
			i++;
	}
}

void
disk_power_cut(const struct host *host)
{
	trace("power cut at %s", host->name);
	for (struct node *n = all; n; n = n->next) {
		if (n->is_dir)
			cut_directory(n, host);
		else if (n->is_dirty && n->dirtied_by == host)
			cut_file(n);
	}
	parts_power_cut();
}

/* Descriptors */

struct file *
disk_file(int fd)
{
	if (fd < DISK_FD || fd >= DISK_FD + DISK_FDS ||
	    files[fd - DISK_FD].node == NULL)
		return NULL;
	return &files[fd - DISK_FD];
}

int
disk_open_node(struct node *n, int flags)
{
	for (int i = 0; i < DISK_FDS; i++) {
		if (files[i].node)
			continue;
		files[i] = (struct file){
			.node = n,
			.owner = actor_now,
			.flags = flags,
			.lock = F_UNLCK,
		};
		n->users++;
		return DISK_FD + i;
	}
	errno = EMFILE;
	return -1;
}

void
disk_close(int fd)
{
	struct file *f = disk_file(fd);

	f->node->users--;
	*f = (struct file){ 0 };
}

void
disk_close_all(struct actor *a)
{
	for (int i = 0; i < DISK_FDS; i++)
		if (files[i].node && files[i].owner == a)
			disk_close(DISK_FD + i);
}

void
disk_lose_locks(const struct host *host)
{
	trace("%s loses its locks", host->name);
	for (int i = 0; i < DISK_FDS; i++) {
		struct file *f = &files[i];

		if (f->node == NULL || f->owner == NULL ||
		    f->owner->host != host || f->lock == F_UNLCK)
			continue;
		f->lock = F_UNLCK;
		f->is_stale = f->owner->is_stale = true;
	}
}

bool
disk_is_locked(const struct file *f, int type)
{
	for (int i = 0; i < DISK_FDS; i++)
		if (files[i].node == f->node && &files[i] != f &&
		    files[i].lock != F_UNLCK &&
		    (type == F_WRLCK || files[i].lock == F_WRLCK))
			return true;
	return false;
}

bool
disk_is_wanted(const struct file *f)
{
	for (int i = 0; i < DISK_FDS; i++)
		if (files[i].node == f->node && &files[i] != f &&
		    files[i].is_wishing)
			return true;
	return false;
}

bool
disk_is_flocked(const struct file *f)
{
	for (int i = 0; i < DISK_FDS; i++)
		if (files[i].node == f->node && &files[i] != f &&
		    files[i].is_flocked)
			return true;
	return false;
}

bool
disk_is_open(const struct host *host, ino_t ino)
{
	for (int i = 0; i < DISK_FDS; i++)
		if (files[i].node && files[i].node->ino == ino &&
		    files[i].owner && files[i].owner->host == host)
			return true;
	return false;
}

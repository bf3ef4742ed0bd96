#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "actor.h"

/*
 * The disk that all hosts share: a tree in memory, behind the calls of libc
 * that the program makes (disk_calls.c).  It knows what was synced, who has
 * which lock, and can fail.
 */

struct version;

struct entry {
	char *name;
	struct node *node;
	bool is_synced;
};

struct entries {
	struct entry *v;
	size_t n, cap;
};

struct node {
	ino_t ino;
	bool is_dir;
	mode_t mode;
	int64_t mtime_ns, ctime_ns, birth_ms;
	int links;    /* names */
	int users;    /* descriptors */
	bool returns; /* after a power cut, to its old name */
	/* A file. */
	char *data;
	size_t size, cap;
	char *synced; /* what a power cut leaves; while is_dirty */
	size_t synced_size;
	bool is_dirty;
	bool grows; /* by each reading */
	const struct host *dirtied_by;
	const struct version *version; /* written by Jibri; or NULL */
	/* A folder. */
	struct entries entries;
	struct entries gone; /* removed, but not synced */
	struct node *parent;
	int recording;     /* -1: belongs to none */
	struct node *next; /* of all */
};

/* An open file description. */
struct file {
	struct node *node;
	struct actor *owner;
	int flags;
	size_t offset;
	int lock;        /* F_RDLCK, F_WRLCK, F_UNLCK */
	bool is_wishing; /* has locked the byte that asks a run to end */
	bool is_flocked;
	bool is_stale; /* its server has forgotten it */
};

/* What the file system does not support, and what fails now. */
struct disk_state {
	int ofd_error; /* errno of every lock; 0: they work */
	int flock_error;
	int rename_error; /* of renameat2() with flags */
	bool is_full;
	uint64_t calls;
	int64_t fault_gap, crash_gap, yield_gap; /* calls until then */
};
extern struct disk_state disk;

enum { DISK_FD = 1 << 20, DISK_FDS = 1024 };

void disk_reset(void);
struct node *disk_root(void);

/* The node at a path from /; NULL with errno. */
struct node *disk_find(const char *path);
struct node *disk_lookup(struct node *dir, const char *name);
struct node *disk_make(struct node *dir, const char *name, bool is_dir);
void disk_unlink(struct node *dir, const char *name);
void disk_rename(struct node *from, const char *name, struct node *to,
    const char *new_name);
void disk_set_data(struct node *, const void *data, size_t len);
void disk_write(struct node *, size_t at, const void *data, size_t len);
void disk_touch(struct node *);
void disk_changing(struct node *);
void disk_sync_node(struct node *);

/* Whatever this host has not synced may be lost. */
void disk_power_cut(const struct host *);

/* The leases of this host expire, and so its locks are lost. */
void disk_lose_locks(const struct host *);

void disk_close_all(struct actor *);

/* A new descriptor for a node, or -1 with errno. */
int disk_open_node(struct node *, int flags);
struct file *disk_file(int fd);
void disk_close(int fd);
bool disk_is_locked(const struct file *, int type);
bool disk_is_flocked(const struct file *);
bool disk_is_wanted(const struct file *);

/* Does a process of this host have it open? */
bool disk_is_open(const struct host *, ino_t);

/* Before each call: may yield, die, or fail with the returned errno. */
enum disk_call { CALL_READ, CALL_CHANGE, CALL_GROW, CALL_SYNC, CALL_LOCK };
int disk_step(enum disk_call);

/* Report it as libc does: -1 with errno, NULL with errno. */
int disk_fail(int number);
int disk_try(enum disk_call);
struct file *disk_file_of(int fd);

void disk_stat(const struct node *, struct stat *);

#endif

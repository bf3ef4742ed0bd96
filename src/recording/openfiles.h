#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * Which files do the processes of this host have open? Limited by access to
 * /proc: only root sees the processes of other users.
 */
struct openfiles {
	struct open_file *files; /* sorted */
	size_t n, cap;
	bool is_loaded;
};

enum open_mode { OPEN_NOT, OPEN_READING, OPEN_WRITING };

/* Look now, unless already done. */
void openfiles_load(struct openfiles *);

/* Looks on the first call for a zeroed set, and answers from that. */
enum open_mode openfiles_mode(struct openfiles *, const struct stat *);
void openfiles_free(struct openfiles *);

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * Which files do the processes of this host have open?  As far as /proc may
 * be read: what belongs to other users is seen by root alone.
 */
struct openfiles {
	struct open_file *files; /* sorted */
	size_t n, cap;
	bool is_loaded;
};

enum open_mode { OPEN_NOT, OPEN_READING, OPEN_WRITING };

/* Look now, where nobody has asked yet. */
void openfiles_load(struct openfiles *);

/* The answer is that of the first call; zeroed it was not yet asked. */
enum open_mode openfiles_mode(struct openfiles *, const struct stat *);
void openfiles_free(struct openfiles *);

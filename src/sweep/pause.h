#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/*
 * An operator's request to send nothing from a recordings directory: a file in
 * it, written by pause and removed by resume.  An empty file is a pause without
 * end.  It must be a regular file with one name that belongs to the directory's
 * owner, to root or to us; otherwise it is ignored.
 */

#define PAUSE_FILE ".jibri-finalize-paused"

struct pause {
	int64_t until_ms; /* since 1970; 0: until resumed */
	char *by;         /* NULL: unknown */
};

/* Is this root paused now?  If so, *p is set and freed by the caller. */
bool pause_of_root(const char *root, struct pause *p);

/* The same; tries to remove a pause that is over. */
bool pause_of_sweep(const char *root, struct pause *p);

/* How many of them are paused now. */
size_t pause_count(const struct text_list *roots);

/* As pause_of_root(), for the directory with this recording or archive. */
bool pause_above(const char *path, struct pause *p);
void pause_free(struct pause *);

/* "paused by anna@host until 2026-01-02T03:04:05Z"; the caller frees it. */
char *pause_text(const struct pause *);

/*
 * Pause the root, replacing an earlier pause.  -1 with ERR_NO_INPUT when the
 * root does not exist, with ERR_PERMANENT when other users' sweeps would ignore
 * the pause, or as err_sys().
 */
int pause_begin(const char *root, const struct pause *, struct err *e);

/* End the pause; *was tells whether there was one.  -1 as above. */
int pause_end(const char *root, bool *was, struct err *e);

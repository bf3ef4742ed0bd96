#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/*
 * An operator's wish that nothing is sent of what is below a recordings
 * directory: a file in it, by pause and resume.  An empty one counts, too, and
 * has no end.  It counts only as a regular file with one name that the
 * directory's owner, root or we ourselves own.
 */

#define PAUSE_FILE ".jibri-finalize-paused"

struct pause {
	int64_t until_ms; /* since 1970; 0: until somebody resumes */
	char *by;         /* NULL: not known */
};

/* Is this root paused now?  *p is set if so, and freed by the caller. */
bool pause_of_root(const char *root, struct pause *p);

/* The same for the directory that holds this recording, or archive. */
bool pause_above(const char *path, struct pause *p);
void pause_free(struct pause *);

/* "paused by anna@host until 2026-01-02T03:04:05Z"; the caller frees it. */
char *pause_text(const struct pause *);

/*
 * Pause the root, in place of an earlier pause.  -1 with ERR_NO_INPUT where
 * there is none, with ERR_PERMANENT where others would not heed it, or as
 * err_sys().
 */
int pause_begin(const char *root, const struct pause *, struct err *e);

/* End it; *was says whether there was one.  -1 as above. */
int pause_end(const char *root, bool *was, struct err *e);

/* Remove one that is over; that it cannot be is no error. */
void pause_expire(const char *root);

#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/progress.h"
#include "recording/openfiles.h"
#include "recording/recording.h"
#include "sweep/verdict.h"

/*
 * Looking at the directories below a recordings directory, without locks and
 * without writing: what is each, and what is to become of it?
 */

struct survey {
	const struct verdict_policy *policy;
	const struct recording_policy *recording;
	bool is_deep; /* what waits or is held is listed, too */
	struct openfiles open_files;
};

struct finding {
	enum verdict verdict;
	char *name;
	char *path;               /* NULL where the entry was not opened */
	char *why;                /* what there is to say; or NULL */
	struct progress progress; /* zeroed without a journal that was read */
	struct stat st;           /* of the directory */
	int64_t done_ms;          /* since 1970: of the STOPPED */
	/* As far as the directory was listed. */
	bool is_listed;
	size_t artifacts, stored;
	int64_t newest_ms;          /* since 1970: of its newest artifact */
	int64_t bytes, undelivered; /* bytes of all, and of those not stored */
};

/*
 * Judge the entry of a recordings directory.  What cannot be read is held,
 * and why says so.
 */
void survey_entry(struct survey *, int rootfd, const char *root,
    const char *name, struct finding *);

/*
 * Judge all of them, in no order; found() may keep what it takes out of the
 * finding, the rest is freed.  -1 with *e: ERR_NO_INPUT when there is no such
 * directory, or as err_sys(), or ERR_INTERRUPTED.
 */
int survey_root(struct survey *, const char *root,
    void (*found)(void *ctx, struct finding *), void *ctx, struct err *e);

void finding_free(struct finding *);
void survey_free(struct survey *);

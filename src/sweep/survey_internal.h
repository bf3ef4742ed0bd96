#pragma once

#include "sweep/survey.h"

/*
 * Judge the directory f->name below the root; f->path is kept.  With a refusal,
 * the reason why its directory is not trusted, it is held unless its journal
 * has ended it.
 */
void survey_judge(struct survey *, int rootfd, const char *root,
    const char *refusal, struct finding *f);
void survey_hold(struct finding *, const struct err *);

/* A root being examined. */
struct survey_root {
	struct survey *survey;
	int fd;
	struct stat st;
	const char *path;
	void (*found)(void *ctx, struct finding *);
	void *ctx;
};

/* A directory below it, and its owner. */
struct survey_entry {
	char *name;
	char *refusal; /* why a sweep does not deliver it; or NULL */
	uid_t owner;
	gid_t group;
};

/*
 * Judge the entries in one process per owner, confined to reading below the
 * root and, for root, with the owner's rights; calls found() for each.  An
 * entry that crashes the process is held.  -1 with ERR_INTERRUPTED, or as
 * child_start().
 */
int survey_as_owners(const struct survey_root *, struct survey_entry *,
    size_t n, struct err *e);

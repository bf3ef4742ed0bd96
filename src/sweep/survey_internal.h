#pragma once

#include "sweep/survey.h"

/* Judge the directory f->name below the root, without moving its path. */
void survey_judge(struct survey *, int rootfd, const char *root,
    struct finding *f);
void survey_hold(struct finding *, const struct err *);

/* A root while it is looked at. */
struct survey_root {
	struct survey *survey;
	int fd;
	struct stat st;
	const char *path;
	void (*found)(void *ctx, struct finding *);
	void *ctx;
};

/* A directory below it, and whose it is. */
struct survey_entry {
	char *name;
	uid_t owner;
	gid_t group;
};

/*
 * Judge them in a process for each owner, confined to read below the root and
 * as root the owner's, and tell of each.  One that a process dies of is held.
 * -1 with ERR_INTERRUPTED, or as child_start().
 */
int survey_as_owners(const struct survey_root *, struct survey_entry *,
    size_t n, struct err *e);

#include "sweep/survey.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/owned.h"
#include "base/stop.h"
#include "sweep/survey_internal.h"

/*
 * Jibri's folder for recordings it could not finalize, ext4's lost+found, and
 * hidden ones such as an archive being unpacked.  Version 0.1.0 renamed what it
 * removed: those are delivered recordings.
 */
static bool
is_other(const char *name)
{
	return strcmp(name, "failed") == 0 || strcmp(name, "lost+found") == 0 ||
	    (*name == '.' &&
		strncmp(name, RECORDING_TOMBSTONE,
		    strlen(RECORDING_TOMBSTONE)) != 0);
}

/* Directories, to be examined once all owners are known. */
struct listing {
	struct survey_entry *entries;
	size_t n, cap;
};

static void
free_listing(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->entries[i].name);
		free(l->entries[i].refusal);
	}
	free(l->entries);
}

/* Not in the owner's process, which would trust its own directory. */
static char *
find_refusal(const struct survey_root *root, const char *name,
    const struct stat *st)
{
	const struct recording_policy *policy = root->survey->recording;
	autofree char *path = xasprintf("%s/%s", root->path, name);
	struct err e;

	if (policy->trust == TRUST_ANY ||
	    trust_check_entry(recording_user(policy, root->fd, st), &root->st,
		st, &e) == 0)
		return NULL;
	(void)trust_hint_directory(geteuid(), path, st, &e);
	return xstrdup(e.text);
}

static void
add_entry(struct listing *l, const struct survey_root *root, const char *name,
    const struct stat *st)
{
	xgrow((void **)&l->entries, &l->cap, l->n + 1, sizeof(*l->entries));
	l->entries[l->n++] = (struct survey_entry){
		.name = xstrdup(name),
		.refusal = find_refusal(root, name, st),
		.owner = st->st_uid,
		.group = st->st_gid,
	};
}

static void
look_at_entry(const struct survey_root *root, const char *name,
    struct listing *l)
{
	struct finding f = {
		.verdict = VERDICT_NONE,
		.name = xstrdup(name),
	};
	struct stat st;

	if (!is_other(name) &&
	    fstatat(root->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode)) {
		add_entry(l, root, name, &st);
		free(f.name);
		return;
	}
	root->found(root->ctx, &f);
	survey_free_finding(&f);
}

static int
list_root(const struct survey_root *root, DIR *dir, struct listing *l,
    struct err *e)
{
	const char *name;

	while ((name = file_next_name(dir)) != NULL) {
		if (stop_check(e) == -1)
			return -1;
		look_at_entry(root, name, l);
	}
	return errno == 0 ? 0 : err_sys(e, "read %s", root->path);
}

static int
look_at_root(struct survey *s, const char *path,
    void (*found)(void *ctx, struct finding *), void *ctx, struct err *e)
{
	int fd = owned_open(path, O_RDONLY | O_DIRECTORY);
	autoclosedir DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct survey_root root = {
		.survey = s,
		.fd = fd,
		.path = path,
		.found = found,
		.ctx = ctx,
	};
	struct listing l = { 0 };
	int result;

	if (dir == NULL && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NO_INPUT,
		    "%s: no such recordings directory", path);
	if (dir == NULL || fstat(fd, &root.st) == -1)
		return err_sys(e, "open %s", path);
	result = s->names ? 0 : list_root(&root, dir, &l, e);
	for (size_t i = 0; s->names && i < s->names->n; i++)
		look_at_entry(&root, s->names->items[i], &l);
	/* Their owners, once confined, could not see what others have open. */
	if (l.n > 0)
		openfiles_load(&s->open_files);
	if (l.n > 0 && survey_as_owners(&root, l.entries, l.n, e) == -1)
		result = -1;
	free_listing(&l);
	return result;
}

int
survey_roots(struct survey *s, const struct text_list *roots,
    void (*found)(void *ctx, struct finding *), void *ctx, struct err *e)
{
	struct err later;
	int result = 0;

	for (size_t i = 0; i < roots->n; i++)
		if (look_at_root(s, roots->items[i], found, ctx,
			result == 0 ? e : &later) == -1)
			result = -1;
	openfiles_free(&s->open_files);
	return result;
}

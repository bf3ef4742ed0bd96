#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/owned.h"
#include "base/user.h"
#include "recording/nested.h"
#include "recording/recording_internal.h"

int
recording_judge(const struct recording *rec, int trusted, const struct err *why,
    char **doubt, struct err *e)
{
	if (trusted == 0)
		return 0;
	if (rec->policy->trust == TRUST_ANY) {
		mem_replace(doubt, why->text);
		return 0;
	}
	*e = *why;
	return -1;
}

uid_t
recording_user(const struct recording_policy *policy, int rootfd,
    const struct stat *entry)
{
	bool is_guest = policy->is_looking && rootfd != -1 && geteuid() != 0 &&
	    faccessat(rootfd, ".", W_OK, AT_EACCESS) == -1;

	return is_guest ? entry->st_uid : geteuid();
}

/* rootfd is -1 for a directory that the user named. */
static int
check_owner(struct recording *rec, int rootfd, struct err *e)
{
	struct stat st, root;
	struct err why;

	if (fstat(rec->dirfd, &st) == -1 ||
	    (rootfd != -1 && fstat(rootfd, &root) == -1))
		return err_sys(e, "%s", rec->path);
	rec->user = recording_user(rec->policy, rootfd, &st);
	rec->owner = st.st_uid;
	rec->group = st.st_gid;
	rec->mtime_ns = file_mtime_ns(&st);
	if (recording_judge(rec,
		rootfd != -1 ? trust_check_entry(rec->user, &root, &st, &why)
			     : trust_check_directory(rec->user, &st, &why),
		&why, &rec->doubt, e) == 0)
		return 0;
	(void)trust_hint_directory(rec->user, rec->path, &st, e);
	return rootfd != -1 ? -1 : err_wrap(e, "%s", rec->path);
}

static bool
is_within(const char *path, const char *directory)
{
	size_t len = strlen(directory);

	return strncmp(path, directory, len) == 0 &&
	    (path[len] == '/' || path[len] == '\0' || len == 1);
}

/* Also true through another mount. */
static bool
is_same(int dirfd, const char *path)
{
	struct stat a, b;

	return fstat(dirfd, &a) == 0 && stat(path, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int
refuse_nested(const char *dir, const char *nested, struct err *e)
{
	const char *slash = strrchr(nested, '/');
	autofree char *holder = slash
	    ? xasprintf("%s/%.*s", dir, (int)(slash - nested), nested)
	    : xstrdup(dir);
	autofree char *word = text_shell_word(holder);

	return err_set(e, ERR_USAGE,
	    "%s contains recordings, such as %s: name a single "
	    "recording, or sweep them: jibri-finalize sweep %s",
	    dir, nested, word);
}

/* All recordings in it would be attached to one meeting. */
static int
refuse_root(const struct recording *rec, struct err *e)
{
	const char *root = rec->policy->root;
	autofree char *real = root ? realpath(root, NULL) : NULL;
	bool is_top = rec->path[1] == '\0' ||
	    (real && (is_within(real, rec->path) || is_same(rec->dirfd, real)));
	autofree char *nested = is_top ? NULL : nested_find(rec->dirfd);

	if (nested)
		return refuse_nested(rec->path, nested, e);
	if (is_top)
		return err_set(e, ERR_USAGE,
		    "%s is or contains recordings-dir%s%s: name a single "
		    "recording, or sweep it: jibri-finalize sweep",
		    rec->path, real ? ", " : "", real ? real : "");
	return 0;
}

/* Without a slash, it may have been meant as a session. */
static int
set_missing(const char *path, const char *root, struct err *e)
{
	if (root == NULL || strchr(path, '/'))
		return err_set(e, ERR_NO_INPUT,
		    "%s: no such recording directory", path);
	return err_set(e, ERR_NO_INPUT,
	    "%s: no such recording directory, and no session below %s "
	    "has this name or begins with it (6 characters or more)",
	    path, root);
}

int
recording_open(struct recording *rec, const char *path,
    const struct recording_policy *policy, struct err *e)
{
	int number;

	*rec = (struct recording){ .policy = policy, .dirfd = -1 };
	rec->dirfd = owned_open(path, O_RDONLY | O_DIRECTORY);
	number = errno;
	rec->path = realpath(path, NULL);
	if (rec->dirfd == -1 && rec->path && number == ENOTDIR)
		return err_set(e, ERR_NO_INPUT,
		    "%s is not a directory: name the recording's directory",
		    path);
	if (rec->path == NULL)
		rec->path = xstrdup(path);
	if (rec->dirfd == -1 && (number == ENOENT || number == ENOTDIR))
		return set_missing(path, policy->root, e);
	if (rec->dirfd == -1 && number == ELOOP && geteuid() == 0)
		return err_set(e, ERR_PERMANENT,
		    "%s is or leads through a symbolic link that another user "
		    "could have created, which root does not follow; use the "
		    "real path: %s",
		    path, rec->path);
	errno = number;
	if (rec->dirfd == -1)
		return err_sys(e, "open %s", path);
	return refuse_root(rec, e) == -1 ? -1 : check_owner(rec, -1, e);
}

int
recording_open_entry(struct recording *rec, int rootfd, const char *root,
    const char *name, const struct recording_policy *policy, struct err *e)
{
	*rec = (struct recording){ .policy = policy, .dirfd = -1 };
	rec->path = xasprintf("%s/%s", root, name);
	rec->dirfd = file_open_beneath(rootfd, name, O_RDONLY | O_DIRECTORY);
	if (rec->dirfd == -1 && errno == ENOENT)
		return err_set(e, ERR_NO_INPUT, "its directory is gone");
	if (rec->dirfd == -1)
		return err_sys(e, "its directory cannot be opened");
	return check_owner(rec, rootfd, e);
}

int
recording_open_below(struct recording *rec, const char *path,
    const struct recording_policy *policy, struct err *e)
{
	const char *name = strrchr(path, '/') + 1;
	autofree char *root =
	    name - path > 1 ? xstrndup(path, (size_t)(name - path) - 1) : NULL;
	autoclose int rootfd =
	    owned_open(root ? root : "/", O_PATH | O_DIRECTORY);

	*rec = (struct recording){ .policy = policy, .dirfd = -1 };
	if (rootfd == -1) {
		rec->path = xstrdup(path);
		return err_sys(e, "open %s", root ? root : "/");
	}
	if (recording_open_entry(rec, rootfd, root ? root : "", name, policy,
		e) == -1)
		return err_wrap(e, "%s", path);
	return 0;
}

int
recording_enter(const struct recording *rec, struct err *e)
{
	if (!rec->policy->is_alone)
		return 0;
	confine_names(rec->policy->confine);
	if (user_work_as(rec->owner, rec->group, e) == -1)
		return err_wrap(e, "%s", rec->path);
	confine_directory(rec->policy->confine, rec->dirfd);
	return 0;
}

/* It was one when the directory was listed. */
static const char not_regular[] = "is no longer a regular file";

int
recording_open_artifact(const struct recording *rec, const char *path,
    struct stat *st, struct err *e)
{
	autoclose int fd = file_open_beneath(rec->dirfd, path, O_RDONLY);

	if (fd == -1 && errno == ELOOP)
		return err_set(e, ERR_TEMPORARY, "%s", not_regular);
	if (fd == -1)
		return err_sys(e, "cannot be opened");
	if (fstat(fd, st) == -1)
		return err_sys(e, "cannot be examined");
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_TEMPORARY, "%s", not_regular);
	/* The scan has already warned about it. */
	if (rec->policy->trust != TRUST_ANY &&
	    trust_check_file(rec->user, rec->owner, st, e) == -1)
		return -1;
	return steal_fd(&fd);
}

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/user.h"
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

/* root is NULL for a directory that was named. */
static int
check_owner(struct recording *rec, const struct stat *root, struct err *e)
{
	struct stat st;
	struct err why;

	if (fstat(rec->dirfd, &st) == -1)
		return err_sys(e, "%s", rec->path);
	rec->owner = st.st_uid;
	rec->group = st.st_gid;
	if (recording_judge(rec,
		root ? trust_check_entry(geteuid(), root, &st, &why)
		     : trust_check_directory(geteuid(), &st, &why),
		&why, &rec->doubt, e) == -1)
		return root ? -1 : err_wrap(e, "%s", rec->path);
	return 0;
}

int
recording_open(struct recording *rec, const char *path,
    const struct recording_policy *policy, struct err *e)
{
	*rec = (struct recording){ .policy = policy, .dirfd = -1 };
	rec->path = realpath(path, NULL);
	if (rec->path == NULL && (errno == ENOENT || errno == ENOTDIR)) {
		rec->path = xstrdup(path);
		return err_set(e, ERR_NO_INPUT,
		    "%s: there is no such recording directory", path);
	}
	if (rec->path == NULL) {
		rec->path = xstrdup(path);
		return err_sys(e, "%s", path);
	}
	rec->dirfd = open(rec->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (rec->dirfd == -1 && errno == ENOTDIR)
		return err_set(e, ERR_NO_INPUT,
		    "%s is no directory: name the recording's directory", path);
	if (rec->dirfd == -1)
		return err_sys(e, "open %s", path);
	return check_owner(rec, NULL, e);
}

int
recording_open_entry(struct recording *rec, int rootfd, const char *root,
    const char *name, const struct recording_policy *policy, struct err *e)
{
	struct stat st;

	*rec = (struct recording){ .policy = policy, .dirfd = -1 };
	rec->path = xasprintf("%s/%s", root, name);
	rec->dirfd = file_open_beneath(rootfd, name, O_RDONLY | O_DIRECTORY);
	if (rec->dirfd == -1 && errno == ENOENT)
		return err_set(e, ERR_NO_INPUT, "its directory is gone");
	if (rec->dirfd == -1)
		return err_sys(e, "its directory cannot be opened");
	if (fstat(rootfd, &st) == -1)
		return err_sys(e, "%s", root);
	return check_owner(rec, &st, e);
}

int
recording_open_below(struct recording *rec, const char *path,
    const struct recording_policy *policy, struct err *e)
{
	const char *name = strrchr(path, '/') + 1;
	autofree char *root =
	    name - path > 1 ? xstrndup(path, (size_t)(name - path) - 1) : NULL;
	autoclose int rootfd =
	    open(root ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (recording_open_entry(rec, rootfd, root ? root : "", name, policy,
		e) == -1)
		return err_wrap(e, "%s", path);
	return 0;
}

void
recording_enter(struct recording *rec, bool is_for_good)
{
	if (geteuid() != 0 || rec->owner == 0)
		return;
	if (user_become(rec->owner, rec->group, is_for_good) == 0)
		rec->is_as_owner = !is_for_good;
	else
		log_warn("cannot work as user %u, its owner: %s; going on as "
			 "root",
		    (unsigned)rec->owner, strerror(errno));
}

void
recording_leave(struct recording *rec)
{
	if (rec->is_as_owner)
		user_return();
	rec->is_as_owner = false;
}

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/user.h"
#include "io/archive.h"
#include "recording/identity.h"
#include "sweep/removal.h"

static void
workspace_close(struct workspace *w)
{
	journal_close(&w->lock);
	mem_close(&w->fd);
	mem_close(&w->parentfd);
	mem_close(&w->archive_fd);
	free(w->archive_id);
	free(w->parent);
	free(w->hidden);
	free(w->directory);
	free(w->session);
}

/* --- the archive ---------------------------------------------------------- */

static int
open_archive(struct workspace *w, struct err *e)
{
	const char *path = w->archive;
	struct stat st;

	w->archive_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (w->archive_fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NO_INPUT, "%s: there is no such archive",
		    path);
	if (w->archive_fd == -1 || fstat(w->archive_fd, &st) == -1)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_NO_INPUT,
		    "%s is neither a directory nor a file", path);
	/* The same for the same archive, wherever it is unpacked. */
	w->archive_id = xasprintf("%s:%" PRId64 ":%" PRId64, basename(path),
	    (int64_t)st.st_size, file_mtime_ns(&st));
	w->hidden = xasprintf(".%.240s.new", basename(path));
	return 0;
}

/* --- the place ------------------------------------------------------------ */

/* Whoever else could write there could forge what is delivered. */
static bool
is_private(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 022) == 0;
}

/* The archive that the directory was unpacked from, by its id, or NULL. */
static char *
source_of(int parentfd, const char *name)
{
	autoclose int fd =
	    file_open_beneath(parentfd, name, O_RDONLY | O_DIRECTORY);
	struct progress p = { 0 };
	struct err ignored;
	char *id;

	if (fd == -1 || !is_private(fd) || journal_peek(fd, &p, &ignored) == -1)
		return NULL;
	id = p.archive ? xstrdup(p.archive) : NULL;
	progress_free(&p);
	return id;
}

/* An earlier run may have unpacked it, under whatever session's name. */
static bool
find_unpacked(struct workspace *w)
{
	int fd = file_open_beneath(w->parentfd, ".", O_RDONLY | O_DIRECTORY);
	autoclosedir DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (dir && w->directory == NULL && (entry = readdir(dir)) != NULL) {
		autofree char *id =
		    *entry->d_name == '.' ? NULL : source_of(fd, entry->d_name);

		if (id && strcmp(id, w->archive_id) == 0)
			w->directory = xstrdup(entry->d_name);
	}
	return w->directory != NULL;
}

/* 1 when the hidden folder is ours, 0 when it is not there or cannot be. */
static int
lock_hidden(struct workspace *w, bool may_create, struct err *e)
{
	if (may_create && mkdirat(w->parentfd, w->hidden, 0700) == -1 &&
	    errno != EEXIST)
		return errno == EACCES || errno == EPERM || errno == EROFS
		    ? 0
		    : err_sys(e, "create %s/%s", w->parent, w->hidden);
	w->fd = openat(w->parentfd, w->hidden,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->fd == -1)
		return errno == ENOENT
		    ? 0
		    : err_sys(e, "open %s/%s", w->parent, w->hidden);
	if (!is_private(w->fd))
		return err_set(e, ERR_PERMANENT,
		    "%s/%s is not this user's alone; remove it and run again",
		    w->parent, w->hidden);
	return journal_open(&w->lock, w->fd, w->pipeline->recording.locking,
		   e) == -1
	    ? -1
	    : 1;
}

static void
remove_hidden(struct workspace *w)
{
	if (w->fd != -1 && file_remove_tree(w->parentfd, w->hidden) == -1)
		log_warn("%s/%s cannot be removed: %s", w->parent, w->hidden,
		    strerror(errno));
	journal_close(&w->lock);
	mem_close(&w->fd);
}

/* What lies below is then the owner's, as a recording of Jibri's. */
static int
become_owner(const struct workspace *w)
{
	struct stat st;

	return fstat(w->parentfd, &st) == -1
	    ? -1
	    : user_become(st.st_uid, st.st_gid, false);
}

static int
enter(struct workspace *w, const char *parent, struct err *e)
{
	mem_close(&w->parentfd);
	mem_replace(&w->parent, parent);
	w->parentfd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->parentfd == -1)
		return err_sys(e, "%s", parent);
	user_return();
	if (become_owner(w) == -1)
		return err_sys(e, "become the owner of %s", parent);
	return 0;
}

/* Where it is already, else beside the archive, else in the work-dir. */
static int
find_place(struct workspace *w, const char *work_dir, struct err *e)
{
	autofree char *beside = file_parent(w->archive);
	const char *const parents[] = { beside, work_dir };
	size_t n = work_dir && *work_dir ? 2 : 1;

	for (int may_create = 0; may_create <= 1; may_create++)
		for (size_t i = 0; i < n; i++) {
			int result = enter(w, parents[i], e);

			if (result == 0 && (may_create || find_unpacked(w)))
				result = lock_hidden(w, may_create, e);
			if (result != 0 || w->directory != NULL)
				return result == -1 ? -1 : 0;
		}
	return err_set(e, ERR_CONFIG,
	    "%s cannot be written, so that the archive cannot be unpacked: %s",
	    w->parent, n == 2 ? "set another work-dir" : "set work-dir");
}

/* --- unpacking ------------------------------------------------------------ */

static int
unpack(struct workspace *w, int64_t ratio, struct err *e)
{
	const char *name = basename(w->archive), *wish = w->request->session;
	autofree char *stem = xstrdup(name);
	autofree char *root = NULL;
	size_t stem_len;
	struct manifest_head head = { 0 };
	autoclose int newfd = -1;
	int result;

	(void)archive_type_of(name, &stem_len);
	stem[stem_len] = '\0';
	log_info("%s: unpacking into %s/%s", w->archive, w->parent, w->hidden);
	if (file_remove_tree(w->fd, BUNDLE_NEW) == -1 ||
	    mkdirat(w->fd, BUNDLE_NEW, 0700) == -1 ||
	    (newfd = file_open_beneath(w->fd, BUNDLE_NEW,
		 O_RDONLY | O_DIRECTORY)) == -1)
		return err_sys(e, "create %s/%s/" BUNDLE_NEW, w->parent,
		    w->hidden);
	result = bundle_unpack(w->archive_fd, ratio, newfd, &root, &head, e);
	w->session = xstrdup(wish ? wish : head.session ? head.session : stem);
	if (result == 0)
		result = identity_check_segment("session", w->session, e);
	if (result == 0)
		result = bundle_settle(w, &head, root, e);
	manifest_head_free(&head);
	return result;
}

/* --- delivering ----------------------------------------------------------- */

/*
 * Once the backend has it all, the copy has done its work: the archive is
 * still here.  What was there before has not come from one.
 */
static void
remove_copy(struct workspace *w)
{
	const struct removal removal = {
		.pipeline = w->pipeline,
		.proof = REMOVAL_NONE,
		.rootfd = w->parentfd,
		.root = w->parent,
		.name = w->directory,
	};
	autofree char *id =
	    become_owner(w) == -1 ? NULL : source_of(w->parentfd, w->directory);
	struct err e = { 0 };

	if (id != NULL && removal_run(&removal, &e) != REMOVAL_DONE)
		log_info("%s stays unpacked in %s/%s: %s", w->archive,
		    w->parent, w->directory, e.text);
}

static int
deliver(struct workspace *w, const struct attempt_policy *attempt,
    struct attempt_result *result, struct err *e)
{
	autofree char *directory = xasprintf("%s/%s", w->parent, w->directory);
	struct attempt_request inner = *w->request;
	int outcome;

	if (!inner.is_dry_run)
		remove_hidden(w);
	else if (w->session != NULL)
		inner.session = w->session;
	user_return();
	inner.directory = directory;
	outcome = attempt_run(&inner, attempt, w->pipeline, result, e);
	if (inner.is_dry_run)
		return outcome;
	if (outcome == 0)
		remove_copy(w);
	else if (e->class != ERR_BUSY)
		log_info("%s stays unpacked in %s for the next run", w->archive,
		    directory);
	return outcome;
}

static int
open_and_deliver(struct workspace *w, const struct bundle_policy *policy,
    const struct attempt_policy *attempt, struct attempt_result *result,
    struct err *e)
{
	const struct attempt_request *request = w->request;

	if (open_archive(w, e) == -1 ||
	    identity_check_arguments(request->room, request->session,
		request->meeting_id, e) == -1)
		return -1;
	if (find_place(w, policy->work_dir, e) == -1 ||
	    (w->directory == NULL && unpack(w, policy->unpack_ratio, e) == -1))
		return err_wrap(e, "%s", w->archive);
	return deliver(w, attempt, result, e);
}

int
bundle_deliver(const struct attempt_request *request,
    const struct bundle_policy *policy, const struct attempt_policy *attempt,
    const struct pipeline_policy *pipeline, struct attempt_result *result,
    struct err *e)
{
	struct workspace w = {
		.archive = request->directory,
		.request = request,
		.pipeline = pipeline,
		.archive_fd = -1,
		.parentfd = -1,
		.fd = -1,
		.lock = { .fd = -1 },
	};
	int outcome;

	*result = (struct attempt_result){ 0 };
	outcome = open_and_deliver(&w, policy, attempt, result, e);
	/* Not what another process is at work on. */
	if (w.lock.fd != -1 && !(outcome == -1 && e->class == ERR_BUSY))
		remove_hidden(&w);
	user_return();
	if (result->state == NULL)
		result->state = attempt_state_name(e->class);
	/* People know the archive, not where its copy is. */
	mem_replace(&result->path, request->directory);
	workspace_close(&w);
	return outcome;
}

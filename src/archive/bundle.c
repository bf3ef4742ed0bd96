#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/bundle_internal.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/archive.h"
#include "journal/journal.h"
#include "recording/identity.h"
#include "recording/recording.h"

/*
 * The private folder of an archive:
 *
 *   .jibri-finalize     the lock: an empty journal
 *   new/                what is being unpacked
 *   ready/SESSION/      the recording, whole and checked, with its journal
 *   old/                what is being removed
 */
#define PART_NEW "new"
#define PART_READY "ready"
#define PART_OLD "old"

struct workspace {
	char *parent, *name;
	int parentfd, fd;
	struct journal lock;
	char *session; /* of the recording that is ready; NULL: none is */
	bool is_fresh; /* unpacked by this run */
};

static void
workspace_close(struct workspace *w)
{
	journal_close(&w->lock);
	mem_close(&w->fd);
	mem_close(&w->parentfd);
	free(w->parent);
	free(w->name);
	free(w->session);
}

/* --- the archive ---------------------------------------------------------- */

static const char *
name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int
open_archive(const char *path, struct stat *st, struct err *e)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return err_set(e, ERR_NO_INPUT, "%s: there is no such archive",
		    path);
	if (fd == -1 || fstat(fd, st) == -1)
		return err_sys(e, "open %s", path);
	if (!S_ISREG(st->st_mode))
		return err_set(e, ERR_NO_INPUT,
		    "%s is neither a directory nor a file", path);
	return steal_fd(&fd);
}

/* The same for the same archive, wherever it is unpacked. */
static char *
workspace_name(const char *archive, const struct stat *st)
{
	autofree char *identity = xasprintf("%s\n%" PRId64 "\n%" PRId64,
	    name_of(archive), (int64_t)st->st_size, file_mtime_ns(st));
	struct digest *d = digest_new();
	char hex[DIGEST_HEX_BYTES];

	digest_add(d, identity, strlen(identity));
	digest_hex(d, hex);
	digest_free(d);
	return xasprintf(RECORDING_WORKSPACE "%.16s", hex);
}

/* --- the private folder --------------------------------------------------- */

/* Whoever else could write there could forge what is delivered. */
static int
check_private(const struct workspace *w, struct err *e)
{
	struct stat st;

	if (fstat(w->fd, &st) == -1)
		return err_sys(e, "%s/%s", w->parent, w->name);
	if (st.st_uid == geteuid() && (st.st_mode & 077) == 0)
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "%s/%s is not this user's alone; remove it and run again",
	    w->parent, w->name);
}

/* 1 when the folder is open, 0 when it is not there or cannot be made. */
static int
try_parent(struct workspace *w, const char *parent, bool may_create,
    struct err *e)
{
	mem_close(&w->parentfd);
	mem_replace(&w->parent, parent);
	w->parentfd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (w->parentfd == -1)
		return err_sys(e, "%s", parent);
	if (may_create && mkdirat(w->parentfd, w->name, 0700) == -1 &&
	    errno != EEXIST)
		return errno == EACCES || errno == EPERM || errno == EROFS
		    ? 0
		    : err_sys(e, "create %s/%s", parent, w->name);
	w->fd = openat(w->parentfd, w->name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (w->fd == -1)
		return errno == ENOENT
		    ? 0
		    : err_sys(e, "open %s/%s", parent, w->name);
	return check_private(w, e) == -1 ? -1 : 1;
}

/* Where it is already, else beside the archive, else in the work-dir. */
static int
find_place(struct workspace *w, const char *archive, const char *work_dir,
    struct err *e)
{
	const char *slash = strrchr(archive, '/');
	size_t len = slash ? (size_t)(slash - archive) : 0;
	autofree char *beside =
	    slash ? xstrndup(archive, len ? len : 1) : xstrdup(".");
	const char *const parents[] = { beside, work_dir };
	size_t n = work_dir && *work_dir ? 2 : 1;

	for (int may_create = 0; may_create <= 1; may_create++)
		for (size_t i = 0; i < n; i++) {
			int result = try_parent(w, parents[i], may_create, e);

			if (result != 0)
				return result;
		}
	return err_set(e, ERR_CONFIG,
	    "%s cannot be written, so that the archive cannot be unpacked: %s",
	    w->parent, n == 2 ? "set another work-dir" : "set work-dir");
}

static int
read_ready(struct workspace *w, struct err *e)
{
	int fd = openat(w->fd, PART_READY,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclosedir DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (dir == NULL)
		return errno == ENOENT ? 0 : err_sys(e, "open " PART_READY);
	while ((entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			mem_replace(&w->session, entry->d_name);
	return 0;
}

static int
workspace_open(struct workspace *w, const char *archive, const struct stat *st,
    const char *work_dir, struct err *e)
{
	w->name = workspace_name(archive, st);
	if (find_place(w, archive, work_dir, e) == -1 ||
	    journal_open(&w->lock, w->fd, true, e) == -1)
		return -1;
	if (file_remove_tree(w->fd, PART_NEW) == -1 ||
	    file_remove_tree(w->fd, PART_OLD) == -1)
		return err_sys(e, "clear %s/%s", w->parent, w->name);
	return read_ready(w, e);
}

/* What is left behind is found, and cleared, by the next run. */
static void
workspace_remove(const struct workspace *w)
{
	if (file_remove_tree(w->fd, PART_NEW) == 0 &&
	    file_remove_tree(w->fd, PART_OLD) == 0 &&
	    (unlinkat(w->fd, PART_READY, AT_REMOVEDIR) == 0 ||
		errno == ENOENT) &&
	    unlinkat(w->fd, RECORDING_JOURNAL, 0) == 0 &&
	    unlinkat(w->parentfd, w->name, AT_REMOVEDIR) == 0)
		return;
	log_warn("%s/%s cannot be removed: %s", w->parent, w->name,
	    strerror(errno));
}

/* --- unpacking ------------------------------------------------------------ */

/*
 * The manifest's word on whose it is becomes the first fact of a journal of
 * our own; one from the archive never got here.
 */
static int
seed_journal(int dirfd, const char *session, const struct manifest_head *head,
    struct err *e)
{
	struct journal j;
	int result;

	if (head->room == NULL || head->meeting_id == NULL)
		return 0;
	result = journal_open(&j, dirfd, true, e);
	if (result == 0) {
		journal_note(&j,
		    (struct event){
			.kind = EVENT_RESOLVED,
			.session = session,
			.room = head->room,
			.meeting_id = head->meeting_id,
		    });
		journal_commit(&j);
		if (j.is_degraded)
			result = err_set(e, ERR_TEMPORARY,
			    "the journal cannot be written");
	}
	journal_close(&j);
	return result;
}

/* From new/ to ready/ in one step, on disk before anything is sent. */
static int
make_ready(const struct workspace *w, const char *root, const char *session,
    const struct manifest_head *head, struct err *e)
{
	autofree char *from = xasprintf(PART_NEW "/%s", root);
	autofree char *to = xasprintf(PART_READY "/%s", session);
	autoclose int rootfd = openat(w->fd, from,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclose int readyfd = -1;

	if (rootfd == -1)
		return err_sys(e, "open what was unpacked");
	if (seed_journal(rootfd, session, head, e) == -1)
		return -1;
	if (mkdirat(w->fd, PART_READY, 0700) == -1 && errno != EEXIST)
		return err_sys(e, "create " PART_READY);
	readyfd = openat(w->fd, PART_READY,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (strcmp(root, ".") == 0)
		from[strlen(PART_NEW)] = '\0';
	if (renameat(w->fd, from, w->fd, to) == -1)
		return err_sys(e, "rename to %s", to);
	if (readyfd == -1 || fsync(readyfd) == -1 || fsync(w->fd) == -1)
		return err_sys(e, "sync %s", to);
	return 0;
}

static int
unpack(struct workspace *w, int archive_fd,
    const struct attempt_request *request, int64_t ratio, struct err *e)
{
	const char *archive = request->directory, *wish = request->session;
	const char *name = name_of(archive);
	autofree char *stem = xstrndup(name, archive_stem_len(name));
	autofree char *root = NULL;
	struct manifest_head head = { 0 };
	autoclose int newfd = -1;
	const char *session;
	int result;

	log_info("%s: unpacking into %s/%s", archive, w->parent, w->name);
	if (mkdirat(w->fd, PART_NEW, 0700) == -1 ||
	    (newfd = openat(w->fd, PART_NEW,
		 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) == -1)
		return err_sys(e, "create %s/%s/" PART_NEW, w->parent, w->name);
	result = bundle_unpack(archive_fd, ratio, newfd, &root, &head, e);
	session = wish ? wish : head.session ? head.session : stem;
	if (result == 0)
		result = identity_check_segment("session", session, e);
	if (result == 0)
		result = make_ready(w, root, session, &head, e);
	if (result == 0) {
		w->session = xstrdup(session);
		w->is_fresh = true;
		(void)file_remove_tree(w->fd, PART_NEW);
	}
	manifest_head_free(&head);
	return result == -1 ? err_wrap(e, "%s", archive) : 0;
}

/* --- delivering ----------------------------------------------------------- */

static bool
is_announced(int dirfd)
{
	struct journal j;
	struct err ignored;
	bool result = journal_open(&j, dirfd, true, &ignored) == 0 &&
	    j.progress.state == REC_ANNOUNCED;

	journal_close(&j);
	return result;
}

static bool
discard(const struct workspace *w)
{
	autofree char *from = xasprintf(PART_READY "/%s", w->session);

	if (renameat(w->fd, from, w->fd, PART_OLD) == -1)
		return false;
	workspace_remove(w);
	return true;
}

/*
 * Once the backend has it all, the copy has done its work; also when the
 * operator wanted no webhook.  A dry run takes away what it brought.
 */
static bool
is_used_up(const struct workspace *w, const struct attempt_request *request,
    int outcome)
{
	autofree char *ready = xasprintf(PART_READY "/%s", w->session);
	autoclose int fd = openat(w->fd, ready,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (request->is_dry_run)
		return w->is_fresh;
	return outcome == 0 && fd != -1 && is_announced(fd);
}

static int
deliver(struct workspace *w, const struct attempt_request *request,
    const struct attempt_policy *attempt,
    const struct pipeline_policy *pipeline, struct attempt_result *result,
    struct err *e)
{
	autofree char *directory = xasprintf("%s/%s/" PART_READY "/%s",
	    w->parent, w->name, w->session);
	struct attempt_request inner = *request;
	int outcome;

	inner.directory = directory;
	outcome = attempt_run(&inner, attempt, pipeline, result, e);
	if (!is_used_up(w, request, outcome) || !discard(w))
		log_info("%s stays unpacked in %s/%s for the next run",
		    request->directory, w->parent, w->name);
	return outcome;
}

static int
open_and_deliver(struct workspace *w, const struct attempt_request *request,
    const struct bundle_policy *policy, const struct attempt_policy *attempt,
    const struct pipeline_policy *pipeline, struct attempt_result *result,
    struct err *e)
{
	const char *archive = request->directory;
	struct stat st = { 0 };
	autoclose int fd = open_archive(archive, &st, e);

	if (fd == -1 ||
	    identity_check_arguments(request->room, request->session,
		request->meeting_id, e) == -1)
		return -1;
	if (workspace_open(w, archive, &st, policy->work_dir, e) == -1)
		return err_wrap(e, "%s", archive);
	if (w->session == NULL &&
	    unpack(w, fd, request, policy->unpack_ratio, e) == -1) {
		workspace_remove(w);
		return -1;
	}
	return deliver(w, request, attempt, pipeline, result, e);
}

int
bundle_deliver(const struct attempt_request *request,
    const struct bundle_policy *policy, const struct attempt_policy *attempt,
    const struct pipeline_policy *pipeline, struct attempt_result *result,
    struct err *e)
{
	struct workspace w = {
		.parentfd = -1,
		.fd = -1,
		.lock = { .fd = -1 },
	};
	int outcome;

	*result = (struct attempt_result){ 0 };
	outcome =
	    open_and_deliver(&w, request, policy, attempt, pipeline, result, e);
	if (result->state == NULL)
		result->state = attempt_state_name(e->class);
	/* People know the archive, not where its copy is. */
	mem_replace(&result->path, request->directory);
	workspace_close(&w);
	return outcome;
}

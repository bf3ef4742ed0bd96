#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "remote/inventory.h"
#include "sweep/retention_internal.h"

/* Is everything in it delivered, and nothing there that was never sent? */
static bool
is_all_delivered(struct job *job, struct err *e)
{
	const struct recording *rec = &job->recording;
	const char *changed;

	if (recording_scan(&job->recording, e) == -1)
		return false;
	if (!pipeline_is_finished(job, &changed)) {
		(void)err_set(e, ERR_NONE, "%s is new or changed",
		    changed ? changed : "it");
		return false;
	}
	if (rec->n_skipped == 0)
		return true;
	(void)err_set(e, ERR_NONE,
	    "it holds what was never sent: %s: "
	    "skipped, %s",
	    rec->skipped[0].path, rec->skipped[0].why);
	return false;
}

static bool
has_record(const struct inventory *inv, const char *path, int64_t size)
{
	size_t n;
	const struct remote_record *record = inventory_find(inv, path, &n);

	for (size_t i = 0; i < n; i++)
		if (record[i].size == size)
			return true;
	return false;
}

/* The first artifact that the server does not show, or NULL. */
static const struct artifact *
find_lost(const struct job *job, const struct inventory *inv)
{
	const struct progress *p = &job->journal.progress;
	const struct recording *rec = &job->recording;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		struct remote_name name;
		bool is_there;

		remote_name_make(&name, p->room, p->session, a->path);
		is_there = has_record(inv, name.path, a->size);
		remote_name_free(&name);
		if (!is_there)
			return a;
	}
	return NULL;
}

static void
hold_lost(struct job *job, const struct artifact *lost)
{
	autofree char *text = xasprintf(
	    "lost on the server: %s is not there any more with its %lld "
	    "bytes; it is kept here, 'upload' sends it again",
	    lost->path, (long long)lost->size);

	log_error("%s", text);
	journal_note(&job->journal,
	    (struct event){
		.kind = EVENT_FAILED,
		.class = err_class_name(ERR_PERMANENT),
		.text = text,
	    });
	journal_commit(&job->journal);
}

static enum removal_outcome
verify(struct job *job, struct err *e)
{
	struct upload_deps upload;
	const struct artifact *lost;
	struct inventory inv = { 0 };
	bool is_refused;
	int result = pipeline_prepare(job, false, &upload, e);

	if (result == 0)
		result = inventory_read(&inv,
		    &(const struct inventory_deps){
			.http = upload.http,
			.filestore = upload.filestore,
			.auth = upload.auth,
			.retry = upload.retry,
		    },
		    &job->journal.progress, &is_refused, e);
	lost = result == 0 ? find_lost(job, &inv) : NULL;
	inventory_free(&inv);
	if (result == -1)
		return REMOVAL_FAILED;
	if (lost == NULL)
		return REMOVAL_DONE;
	hold_lost(job, lost);
	return REMOVAL_LOST;
}

/* Below the directory, through no link. */
static int
unlink_beneath(int dirfd, const char *path)
{
	autofree char *copy = xstrdup(path);
	const char *slash = strrchr(path, '/');
	autoclose int folder = file_open_beneath(dirfd,
	    slash ? dirname(copy) : ".", O_RDONLY | O_DIRECTORY);

	if (folder == -1)
		return -1;
	return unlinkat(folder, slash ? slash + 1 : path, 0);
}

/*
 * Remove the folders as far as nothing is in them.  Is nothing left but the
 * journal?
 */
static bool
remove_folders(int dirfd)
{
	int fd = file_open_beneath(dirfd, ".", O_RDONLY | O_DIRECTORY);
	autoclosedir DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool is_empty = dir != NULL;

	while (dir && (entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		autoclose int folder = -1;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    strcmp(name, RECORDING_JOURNAL) == 0)
			continue;
		folder = file_open_beneath(fd, name, O_RDONLY | O_DIRECTORY);
		is_empty &= folder != -1 && remove_folders(folder) &&
		    unlinkat(fd, name, AT_REMOVEDIR) == 0;
	}
	return is_empty;
}

/* The files, and the journal when they are gone from the disk. */
static int
remove_files(const struct job *job, struct err *e)
{
	const struct recording *rec = &job->recording;

	for (size_t i = 0; i < rec->n; i++) {
		const char *path = rec->artifacts[i].path;

		if (unlink_beneath(rec->dirfd, path) == -1 && errno != ENOENT)
			return err_sys(e, "remove %s", path);
	}
	if (!remove_folders(rec->dirfd))
		return err_set(e, ERR_TEMPORARY, "something new is in it");
	if (fsync(rec->dirfd) == -1)
		return err_sys(e, "sync the directory");
	if (unlinkat(rec->dirfd, RECORDING_JOURNAL, 0) == -1)
		return err_sys(e, "remove %s", RECORDING_JOURNAL);
	return 0;
}

static enum removal_outcome
empty_tombstone(const struct removal *r, const struct job *job,
    const char *tombstone, struct err *e)
{
	if (remove_files(job, e) == -1)
		return REMOVAL_FAILED;
	if (unlinkat(r->rootfd, tombstone, AT_REMOVEDIR) == -1) {
		(void)err_sys(e, "remove %s", tombstone);
		return REMOVAL_FAILED;
	}
	log_info("removed here, as it is delivered");
	return REMOVAL_DONE;
}

/* Somebody has put something in it meanwhile: it gets its name back. */
static enum removal_outcome
take_back(const struct removal *r, struct job *job, const char *tombstone,
    struct err *e)
{
	const char *name = tombstone + strlen(RECORDING_TOMBSTONE);

	journal_note(&job->journal,
	    (struct event){ .kind = EVENT_REOPENED, .path = "." });
	journal_commit(&job->journal);
	if (renameat2(r->rootfd, tombstone, r->rootfd, name,
		RENAME_NOREPLACE) == 0)
		return REMOVAL_KEPT;
	(void)err_sys(e, "rename %s back to %s", tombstone, name);
	return REMOVAL_FAILED;
}

static enum removal_outcome
bury(const struct removal *r, struct job *job, struct err *e)
{
	autofree char *tombstone =
	    xasprintf("%s%s", RECORDING_TOMBSTONE, r->name);

	journal_note(&job->journal, (struct event){ .kind = EVENT_REMOVING });
	journal_commit(&job->journal);
	if (job->journal.is_degraded) {
		(void)err_set(e, ERR_TEMPORARY,
		    "its journal cannot be written");
		return REMOVAL_FAILED;
	}
	if (renameat2(r->rootfd, r->name, r->rootfd, tombstone,
		RENAME_NOREPLACE) == -1 ||
	    fsync(r->rootfd) == -1) {
		(void)err_sys(e, "rename it to %s", tombstone);
		return REMOVAL_FAILED;
	}
	if (!is_all_delivered(job, e))
		return take_back(r, job, tombstone, e);
	return empty_tombstone(r, job, tombstone, e);
}

static int
open_job(const struct removal *r, struct job *job, struct err *e)
{
	*job = (struct job){
		.policy = r->deps->pipeline,
		.recording = { .dirfd = -1 },
		.journal = { .fd = -1 },
	};
	if (recording_open_entry(&job->recording, r->rootfd, r->root, r->name,
		&r->deps->pipeline->recording, e) == -1 ||
	    journal_open(&job->journal, job->recording.dirfd,
		job->recording.policy->locking, e) == -1)
		return -1;
	log_set_session(job->journal.progress.session
		? job->journal.progress.session
		: r->name);
	return 0;
}

/* The journal and the directory are closed; http is the caller's. */
static void
close_job(struct job *job)
{
	job_close(job);
	log_set_session(NULL);
}

enum removal_outcome
removal_run(const struct removal *r, struct err *e)
{
	enum removal_outcome outcome;
	struct job job;

	if (open_job(r, &job, e) == -1) {
		outcome = e->class == ERR_BUSY ? REMOVAL_KEPT : REMOVAL_FAILED;
	} else if (!is_all_delivered(&job, e)) {
		outcome = REMOVAL_KEPT;
	} else {
		outcome = verify(&job, e);
		if (outcome == REMOVAL_DONE)
			outcome = bury(r, &job, e);
	}
	close_job(&job);
	return outcome;
}

enum removal_outcome
removal_finish(const struct removal *r, struct err *e)
{
	enum removal_outcome outcome = REMOVAL_KEPT;
	struct job job;

	if (open_job(r, &job, e) == -1)
		outcome = e->class == ERR_BUSY ? REMOVAL_KEPT : REMOVAL_FAILED;
	else if (is_all_delivered(&job, e))
		outcome = empty_tombstone(r, &job, r->name, e);
	else
		outcome = take_back(r, &job, r->name, e);
	close_job(&job);
	return outcome;
}

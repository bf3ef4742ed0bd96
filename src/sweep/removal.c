#include "sweep/removal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/flight.h"
#include "remote/inventory.h"

/* Is everything in it delivered, without files that were never sent? */
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
	(void)err_set(e, ERR_NONE, "%s was never uploaded (%s)",
	    rec->skipped[0].path, rec->skipped[0].why);
	return false;
}

/* Does the name still refer to the open directory? */
static bool
is_in_place(const struct removal *r, const struct stat *mine, struct err *e)
{
	struct stat there;

	if (fstatat(r->rootfd, r->name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine->st_dev == there.st_dev && mine->st_ino == there.st_ino)
		return true;
	(void)err_set(e, ERR_NONE, "its directory was moved away");
	return false;
}

/* Verifying */

struct proof {
	struct job *job;
	struct destination from;
	struct inventory inventory;
};

/* What was stored just now may not be listed yet. */
static enum removal_outcome
set_lost(const struct proof *proof, const struct artifact *a,
    const struct fact *fact, struct err *e)
{
	int64_t age_ms = clock_unix_ms() - fact->stored_ms;

	(void)err_set(e, ERR_NONE, "%s (%lld bytes) is no longer there",
	    a->path, (long long)fact->size);
	return age_ms < proof->from.policy->answer_timeout_ms ? REMOVAL_KEPT
							      : REMOVAL_LOST;
}

static enum removal_outcome
compare_content(struct proof *proof, const struct artifact *a, const char *id,
    struct err *e)
{
	char here[DIGEST_HEX_BYTES], there[DIGEST_HEX_BYTES];

	if (flight_hash_artifact(&proof->job->recording, a, here, e) == -1 ||
	    destination_hash(&proof->from, id, -1, a->size, there, e) == -1)
		return REMOVAL_FAILED;
	if (strcmp(here, there) == 0)
		return REMOVAL_DONE;
	(void)err_set(e, ERR_NONE, "%s has different content there", a->path);
	return REMOVAL_LOST;
}

/* Only the id proves it, not a record with the same path and size. */
static enum removal_outcome
prove(const struct removal *r, struct proof *proof, const struct artifact *a,
    struct err *e)
{
	const struct progress *p = &proof->job->journal.progress;
	const struct fact *fact = progress_fact(p, a->path);
	const struct remote_record *record;

	if (fact->id == NULL) {
		(void)err_set(e, ERR_NONE, "%s was stored without an id",
		    a->path);
		return REMOVAL_UNPROVEN;
	}
	record = inventory_find_id(&proof->inventory, fact->id);
	if (record == NULL ||
	    (record->size != -1 && record->size != fact->size))
		return set_lost(proof, a, fact, e);
	if (r->proof == REMOVAL_DEEP)
		return compare_content(proof, a, fact->id, e);
	if (record->size != -1)
		return REMOVAL_DONE;
	(void)err_set(e, ERR_NONE, "the server lists no size for %s", a->path);
	return REMOVAL_UNPROVEN;
}

static enum removal_outcome
prove_all(const struct removal *r, struct proof *proof, struct err *e)
{
	/* The next sweep tries again. */
	static const struct retry_policy once = { .tries = 1 };
	struct job *job = proof->job;
	enum removal_outcome outcome = REMOVAL_DONE;
	struct upload_deps upload;
	bool is_refused;

	if (pipeline_prepare(job, false, &upload, e) == -1)
		return REMOVAL_FAILED;
	proof->from = upload.to;
	proof->from.retry = &once;
	if (upload_check_shared(&job->recording, &job->journal, e) == -1)
		return REMOVAL_LOST;
	if (inventory_read(&proof->inventory, &proof->from,
		&job->journal.progress, &is_refused, e) == -1)
		return REMOVAL_FAILED;
	for (size_t i = 0; i < job->recording.n && outcome == REMOVAL_DONE; i++)
		outcome = prove(r, proof, &job->recording.artifacts[i], e);
	return outcome;
}

static void
hold_lost(struct job *job, const char *what)
{
	autofree char *path = text_shell_word(job->recording.path);
	autofree char *text =
	    xasprintf("lost on the server: %s; it is kept here; to send it "
		      "again: jibri-finalize upload %s",
		what, path);

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
verify(const struct removal *r, struct job *job, struct err *e)
{
	struct proof proof = { .job = job };
	enum removal_outcome outcome;

	if (r->proof == REMOVAL_NONE || job->recording.n == 0)
		return REMOVAL_DONE;
	outcome = prove_all(r, &proof, e);
	inventory_free(&proof.inventory);
	if (outcome == REMOVAL_LOST)
		hold_lost(job, e->text);
	return outcome;
}

/* Emptying */

/* One of our own files, or an artifact that is unchanged since delivery. */
static bool
may_go(const struct job *job, const char *path, const char *name,
    const struct stat *st)
{
	const struct fact *fact = progress_fact(&job->journal.progress, path);

	if (!S_ISREG(st->st_mode))
		return false;
	return recording_is_own_name(name) || log_is_file(st) ||
	    (fact && fact->is_stored &&
		fact_is_of(fact, file_stamp(st), file_mtime_ns(st)));
}

static int empty_folder(const struct job *job, int dirfd, const char *prefix,
    struct err *e);

static int
remove_entry(const struct job *job, int dirfd, const char *path,
    const char *name, struct err *e)
{
	autofree char *prefix = xasprintf("%s/", path);
	autoclose int folder = -1;
	struct stat st;
	int flags = 0;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : err_sys(e, "examine %s", path);
	if (S_ISDIR(st.st_mode)) {
		folder = file_open_beneath(dirfd, name, O_RDONLY | O_DIRECTORY);
		if (folder == -1 || empty_folder(job, folder, prefix, e) == -1)
			return folder == -1 ? err_sys(e, "open %s", path) : -1;
		flags = AT_REMOVEDIR;
	} else if (!may_go(job, path, name, &st)) {
		return err_set(e, ERR_NONE, "%s is new or changed", path);
	}
	if (unlinkat(dirfd, name, flags) == 0 || errno == ENOENT)
		return 0;
	return err_sys(e, "remove %s", path);
}

/* Remove everything except the journal; 0 when nothing else was there. */
static int
empty_folder(const struct job *job, int dirfd, const char *prefix,
    struct err *e)
{
	int fd = file_open_beneath(dirfd, ".", O_RDONLY | O_DIRECTORY);
	autoclosedir DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int result = 0;

	if (dir == NULL)
		return err_sys(e, "read %s", *prefix ? prefix : "it");
	while ((entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		autofree char *path = xasprintf("%s%s", prefix, name);

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
		    strcmp(path, RECORDING_JOURNAL) != 0 &&
		    remove_entry(job, fd, path, name, e) == -1)
			result = -1;
	}
	return result;
}

/*
 * The journal is removed once the rest is gone from disk.  Over NFS a file
 * removed while open keeps its directory busy, so close it.
 */
static int
remove_all(struct job *job, struct err *e)
{
	int dirfd = job->recording.dirfd;

	if (empty_folder(job, dirfd, "", e) == -1 || !is_all_delivered(job, e))
		return -1;
	if (job->recording.n > 0)
		return err_set(e, ERR_NONE, "it has new files");
	if (fsync(dirfd) == -1)
		return err_sys(e, "sync the directory");
	if (unlinkat(dirfd, RECORDING_JOURNAL, 0) == -1)
		return err_sys(e, "remove %s", RECORDING_JOURNAL);
	journal_close(&job->journal);
	log_info("removed here after delivery");
	return 0;
}

static bool
is_out_of(const struct job *job, const char *archive)
{
	const char *id = job->journal.progress.archive;

	return archive == NULL || (id && strcmp(id, archive) == 0);
}

static enum removal_outcome
run(const struct removal *r, struct job *job, struct err *e)
{
	autofree char *path = xasprintf("%s/%s", r->root, r->name);
	enum removal_outcome outcome;
	struct stat st;
	size_t n;

	if (job_open(job, path, false, e) == -1 ||
	    fstat(job->recording.dirfd, &st) == -1)
		return REMOVAL_FAILED;
	if (!is_out_of(job, r->archive)) {
		(void)err_set(e, ERR_NONE, "%s", "");
		return REMOVAL_KEPT;
	}
	if (!is_all_delivered(job, e))
		return REMOVAL_FAILED;
	n = job->recording.n;
	outcome = verify(r, job, e);
	if (outcome != REMOVAL_DONE)
		return outcome;
	if (!is_all_delivered(job, e) || !is_in_place(r, &st, e))
		return REMOVAL_FAILED;
	if (r->counts)
		*r->counts = job->journal.progress.counts;
	if (job->recording.n != n)
		(void)err_set(e, ERR_NONE,
		    "files were added or removed meanwhile");
	else if (remove_all(job, e) == 0)
		return REMOVAL_DONE;
	return REMOVAL_FAILED;
}

enum removal_outcome
removal_empty(const struct removal *r, struct err *e)
{
	struct job job = {
		.policy = r->pipeline,
		.is_swept = true,
		.recording = { .dirfd = -1 },
		.journal = { .fd = -1 },
	};
	enum removal_outcome outcome = run(r, &job, e);

	job_close(&job);
	log_set_session(NULL);
	/* Another process is working on it, or has removed it. */
	return outcome == REMOVAL_FAILED &&
		(e->class == ERR_NONE || e->class == ERR_BUSY ||
		    e->class == ERR_NO_INPUT)
	    ? REMOVAL_KEPT
	    : outcome;
}

enum removal_outcome
removal_finish(const struct removal *r, const struct stat *st, struct err *e)
{
	if (!is_in_place(r, st, e))
		return REMOVAL_KEPT;
	if (unlinkat(r->rootfd, r->name, AT_REMOVEDIR) == 0)
		return REMOVAL_DONE;
	(void)err_sys(e, "remove its directory");
	return REMOVAL_FAILED;
}

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/doctor/check.h"
#include "journal/journal.h"

enum { FEW_PERCENT = 10, HOUR_S = 3600, DAY_S = 24 * HOUR_S };

/* Minimum space for a recording, and for the metrics. */
#define LEAST_BYTES (INT64_C(100) * 1024 * 1024)
#define LEAST_FILE_BYTES (INT64_C(64) * 1024)

static const char recordings_dir[] = "recordings-dir";

/* -1: unknown. */
static int64_t
free_bytes(const char *directory, int *percent)
{
	struct statvfs fs;

	if (statvfs(directory, &fs) == -1 || fs.f_blocks == 0)
		return -1;
	*percent = (int)((double)fs.f_bavail * 100 / (double)fs.f_blocks);
	return (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
}

/* Warn if less is left than a recording may need. */
static void
check_space(struct diagnoses *f, const struct loaded *l, const char *directory)
{
	autofree char *word = check_word(l->config.recordings_dir);
	int percent;
	int64_t left = free_bytes(directory, &percent);

	if (left == -1)
		return;
	check_note(f,
	    left < LEAST_BYTES          ? CHECK_FAILED
		: percent < FEW_PERCENT ? CHECK_WARNING
					: CHECK_OK,
	    "disk",
	    left < LEAST_BYTES || percent < FEW_PERCENT
		? "Remove delivered recordings, each after checking the "
		  "server's list:"
		: NULL,
	    "%" PRId64 " MiB, %d %% of the disk of %s, are free",
	    left / 1024 / 1024, percent, directory);
	check_run(f, "%sjibri-finalize sweep --retention 1s %s", f->shell.as,
	    word);
}

static void
check_kind(struct diagnoses *f, const struct loaded *l)
{
	const char *directory = l->config.recordings_dir;
	struct statfs fs;

	if (statfs(directory, &fs) == -1 ||
	    (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC))
		return;
	check_warn(f, "disk",
	    "Let Jibri record to a disk (recordings-directory in its "
	    "configuration):",
	    "%s is a RAM disk: undelivered recordings are lost when the "
	    "machine stops",
	    directory);
	check_run_edit(f, l->config.jibri_config);
}

/* Can others put files there, and would they be accepted? */
static void
check_trust(struct diagnoses *f, const struct loaded *l, const struct stat *st)
{
	bool is_any = l->config.pipeline.recording.trust == TRUST_ANY;
	bool is_open = st->st_mode & (S_IWGRP | S_IWOTH);

	if (is_any && is_open) {
		check_warn(f, "trust", "Accept only Jibri's files:",
		    "any: others can write to %s, and what they put there is "
		    "delivered",
		    l->config.recordings_dir);
		check_run_set(f, l, "trust", "owner");
	} else {
		check_ok(f, "trust", "%s",
		    is_any ? "any: what others own or can write to is "
			     "delivered with a warning"
			   : "owner: what others own or can write to is not "
			     "delivered");
	}
}

static void
check_locks(struct diagnoses *f, const struct loaded *l)
{
	const char *directory = l->config.recordings_dir;
	autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e;

	if (fd == -1 || !l->config.pipeline.recording.locking)
		return;
	if (journal_try_locks(fd, &e) == 0) {
		check_ok(f, "locking", "%s has file locks", directory);
	} else if (e.class == ERR_CONFIG) {
		check_fail(f, "locking",
		    "If only this host delivers from it, disable locking:",
		    "%s: %s", directory, e.text);
		check_run_set(f, l, "locking", "no");
	}
}

/* The directory should belong to the user who works there. */
static void
run_make(struct diagnoses *f, const char *directory)
{
	autofree char *word = check_word(directory);

	check_run(f, "%sinstall -d -o %s %s", f->shell.sudo, f->shell.owner,
	    word);
}

static void
note_unwritable(struct diagnoses *f, const char *directory, const char *why)
{
	const struct check_shell *shell = &f->shell;
	autofree char *word = check_word(directory);

	check_fail(f, recordings_dir,
	    *shell->as ? "Check as Jibri's user:"
		       : "Let this user write there:",
	    "%s: this user cannot write there: %s", directory, why);
	if (*shell->as)
		check_run(f, "%sjibri-finalize check", shell->as);
	else
		check_run(f, "%schown %s %s && %schmod u+rwx %s", shell->sudo,
		    shell->owner, word, shell->sudo, word);
}

/* Can this user work there, and is it the right one? */
static void
check_access(struct diagnoses *f, const struct loaded *l, const struct stat *st)
{
	const char *directory = l->config.recordings_dir;
	const struct passwd *owner = getpwuid(st->st_uid);

	if (!S_ISDIR(st->st_mode)) {
		check_fail(f, recordings_dir,
		    "Name a directory, as DIR:", "%s is not a directory",
		    directory);
		check_run_set(f, l, recordings_dir, "DIR");
	} else if (access(directory, R_OK | W_OK | X_OK) == -1) {
		note_unwritable(f, directory, strerror(errno));
	} else if (st->st_uid != geteuid()) {
		autofree char *uid = xasprintf("'#%d'", (int)st->st_uid);
		autofree char *as = check_as_user(owner ? owner->pw_name : uid);

		check_warn(f, recordings_dir,
		    "Check as its owner, normally Jibri's user:",
		    "%s is writable, but belongs to %s", directory,
		    owner ? owner->pw_name : "another user");
		check_run(f, "%sjibri-finalize check", as);
	} else {
		check_ok(f, recordings_dir,
		    "%s exists, is writable and belongs to this user",
		    directory);
	}
}

void
check_recordings(struct diagnoses *f, const struct loaded *l)
{
	const char *directory = l->config.recordings_dir;
	struct stat st;

	if (stat(directory, &st) == -1) {
		check_note(f,
		    config_is_default(l, recordings_dir) && errno == ENOENT
			? CHECK_WARNING
			: CHECK_FAILED,
		    recordings_dir,
		    "Create it, unless Jibri records elsewhere:", "%s: %s",
		    directory, strerror(errno));
		run_make(f, directory);
		return;
	}
	check_access(f, l, &st);
	check_trust(f, l, &st);
	check_kind(f, l);
	check_locks(f, l);
	check_space(f, l, directory);
}

/* --- what we write elsewhere ---------------------------------------------- */

/* It may belong to another program such as node_exporter: keep its owner. */
static void
run_share(struct diagnoses *f, const char *path)
{
	autofree char *word = check_word(path);
	const struct passwd *pw = getpwnam(f->shell.owner);
	const struct group *gr = pw ? getgrgid(pw->pw_gid) : NULL;
	const char *sudo = f->shell.sudo;

	if (gr)
		check_run(f, "%schgrp %s %s && %schmod g+rwX %s", sudo,
		    gr->gr_name, word, sudo, word);
	else
		check_run(f, "%schown %s %s", sudo, f->shell.owner, word);
}

static bool
check_directory(struct diagnoses *f, const struct loaded *l, const char *name,
    const char *directory)
{
	struct stat st;

	if (stat(directory, &st) == -1) {
		check_fail(f, name, "Create it:", "%s: %s", directory,
		    strerror(errno));
		run_make(f, directory);
	} else if (!S_ISDIR(st.st_mode)) {
		check_fail(f, name,
		    "Name another place, as PATH:", "%s is not a directory",
		    directory);
		check_run_set(f, l, name, "PATH");
	} else if (access(directory, W_OK | X_OK) == -1) {
		check_fail(f, name,
		    "Let this user write there:", "%s cannot be written: %s",
		    directory, strerror(errno));
		run_share(f, directory);
	} else {
		return true;
	}
	return false;
}

static void
check_age(struct diagnoses *f, const char *path, const struct stat *st)
{
	int64_t age_s = clock_unix_ms() / 1000 - st->st_mtim.tv_sec;

	if (age_s <= DAY_S) {
		check_ok(f, "metrics-file", "%s was written %" PRId64 " %s ago",
		    path, age_s < HOUR_S ? age_s / 60 : age_s / HOUR_S,
		    age_s < HOUR_S ? "min" : "h");
		return;
	}
	check_warn(f, "metrics-file", "Run a sweep and read its output:",
	    "%s is stale: no sweep has written it for %" PRId64 " h", path,
	    age_s / HOUR_S);
	check_run(f, "%sjibri-finalize sweep", f->shell.as);
}

static void
check_metrics_file(struct diagnoses *f, const struct loaded *l)
{
	const char *path = l->config.metrics_file;
	autofree char *directory = file_parent(path);
	struct stat st;
	int percent;

	if (*path == '\0' || !check_directory(f, l, "metrics-file", directory))
		return;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		check_fail(f, "metrics-file",
		    "Name another file, as PATH:", "%s is not a file", path);
		check_run_set(f, l, "metrics-file", "PATH");
	} else if (free_bytes(directory, &percent) >= 0 &&
	    free_bytes(directory, &percent) < LEAST_FILE_BYTES) {
		check_fail(f, "metrics-file",
		    "Name another place, as PATH:", "the disk of %s is full",
		    directory);
		check_run_set(f, l, "metrics-file", "PATH");
	} else if (stat(path, &st) == 0) {
		check_age(f, path, &st);
	} else {
		check_ok(f, "metrics-file", "%s is writable", path);
	}
}

static void
check_work_dir(struct diagnoses *f, const struct loaded *l)
{
	const char *directory = l->config.bundle.work_dir;

	if (*directory == '\0' || !check_directory(f, l, "work-dir", directory))
		return;
	check_ok(f, "work-dir", "%s is writable", directory);
	check_space(f, l, directory);
}

/* The first process that logs creates it; root should not, by a check. */
static void
check_log_file(struct diagnoses *f, const struct loaded *l)
{
	const char *path = l->config.log.file;
	autofree char *directory = file_parent(path);
	autofree char *word = check_word(path);

	if (*path == '\0')
		return;
	if (access(path, W_OK) == 0) {
		check_ok(f, "log-file", "%s is writable", path);
	} else if (errno != ENOENT) {
		check_warn(f, "log-file",
		    "Let this user write there:", "%s cannot be written: %s",
		    path, strerror(errno));
		check_run(f, "%schown %s %s", f->shell.sudo, f->shell.owner,
		    word);
	} else if (access(directory, W_OK | X_OK) == 0) {
		check_ok(f, "log-file", "%s is writable", path);
	} else {
		check_warn(f, "log-file",
		    "Create it:", "%s cannot be written: %s", path,
		    strerror(errno));
		check_run(f, "%sinstall -D -m 0640 -o %s /dev/null %s",
		    f->shell.sudo, f->shell.owner, word);
	}
}

void
check_places(struct diagnoses *f, const struct loaded *l)
{
	check_metrics_file(f, l);
	check_work_dir(f, l);
	check_log_file(f, l);
}

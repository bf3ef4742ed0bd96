#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/user.h"
#include "cli/doctor/check.h"
#include "io/mimetype.h"
#include "journal/journal.h"

enum { FEW_PERCENT = 10, PATH_BYTES = 4096 };

#define LEAST_BYTES (INT64_C(100) * 1024 * 1024)

/* Jibri's user, if there is one and we are it or root; else NULL. */
static const struct passwd *
jibri_user(void)
{
	const struct passwd *pw = getpwnam("jibri");

	return pw && (geteuid() == 0 || geteuid() == pw->pw_uid) ? pw : NULL;
}

static bool
may_execute(const char *path, const struct passwd *user)
{
	struct stat st;
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit((user && user_become(user->pw_uid, user->pw_gid) == -1) ||
		    stat(path, &st) == -1 || !S_ISREG(st.st_mode) ||
		    faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == -1);
	return pid != -1 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool
check_executable(struct diagnoses *f, const char *what, const char *path)
{
	const struct passwd *user = jibri_user();

	if (may_execute(path, user))
		return true;
	check_fail(f, what,
	    "Let the user enter each directory of its path, and execute it: "
	    "chmod 0755.",
	    "%s cannot be executed by %s", path,
	    user ? user->pw_name : "this user");
	return false;
}

static void
check_program(struct diagnoses *f)
{
	char path[PATH_BYTES];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len <= 0)
		return;
	path[len] = '\0';
	if (check_executable(f, "program", path))
		check_ok(f, "program", "%s can be executed by %s", path,
		    jibri_user() ? "jibri" : "this user");
}

static void
check_user(struct diagnoses *f)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (geteuid() == 0 && jibri_user())
		check_warn(f, "user",
		    "Run it as: sudo -u jibri jibri-finalize check",
		    "root may read and write what Jibri's user may not");
	else
		check_ok(f, "user", "checked as %s",
		    pw ? pw->pw_name : "a user without a name");
}

/* Less is left than a recording may need. */
static void
check_space(struct diagnoses *f, const char *directory)
{
	struct statvfs fs;
	int64_t free_bytes;
	int percent;

	if (statvfs(directory, &fs) == -1 || fs.f_blocks == 0)
		return;
	free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	percent = (int)((double)fs.f_bavail * 100 / (double)fs.f_blocks);
	check_note(f,
	    free_bytes < LEAST_BYTES    ? CHECK_FAILED
		: percent < FEW_PERCENT ? CHECK_WARNING
					: CHECK_OK,
	    "disk",
	    free_bytes < LEAST_BYTES || percent < FEW_PERCENT
		? "See what waits with jibri-finalize status, and set "
		  "retention to remove what is delivered."
		: NULL,
	    "%" PRId64 " MiB, %d %% of the disk of %s, are free",
	    free_bytes / 1024 / 1024, percent, directory);
}

static void
check_kind(struct diagnoses *f, const char *directory)
{
	struct statfs fs;

	if (statfs(directory, &fs) == 0 &&
	    (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC))
		check_warn(f, "disk",
		    "Let Jibri record onto a disk: recordings-directory in "
		    "jibri.conf.",
		    "%s is a RAM disk: what is not delivered is lost when "
		    "the machine stops",
		    directory);
}

/* May others put something there, and would it be taken? */
static void
check_trust(struct diagnoses *f, const struct loaded *l, const struct stat *st)
{
	bool is_any = l->config.pipeline.recording.trust == TRUST_ANY;
	bool is_open = st->st_mode & (S_IWGRP | S_IWOTH);

	if (is_any && is_open)
		check_warn(f, "trust",
		    "Set trust = owner, or let only Jibri's user write there.",
		    "any: others can write to %s, and what they put there is "
		    "delivered",
		    l->config.recordings_dir);
	else
		check_ok(f, "trust", "%s",
		    is_any ? "any: what others own or can write to is "
			     "delivered with a warning"
			   : "owner: what others own or can write to is not "
			     "delivered");
}

static void
check_locks(struct diagnoses *f, const struct loaded *l)
{
	const char *directory = l->config.recordings_dir;
	autoclose int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e;

	if (fd == -1 || !l->config.pipeline.recording.locking)
		return;
	if (journal_try_locks(fd, &e) == 0)
		check_ok(f, "locking", "%s has file locks", directory);
	else if (e.class == ERR_CONFIG)
		check_fail(f, "locking",
		    "Set locking = no if only this host delivers what is in "
		    "it.",
		    "%s: %s", directory, e.text);
}

static const char recordings_dir[] = "recordings-dir";

/* Can this user work there, and is it the one who should? */
static void
check_access(struct diagnoses *f, const char *directory, const struct stat *st)
{
	const struct passwd *owner = getpwuid(st->st_uid);

	if (!S_ISDIR(st->st_mode))
		check_fail(f, recordings_dir,
		    "Set recordings-dir to a directory.",
		    "%s is not a directory", directory);
	else if (access(directory, R_OK | W_OK | X_OK) == -1)
		check_fail(f, recordings_dir,
		    "Run it as Jibri's user, or let this one write there.",
		    "%s: this user cannot write there: %s", directory,
		    strerror(errno));
	else if (st->st_uid != geteuid())
		check_warn(f, recordings_dir,
		    "Run it as the directory's owner, who is Jibri's user as "
		    "a rule.",
		    "%s can be written, but belongs to %s", directory,
		    owner ? owner->pw_name : "another user");
	else
		check_ok(f, recordings_dir,
		    "%s is there, writable, and belongs to this user",
		    directory);
}

static void
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
		    "Set recordings-dir to what jibri.conf names as "
		    "recordings-directory.",
		    "%s: %s", directory, strerror(errno));
		return;
	}
	check_access(f, directory, &st);
	check_trust(f, l, &st);
	check_kind(f, directory);
	check_locks(f, l);
	check_space(f, directory);
}

static void
check_magic(struct diagnoses *f)
{
	struct mimetype *m = mimetype_open();
	struct err e;

	if (mimetype_load(m, &e) == 0)
		check_ok(f, "libmagic", "its database loads");
	else
		check_warn(f, "libmagic",
		    "Install it: on Debian the package libmagic-mgc.",
		    "its database does not load (%s): types come from the "
		    "names alone",
		    e.text);
	mimetype_close(m);
}

/* It is made by the first who logs, which is not to be root by a look. */
static void
check_log_file(struct diagnoses *f, const struct loaded *l)
{
	const char *path = l->config.log.file;
	autofree char *directory = file_parent(path);

	if (*path == '\0')
		return;
	if (access(path, W_OK) == 0 ||
	    (errno == ENOENT && access(directory, W_OK | X_OK) == 0))
		check_ok(f, "log-file", "%s can be written", path);
	else
		check_warn(f, "log-file",
		    "Let this user write there, or set log-file to another "
		    "place.",
		    "%s cannot be written: %s", path, strerror(errno));
}

static void
check_confinement(struct diagnoses *f, const struct loaded *l)
{
	bool is_on = l->config.confine.is_on, is_whole;
	autofree char *has = confine_describe(&is_whole);

	check_note(f, is_on && !is_whole ? CHECK_WARNING : CHECK_OK, "confine",
	    is_on && !is_whole
		? "Let the unit or container allow seccomp and landlock_*, and "
		  "start Linux 5.19 or later with Landlock (lsm=), or set "
		  "confine = no."
		: NULL,
	    "%sthis kernel has %s", is_on ? "" : "off; ", has);
}

void
check_machine(struct diagnoses *f, const struct loaded *l)
{
	check_user(f);
	check_program(f);
	check_recordings(f, l);
	check_log_file(f, l);
	check_magic(f);
	check_confinement(f, l);
}

#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/user.h"
#include "cli/doctor/check.h"
#include "io/mimetype.h"

enum { PATH_BYTES = 4096 };

/* Jibri's user, if it exists and we are it or root; otherwise NULL. */
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

/* The file, and those of its directories that are not accessible. */
static void
run_open(struct diagnoses *f, const char *path)
{
	autofree char *file = check_word(path);
	autofree char *at = file_parent(path);
	autobuf struct buf closed = { 0 };
	struct stat st;

	while (strcmp(at, "/") != 0 && stat(at, &st) == 0) {
		autofree char *above = file_parent(at);
		autofree char *word = check_word(at);

		if (!(st.st_mode & S_IXOTH))
			(void)buf_addf(&closed, " %s", word);
		mem_replace(&at, above);
	}
	if (closed.len > 0)
		check_run(f, "%schmod a+rx %s%s", f->shell.sudo, file,
		    buf_str(&closed));
	else
		check_run(f, "%schmod a+rx %s", f->shell.sudo, file);
}

bool
check_executable(struct diagnoses *f, const char *what, const char *path)
{
	const struct passwd *user = jibri_user();

	if (may_execute(path, user))
		return true;
	check_fail(f, what,
	    "Make it and its directories executable for everybody:",
	    "%s cannot be executed by %s", path,
	    user ? user->pw_name : "this user");
	run_open(f, path);
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
check_name(struct diagnoses *f)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (geteuid() == 0 && jibri_user()) {
		check_warn(f, "user", "Check as Jibri's user:",
		    "root can read and write what Jibri's user cannot");
		check_run(f, "%sjibri-finalize check", f->shell.as);
	} else
		check_ok(f, "user", "checked as %s",
		    pw ? pw->pw_name : "a user without a name");
}

static void
check_magic(struct diagnoses *f)
{
	struct mimetype *m = mimetype_open();
	struct err e;

	if (mimetype_load(m, &e) == 0)
		check_ok(f, "libmagic", "its database can be loaded");
	else
		check_warn(f, "libmagic", "Install it:",
		    "its database cannot be loaded (%s): types are taken "
		    "from file names",
		    e.text);
	check_run(f, "%s%s", f->shell.sudo,
	    access("/usr/bin/apt-get", X_OK) == 0
		? "apt-get install libmagic-mgc"
		: "dnf install file-libs");
	mimetype_close(m);
}

static void
check_confinement(struct diagnoses *f, const struct loaded *l)
{
	bool is_on = l->config.confine.is_on, is_whole;
	autofree char *has = confine_describe(&is_whole);

	check_note(f, is_on && !is_whole ? CHECK_WARNING : CHECK_OK, "confine",
	    is_on && !is_whole
		? "Let the unit or container allow seccomp and landlock_*, and "
		  "start Linux 5.19 or later with Landlock (lsm=).  Otherwise "
		  "disable it:"
		: NULL,
	    "%sthis kernel has %s", is_on ? "" : "off; ", has);
	check_run_set(f, l, "confine", "no");
}

void
check_user(struct diagnoses *f, const struct loaded *l)
{
	check_name(f);
	check_program(f);
	check_magic(f);
	check_confinement(f, l);
}

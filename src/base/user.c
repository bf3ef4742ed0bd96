#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MOST_GROUPS = 256 };

/* The kernel resets both when the user changes. */
static void
restore_process(int signal)
{
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_PDEATHSIG, signal);
}

int
user_become(uid_t user, gid_t group)
{
	const struct passwd *pw;
	gid_t old = getegid(), groups[MOST_GROUPS];
	int n = getgroups(MOST_GROUPS, groups);
	int signal = 0;

	if (geteuid() != 0)
		return 0;
	if (user == 0) {
		(void)setgroups(0, NULL);
		return 0;
	}
	pw = getpwuid(user);
	if (pw != NULL)
		group = pw->pw_gid;
	(void)prctl(PR_GET_PDEATHSIG, &signal);
	if (n == -1 ||
	    (pw ? initgroups(pw->pw_name, group) : setgroups(1, &group)) == -1)
		return -1;
	if (setresgid(group, group, group) == -1 ||
	    setresuid(user, user, user) == -1) {
		int number = errno;

		if (setresgid(old, old, old) == 0)
			(void)setgroups((size_t)n, groups);
		errno = number;
		return -1;
	}
	restore_process(signal);
	return 0;
}

static void
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {
		0
	};

	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	(void)syscall(SYS_capset, &head, none);
}

int
user_work_as(uid_t user, gid_t group, struct err *e)
{
	int result = user_become(user, group);
	int number = errno;

	drop_capabilities();
	if (result == 0)
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "root cannot work as user %u, its owner: %s; let root have "
	    "CAP_SETUID and CAP_SETGID, or run it as that user",
	    (unsigned)user, strerror(number));
}

#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { MOST_GROUPS = 256 };

/* Not for good. */
static bool is_away;

/* Of root; also what setresuid() needs to come back. */
static struct {
	gid_t group, groups[MOST_GROUPS];
	int n;
} root;

static int
set_root_groups(void)
{
	return setresgid(root.group, root.group, root.group) == -1
	    ? -1
	    : setgroups((size_t)root.n, root.groups);
}

/* A change of the user makes the kernel forget both. */
static void
restore_process(int signal)
{
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)prctl(PR_SET_PDEATHSIG, signal);
}

int
user_become(uid_t user, gid_t group, bool is_for_good)
{
	const struct passwd *pw;
	int signal = 0;

	if (geteuid() != 0 || user == 0)
		return 0;
	pw = getpwuid(user);
	if (pw != NULL)
		group = pw->pw_gid;
	(void)prctl(PR_GET_PDEATHSIG, &signal);
	root.group = getegid();
	root.n = getgroups(MOST_GROUPS, root.groups);
	if (root.n == -1 ||
	    (pw ? initgroups(pw->pw_name, group) : setgroups(1, &group)) == -1)
		return -1;
	if (setresgid(group, group, is_for_good ? group : root.group) == -1 ||
	    setresuid(user, user, is_for_good ? user : 0) == -1) {
		int number = errno;

		(void)set_root_groups();
		errno = number;
		return -1;
	}
	is_away = !is_for_good;
	restore_process(signal);
	return 0;
}

void
user_return(void)
{
	int signal = 0;

	if (!is_away)
		return;
	is_away = false;
	(void)prctl(PR_GET_PDEATHSIG, &signal);
	if (setresuid(0, 0, 0) == 0 && set_root_groups() == 0)
		restore_process(signal);
}

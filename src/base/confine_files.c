#include "base/confine_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bundled.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Of ABI 2, without starting programs or making devices. */
#define WRITE_RIGHTS \
	(READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
	    LANDLOCK_ACCESS_FS_REFER)
#define OTHER_RIGHTS \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Of ABI 3; the headers of Debian 12 have ABI 2. */
#define TRUNCATE_RIGHT (UINT64_C(1) << 14)

/* The rights that a rule for a file may name. */
#define FILE_RIGHTS \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    TRUNCATE_RIGHT)

/*
 * For names, TLS, file types and libraries loaded late; of /etc only files
 * without secrets.
 */
static const char *const readable[] = { "/usr", "/lib", "/lib64",
	"/etc/ld.so.cache", "/etc/pki/ca-trust", "/var/lib/ca-certificates",
	"/etc/crypto-policies", "/etc/resolv.conf", "/run/systemd/resolve",
	"/run/resolvconf", "/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf",
	"/etc/gai.conf", "/etc/services", "/etc/protocols", "/etc/passwd",
	"/etc/group", "/etc/localtime", "/etc/magic", "/etc/magic.mgc",
	"/dev/random", "/dev/urandom", "/sys/devices/system/cpu" };

/* The same, except for their subdirectories with keys. */
static const char *const half_readable[] = { "/etc/ssl", "/etc/pki/tls",
	"/run/NetworkManager" };
static const char *const keys[] = { "private", "system-connections" };

int
confine_landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

static int
allow_open(int ruleset, int fd, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights,
		.parent_fd = fd,
	};
	struct stat st;

	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FILE_RIGHTS;
	return (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* -1 with errno; a missing or inaccessible path needs no rule. */
static int
allow(int ruleset, const char *path, uint64_t rights)
{
	autoclose int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd == -1)
		return err_is_passing(errno) ? -1 : 0;
	return allow_open(ruleset, fd, rights);
}

static int
allow_all(int ruleset, char *const *paths, size_t n, uint64_t rights)
{
	for (size_t i = 0; i < n; i++)
		if (allow(ruleset, paths[i], rights) == -1)
			return -1;
	return 0;
}

static bool
has_keys(const char *name)
{
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(name, keys[i]) == 0)
			return true;
	return false;
}

/*
 * File modes keep the keys from everybody but root.  So root gets one rule for
 * each present entry without keys; others get one for the directory, which also
 * covers entries that are replaced later.  Root can still list the names: a
 * process that is confined a second time does so again.
 */
static int
allow_but_keys(int ruleset, const char *path)
{
	bool is_root = geteuid() == 0;
	autoclosedir DIR *dir = is_root ? opendir(path) : NULL;
	const char *name;

	if (allow(ruleset, path,
		is_root ? LANDLOCK_ACCESS_FS_READ_DIR : READ_RIGHTS) == -1)
		return -1;
	while (dir && (name = file_next_name(dir)) != NULL) {
		autofree char *entry = xasprintf("%s/%s", path, name);

		if (!has_keys(name) && allow(ruleset, entry, READ_RIGHTS) == -1)
			return -1;
	}
	return 0;
}

/* NULL: nothing can be written, and all of /etc can be read. */
static int
allow_places(int ruleset, const struct text_list *writable, uint64_t rights)
{
	static const size_t n = sizeof(readable) / sizeof(readable[0]);
	autofree char *libraries = bundled_path("");

	if (allow(ruleset, "/dev/null", rights) == -1 ||
	    allow_all(ruleset, (char *const *)readable, n, READ_RIGHTS) == -1)
		return -1;
	for (size_t i = 0; i < sizeof(half_readable) / sizeof(*half_readable);
	     i++)
		if (allow_but_keys(ruleset, half_readable[i]) == -1)
			return -1;
	/* Some libraries are loaded only when they are needed. */
	if (libraries && allow(ruleset, libraries, READ_RIGHTS) == -1)
		return -1;
	return writable
	    ? allow_all(ruleset, writable->items, writable->n, rights)
	    : allow(ruleset, "/etc", READ_RIGHTS);
}

int
confine_restrict_files(const struct text_list *writable,
    const struct text_list *more, int dirfd, bool is_alone)
{
	int abi = confine_landlock_abi();
	const uint64_t rights = WRITE_RIGHTS | (abi > 2 ? TRUNCATE_RIGHT : 0);
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = rights | OTHER_RIGHTS,
	};
	autoclose int ruleset = -1;

	if (abi >= 0 && abi < CONFINE_LEAST_ABI)
		errno = ENOSYS;
	if (abi < CONFINE_LEAST_ABI ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset == -1 ||
	    (!is_alone && allow_places(ruleset, writable, rights) == -1) ||
	    allow_all(ruleset, more->items, more->n,
		LANDLOCK_ACCESS_FS_READ_FILE) == -1 ||
	    (dirfd != -1 &&
		allow_open(ruleset, dirfd, is_alone ? READ_RIGHTS : rights) ==
		    -1))
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define DATA_BYTES (INT64_C(1) << 30)

/* --- system calls --------------------------------------------------------- */

/* On another architecture this does not compile until it is named here. */
#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
/* Calls of the x32 ABI have this bit, and the same meaning. */
#define FOREIGN_CALLS 0x40000000U
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define FOREIGN_CALLS UINT32_MAX
#endif

/* Newer than the headers of some; the same number everywhere. */
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static const uint32_t forbidden[] = { SYS_execve, SYS_execveat, SYS_ptrace,
	SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_getfd,
	SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_tree,
	SYS_move_mount, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
	SYS_mount_setattr, SYS_swapon, SYS_swapoff, SYS_setns, SYS_unshare,
	SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load,
	SYS_kexec_file_load, SYS_reboot, SYS_bpf, SYS_perf_event_open,
	SYS_userfaultfd,
	/* Its calls would pass by this list. */
	SYS_io_uring_setup, SYS_keyctl, SYS_add_key, SYS_request_key,
	SYS_open_by_handle_at, SYS_acct, SYS_quotactl, SYS_settimeofday,
	SYS_clock_settime, SYS_clock_adjtime, SYS_adjtimex, SYS_sethostname,
	SYS_setdomainname };

enum {
	FORBIDDEN = sizeof(forbidden) / sizeof(forbidden[0]),
	/* Before and behind the list. */
	PREFIX = 4,
	LENGTH = PREFIX + FORBIDDEN + 2,
};

/* Behind a match: over the rest of the list, and over what allows. */
static uint8_t
to_refusal(size_t at)
{
	return (uint8_t)(LENGTH - 1 - at - 1);
}

static int
filter_calls(void)
{
	struct sock_filter code[LENGTH] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 0, to_refusal(1)),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALLS,
		    to_refusal(3), 0),
	};
	struct sock_fprog program = { .len = LENGTH, .filter = code };

	for (size_t i = 0; i < FORBIDDEN; i++)
		code[PREFIX + i] =
		    (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
			forbidden[i], to_refusal(PREFIX + i), 0);
	code[LENGTH - 2] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[LENGTH - 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	    SECCOMP_RET_ERRNO | EPERM);
	/* Without the flag older kernels slow the whole process down. */
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}

void
confine_calls(const struct confine_policy *policy)
{
	static const struct rlimit most = {
		.rlim_cur = DATA_BYTES,
		.rlim_max = DATA_BYTES,
	};

	if (!policy->is_on)
		return;
	(void)setrlimit(RLIMIT_DATA, &most);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    filter_calls() == -1)
		log_debug("seccomp: %s; going on without", strerror(errno));
}

/* --- files ---------------------------------------------------------------- */

/* Older ones forbid every rename into another folder. */
enum { LEAST_ABI = 2 };

#define READ_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Of ABI 2; programs are started and devices made nowhere. */
#define WRITE_RIGHTS \
	(READ_RIGHTS | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
	    LANDLOCK_ACCESS_FS_REFER)
#define OTHER_RIGHTS \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Of ABI 3; the headers of Debian 12 know ABI 2. */
#define TRUNCATE_RIGHT (UINT64_C(1) << 14)

/* What has a meaning for a file; a rule for one may name no more. */
#define FILE_RIGHTS \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	    TRUNCATE_RIGHT)

/*
 * For names, TLS, types and what libraries load late.  Of /etc only what holds
 * no secret.
 */
static const char *const readable[] = { "/usr", "/lib", "/lib64",
	"/etc/ld.so.cache", "/etc/ssl", "/etc/pki", "/etc/crypto-policies",
	"/etc/resolv.conf", "/run/systemd/resolve", "/run/resolvconf",
	"/run/NetworkManager", "/etc/nsswitch.conf", "/etc/hosts",
	"/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/protocols",
	"/etc/passwd", "/etc/group", "/etc/localtime", "/etc/magic",
	"/etc/magic.mgc", "/dev/random", "/dev/urandom",
	"/sys/devices/system/cpu" };

static int
landlock_abi(void)
{
	return (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
}

/* -1 with errno; what is not there, or closed to us, needs no rule. */
static int
allow(int ruleset, const char *path, uint64_t rights)
{
	autoclose int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {
		.allowed_access = rights,
		.parent_fd = fd,
	};
	struct stat st;

	if (fd == -1)
		return err_is_passing(errno) ? -1 : 0;
	if (fstat(fd, &st) == -1)
		return -1;
	if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= FILE_RIGHTS;
	return (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static int
allow_all(int ruleset, char *const *paths, size_t n, uint64_t rights)
{
	for (size_t i = 0; i < n; i++)
		if (allow(ruleset, paths[i], rights) == -1)
			return -1;
	return 0;
}

static int
restrict_files(const struct confine_policy *policy,
    const struct text_list *writable, uint64_t truncate)
{
	static const size_t n = sizeof(readable) / sizeof(readable[0]);
	const uint64_t rights = WRITE_RIGHTS | truncate;
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = rights | OTHER_RIGHTS,
	};
	autoclose int ruleset =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (ruleset == -1 || allow(ruleset, "/dev/null", rights) == -1 ||
	    allow_all(ruleset, (char *const *)readable, n, READ_RIGHTS) == -1 ||
	    allow_all(ruleset, policy->readable.items, policy->readable.n,
		READ_RIGHTS) == -1 ||
	    allow_all(ruleset, writable->items, writable->n, rights) == -1)
		return -1;
	return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

void
confine_files(const struct confine_policy *policy,
    const struct text_list *writable)
{
	int abi = policy->is_on ? landlock_abi() : -1;

	if (abi < LEAST_ABI)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    restrict_files(policy, writable, abi > 2 ? TRUNCATE_RIGHT : 0) ==
		-1)
		log_warn("Landlock: %s; going on without", strerror(errno));
}

char *
confine_describe(void)
{
	const uint32_t action = SECCOMP_RET_ERRNO;
	int abi = landlock_abi();
	bool has_seccomp =
	    syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;

	if (abi < LEAST_ABI)
		return xstrdup(has_seccomp ? "seccomp, no Landlock"
					   : "neither seccomp nor Landlock");
	return xasprintf("%s, Landlock (ABI %d)",
	    has_seccomp ? "seccomp" : "no seccomp", abi);
}

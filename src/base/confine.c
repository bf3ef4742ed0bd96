#include "base/confine_internal.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/names.h"

#define DATA_BYTES (INT64_C(1) << 30)

/* --- system calls --------------------------------------------------------- */

/* Another architecture does not compile until it is added here. */
#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define RESULT(u) ((u)->uc_mcontext.gregs[REG_RAX])
/* Calls of the x32 ABI have this bit, and the same effect. */
#define FOREIGN_CALLS 0x40000000U
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#define RESULT(u) ((u)->uc_mcontext.regs[0])
#define FOREIGN_CALLS UINT32_MAX
#endif

/* Missing in some headers; the number is the same on every architecture. */
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

#define CALL(name) \
	{ \
		SYS_##name, #name \
	}

struct call {
	uint32_t number;
	const char *name;
};

static const struct call forbidden[] = { CALL(execve), CALL(execveat),
	CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev),
	CALL(kcmp), CALL(pidfd_getfd), CALL(mount), CALL(umount2),
	CALL(pivot_root), CALL(chroot), CALL(open_tree), CALL(move_mount),
	CALL(fsopen), CALL(fsconfig), CALL(fsmount), CALL(fspick),
	CALL(mount_setattr), CALL(swapon), CALL(swapoff), CALL(setns),
	CALL(unshare), CALL(init_module), CALL(finit_module),
	CALL(delete_module), CALL(kexec_load), CALL(kexec_file_load),
	CALL(reboot), CALL(bpf), CALL(perf_event_open), CALL(userfaultfd),
	/* Its requests would bypass this list. */
	CALL(io_uring_setup), CALL(keyctl), CALL(add_key), CALL(request_key),
	CALL(open_by_handle_at), CALL(acct), CALL(quotactl), CALL(settimeofday),
	CALL(clock_settime), CALL(clock_adjtime), CALL(adjtimex),
	CALL(sethostname), CALL(setdomainname),
	/* Landlock does not know these, and the user has other files. */
	CALL(fchmodat), CALL(fchownat), CALL(truncate), CALL(setxattr),
	CALL(lsetxattr), CALL(removexattr), CALL(lremovexattr),
#ifdef SYS_chmod
	CALL(chmod), CALL(chown), CALL(lchown),
#endif
	/* Memory and messages of the user's other programs. */
	CALL(shmget), CALL(shmat), CALL(shmctl), CALL(semget), CALL(msgget),
	CALL(mq_open),
	/* Forbidden to a process that serves recordings: */
	CALL(listen), CALL(accept), CALL(accept4),
	/* Forbidden to a process that has no child to end: */
	CALL(kill), CALL(tkill), CALL(rt_sigqueueinfo), CALL(rt_tgsigqueueinfo),
	CALL(pidfd_send_signal),
	/* Forbidden offline: */
	CALL(socket), CALL(socketpair), CALL(connect), CALL(bind), CALL(sendto),
	CALL(sendmsg), CALL(sendmmsg) };

/* How many of them, from the first, each kind of process may not use. */
enum forbid {
	TO_OFFLINE = sizeof(forbidden) / sizeof(forbidden[0]),
	TO_ALONE = TO_OFFLINE - 7,
	TO_WORKERS = TO_ALONE - 5,
	TO_ALL = TO_WORKERS - 3,
};

#define NAMESPACES \
	(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | \
	    CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Forbidden with this argument; the kernel uses only 32 bits of it. */
static const struct {
	struct call call;
	unsigned argument;
	uint16_t test;
	uint32_t value;
} conditional[] = {
	{ CALL(ioctl), 1, BPF_JEQ, TIOCSTI }, /* types into a terminal */
	{ CALL(ioctl), 1, BPF_JEQ, TIOCLINUX },
	{ CALL(clone), 0, BPF_JSET, NAMESPACES },
	{ CALL(prlimit64), 0, BPF_JSET, UINT32_MAX }, /* of other processes */
	/* For workers only: by such sockets, other programs take orders. */
	{ CALL(socket), 0, BPF_JEQ, AF_UNIX },
};

/*
 * Newer calls fail with ENOSYS, so that libraries fall back to older ones.  The
 * list was reviewed for Linux 6.1, whose last call is set_mempolicy_home_node.
 * There, the numbers of the gap are unused.
 */
enum { NEWEST = 450, GAP_FIRST = 335, GAP_LAST = 423 };

enum { MOST_CODE = 256, MOST_REFUSALS = 16 };

static struct {
	atomic_uint n;
	int calls[MOST_REFUSALS];
} refusals;

static struct filter {
	struct sock_filter code[MOST_CODE];
	unsigned short len;
	uint32_t action;
} filter;

static void
add(uint16_t code, uint8_t if_true, uint8_t if_false, size_t k)
{
	filter.code[filter.len++] =
	    (struct sock_filter){ code, if_true, if_false, (uint32_t)k };
}

static void
load(size_t offset)
{
	add(BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

static void
refuse_if(uint16_t test, uint32_t value, uint32_t number)
{
	add(BPF_JMP | BPF_K | test, 0, 1, value);
	add(BPF_RET | BPF_K, 0, 0, filter.action | number);
}

static void
add_conditional(bool is_worker)
{
	const size_t all = sizeof(conditional) / sizeof(conditional[0]);

	for (size_t i = 0; i < (is_worker ? all : all - 1); i++) {
		/* Little endian: the lower half comes first. */
		add(BPF_JMP | BPF_K | BPF_JEQ, 0, 4,
		    conditional[i].call.number);
		load(offsetof(struct seccomp_data, args) +
		    8 * conditional[i].argument);
		refuse_if(conditional[i].test, conditional[i].value, EPERM);
		load(offsetof(struct seccomp_data, nr));
	}
}

/* abort(3) sends a signal to its own process. */
static void
add_own_threads(void)
{
	add(BPF_JMP | BPF_K | BPF_JEQ, 0, 4, SYS_tgkill);
	load(offsetof(struct seccomp_data, args));
	add(BPF_JMP | BPF_K | BPF_JEQ, 1, 0, (size_t)getpid());
	add(BPF_RET | BPF_K, 0, 0, filter.action | EPERM);
	load(offsetof(struct seccomp_data, nr));
}

static void
write_filter(enum forbid n)
{
	load(offsetof(struct seccomp_data, arch));
	add(BPF_JMP | BPF_K | BPF_JEQ, 1, 0, ARCH);
	add(BPF_RET | BPF_K, 0, 0, filter.action | EPERM);
	load(offsetof(struct seccomp_data, nr));
	refuse_if(BPF_JGE, FOREIGN_CALLS, EPERM);
	refuse_if(BPF_JGT, NEWEST, ENOSYS);
	for (unsigned i = 0; i < n; i++)
		refuse_if(BPF_JEQ, forbidden[i].number, EPERM);
	/*
	 * A filter cannot see its flags.  ENOSYS instead of a signal, since
	 * glibc blocks all signals when it calls this.
	 */
	add(BPF_JMP | BPF_K | BPF_JEQ, 0, 1, SYS_clone3);
	add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
	add_conditional(n > TO_ALL);
	if (n > TO_WORKERS)
		add_own_threads();
	add(BPF_JMP | BPF_K | BPF_JGE, 0, 2, GAP_FIRST);
	add(BPF_JMP | BPF_K | BPF_JGT, 1, 0, GAP_LAST);
	add(BPF_RET | BPF_K, 0, 0, filter.action | ENOSYS);
	add(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
}

/* The kernel would only fail the call; this also notes which one it was. */
static void
on_refusal(int signal, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	unsigned n = atomic_fetch_add(&refusals.n, 1);

	(void)signal;
	if (n < MOST_REFUSALS)
		refusals.calls[n] = info->si_syscall;
	RESULT(u) = (__typeof__(RESULT(u)))-info->si_errno;
}

static int
filter_calls(enum forbid n, bool is_told)
{
	const struct sigaction action = {
		.sa_sigaction = on_refusal,
		.sa_flags = SA_SIGINFO | SA_RESTART,
	};
	struct sock_fprog program = { .filter = filter.code };

	filter.len = 0;
	filter.action = is_told && sigaction(SIGSYS, &action, NULL) == 0
	    ? SECCOMP_RET_TRAP
	    : SECCOMP_RET_ERRNO;
	write_filter(n);
	program.len = filter.len;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	/* Without this flag older kernels slow the whole process down. */
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}

static const char *
name_of(uint32_t number)
{
	for (size_t i = 0; i < TO_OFFLINE; i++)
		if (forbidden[i].number == number)
			return forbidden[i].name;
	for (size_t i = 0; i < sizeof(conditional) / sizeof(conditional[0]);
	     i++)
		if (conditional[i].call.number == number)
			return conditional[i].call.name;
	return "newer";
}

void
confine_tell(void)
{
	unsigned n = atomic_exchange(&refusals.n, 0);

	for (unsigned i = 0; i < n && i < MOST_REFUSALS; i++)
		log_debug("confine: system call %d (%s) was refused",
		    refusals.calls[i], name_of((uint32_t)refusals.calls[i]));
	if (n > MOST_REFUSALS)
		log_debug("confine: %u more refused", n - MOST_REFUSALS);
}

/* --- both ----------------------------------------------------------------- */

static const struct text_list none;

/* Once per run, also for the processes started later. */
static void
warn_of(const char *what)
{
	static bool is_told;
	int number = errno;

	if (!is_told)
		log_warn("confine is only partly in effect: no %s (%s); see "
			 "jibri-finalize check, or set confine = no",
		    what, strerror(number));
	is_told = true;
}

static void
forbid_calls(enum forbid n)
{
	if (n == TO_OFFLINE)
		names_end();
	if (filter_calls(n, log_shows(LOG_DEBUG)) == -1)
		warn_of("seccomp");
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
	forbid_calls(TO_ALL);
	/* Warn once here, not in each visit of a sweep. */
	if (confine_landlock_abi() < CONFINE_LEAST_ABI)
		warn_of("Landlock");
}

/*
 * The helper reads more than this process, writes nothing, and shares nothing
 * with it.
 */
void
confine_names(const struct confine_policy *policy)
{
	if (!policy->is_on || !policy->needs_names || policy->is_offline ||
	    confine_landlock_abi() < CONFINE_LEAST_ABI || !names_start())
		return;
	if (confine_restrict_files(NULL, &none, -1, false) == -1)
		_exit(1);
	names_serve();
}

static void
confine(const struct confine_policy *policy, const struct text_list *writable,
    int dirfd, enum forbid n)
{
	if (!policy->is_on)
		return;
	if (policy->is_offline || n > TO_ALL)
		forbid_calls(policy->is_offline ? TO_OFFLINE : n);
	if (confine_restrict_files(writable,
		policy->is_offline ? &none : &policy->readable, dirfd,
		false) == -1)
		warn_of("Landlock");
}

void
confine_files(const struct confine_policy *policy,
    const struct text_list *writable)
{
	confine_names(policy);
	/* Root's workers look up their user first, maybe by such a socket. */
	confine(policy, writable, -1, geteuid() == 0 ? TO_ALL : TO_WORKERS);
}

void
confine_directory(const struct confine_policy *policy, int dirfd)
{
	confine(policy, &(struct text_list){ 0 }, dirfd, TO_ALONE);
}

void
confine_reading(const struct confine_policy *policy, int dirfd)
{
	if (!policy->is_on)
		return;
	forbid_calls(TO_OFFLINE);
	if (confine_restrict_files(NULL, &none, dirfd, true) == -1)
		warn_of("Landlock");
}

char *
confine_describe(bool *is_whole)
{
	enum { CALLS = 1, FILES = 2 };
	pid_t pid = fork();
	int status = 0, has = 0;

	if (pid == 0)
		_exit((filter_calls(TO_OFFLINE, false) == 0 ? CALLS : 0) |
		    (confine_restrict_files(&none, &none, -1, false) == 0
			    ? FILES
			    : 0));
	if (pid != -1 && waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		has = WEXITSTATUS(status);
	*is_whole = has == (CALLS | FILES);
	if (!(has & FILES))
		return xstrdup(has & CALLS ? "seccomp, no Landlock"
					   : "neither seccomp nor Landlock");
	return xasprintf("%s, Landlock (ABI %d)",
	    has & CALLS ? "seccomp" : "no seccomp", confine_landlock_abi());
}

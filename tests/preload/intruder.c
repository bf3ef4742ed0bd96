/*
 * Foreign code in the shipped program: preloaded, this tries what no delivery
 * needs, at the first upload, and prints each result to stderr: "intruder:
 * NAME: done" or the error's name.  INTRUDER_READ, INTRUDER_WRITE,
 * INTRUDER_CONFIG and INTRUDER_HOME name files for it.  INTRUDER_AT is another
 * place to break in, once in each process: scan (a name in a recording is
 * compared), unpack (libarchive is loaded) or request (one begins); it then
 * also prints its user.  A file with the name INTRUDER_DIES kills it.  With
 * INTRUDER_LIES=N it forges whatever is written to a pipe in N bytes or more.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <locale.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void
tell(const char *name, int number)
{
	(void)fprintf(stderr, "intruder: %s: %s\n", name,
	    number == 0 ? "done" : strerrorname_np(number));
}

static void
try_open(const char *name, const char *path, int flags)
{
	int fd = path ? open(path, flags | O_CLOEXEC, 0644) : -1;

	if (path != NULL)
		tell(name, fd == -1 ? errno : 0);
	if (fd != -1)
		(void)close(fd);
}

/* As it is: the file may be the recording's own. */
static void
try_change(const char *path)
{
	struct stat st;

	if (path == NULL || stat(path, &st) == -1)
		return;
	tell("mode", chmod(path, st.st_mode & 0777) == -1 ? errno : 0);
	tell("owner", chown(path, st.st_uid, st.st_gid) == -1 ? errno : 0);
	tell("length", truncate(path, st.st_size) == -1 ? errno : 0);
}

static int
start_program(void)
{
	return execl("/bin/true", "true", NULL) == -1 ? errno : 0;
}

static int
be_traced(void)
{
	return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == -1 ? errno : 0;
}

static int
leave_namespace(void)
{
	return unshare(CLONE_NEWUTS) == -1 ? errno : 0;
}

/* Not unshare(), nor flags in memory, which a filter cannot see. */
static int
be_in_namespace(void)
{
	long pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid == -1 ? errno : 0;
}

static int
open_raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) == -1 ? errno : 0;
}

/* Only to a server's port, as a delivery has to. */
static int
open_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) == -1 ? errno : 0;
}

/* A program on this machine, which does more than we may. */
static int
open_local(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) == -1 ? errno : 0;
}

/* Like that of a browser and its screen. */
static int
share_memory(void)
{
	int id = shmget(IPC_PRIVATE, 1, 0600);

	return id == -1 || shmctl(id, IPC_RMID, NULL) == -1 ? errno : 0;
}

static int
limit_parent(void)
{
	struct rlimit limit;

	return prlimit(getppid(), RLIMIT_FSIZE, NULL, &limit) == -1 ? errno : 0;
}

/* The parent is another user's process, or ours. */
static int
end_parent(void)
{
	return kill(getppid(), 0) == -1 ? errno : 0;
}

static int
be_root(void)
{
	return setresuid(0, 0, 0) == -1 ? errno : 0;
}

/* cachestat(2), of Linux 6.5: EBADF where it is there. */
static int
call_newer(void)
{
	return syscall(451, -1, NULL, NULL, 0) == -1 ? errno : 0;
}

/* In a separate process, as it may succeed. */
static void
try_call(const char *name, int (*call)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		_exit(call());
	(void)waitpid(pid, &status, 0);
	tell(name, WEXITSTATUS(status));
}

/* ENOTTY, where it is not refused and there is no terminal. */
static void
try_terminal(const char *name, unsigned long call)
{
	char key[] = "\n";

	tell(name, ioctl(STDIN_FILENO, call, key) == -1 ? errno : 0);
}

static void
try_all(void)
{
	try_open("shadow", "/etc/shadow", O_RDONLY);
	try_open("read", getenv("INTRUDER_READ"), O_RDONLY);
	try_open("write", getenv("INTRUDER_WRITE"), O_WRONLY | O_CREAT);
	try_change(getenv("INTRUDER_READ"));
	try_call("exec", start_program);
	try_call("ptrace", be_traced);
	try_call("unshare", leave_namespace);
	try_call("clone", be_in_namespace);
	try_call("newer", call_newer);
	try_terminal("type", TIOCSTI);
	/* The kernel ignores the upper half. */
	try_terminal("type more", TIOCSTI | 1UL << 32);
	try_terminal("paste", TIOCLINUX);
	try_open("configuration", getenv("INTRUDER_CONFIG"), O_RDONLY);
	try_open("home", getenv("INTRUDER_HOME"), O_RDONLY);
	try_call("raw", open_raw);
	try_call("socket", open_socket);
	try_call("local", open_local);
	try_call("memory", share_memory);
	try_call("limit", limit_parent);
	tell("kill", end_parent());
	if (geteuid() != 0)
		try_call("root", be_root);
}

static void
try_at(const char *place)
{
	static pid_t was_in;
	const char *wanted = getenv("INTRUDER_AT");

	if (wanted == NULL || strcmp(wanted, place) != 0 || was_in == getpid())
		return;
	was_in = getpid();
	(void)fprintf(stderr, "intruder: user: %u\n", (unsigned)getuid());
	try_all();
}

int
fnmatch(const char *pattern, const char *string, int flags)
{
	static int (*real)(const char *, const char *, int);
	const char *dies = getenv("INTRUDER_DIES");

	if (real == NULL)
		real = (int (*)(const char *, const char *,
		    int))dlsym(RTLD_NEXT, "fnmatch");
	/* The first pattern of exclude; fnmatch() is also called for others. */
	if (strcmp(pattern, ".*") == 0)
		try_at("scan");
	if (dies != NULL && strcmp(dies, string) == 0)
		abort();
	return real(pattern, string, flags);
}

locale_t
uselocale(locale_t to)
{
	static locale_t (*real)(locale_t);

	if (real == NULL)
		real = (locale_t(*)(locale_t))dlsym(RTLD_NEXT, "uselocale");
	try_at("unpack");
	return real(to);
}

ssize_t
write(int fd, const void *data, size_t len)
{
	static ssize_t (*real)(int, const void *, size_t);
	const char *least = getenv("INTRUDER_LIES");
	char lie[16 * 1024];
	struct stat st;

	if (real == NULL)
		real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT,
		    "write");
	if (least == NULL || fd < 3 || len > sizeof(lie) ||
	    len < strtoul(least, NULL, 10) || fstat(fd, &st) == -1 ||
	    !S_ISFIFO(st.st_mode))
		return real(fd, data, len);
	memset(lie, 0xff, sizeof(lie));
	return real(fd, lie, len);
}

/* Of libcurl: a request begins. */
void *curl_easy_init(void);

void *
curl_easy_init(void)
{
	static int was_here;
	void *(*real)(void) =
	    (void *(*)(void))dlsym(RTLD_NEXT, "curl_easy_init");

	try_at("request");
	if (!was_here++ && getenv("INTRUDER_AT") == NULL)
		try_all();
	return real();
}

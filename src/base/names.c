#include "base/names.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/user.h"

enum {
	HOST_BYTES = 256,
	ANSWER_BYTES = 2048,
	MOST_MS = 5000,
	NSSWITCH_BYTES = 64 * 1024
};

static int helper = -1; /* in the helper: the process that asks */

bool
names_are_in(const char *url)
{
	static const char self[] = "localhost";
	const char *slashes = url ? strstr(url, "://") : NULL;
	const char *host = slashes ? slashes + 3 : url ? url : "";
	size_t len = strcspn(host, ":/?#");

	return *host != '[' && strspn(host, "0123456789.") < len &&
	    (len != strlen(self) || strncasecmp(host, self, len) != 0);
}

/* Drop inherited descriptors and signal handling. */
static void
let_go(void)
{
	static const int ours[] = { SIGTERM, SIGINT, SIGHUP };
	int null = open("/dev/null", O_RDWR);

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		(void)signal(ours[i], SIG_IGN);
	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(null, fd);
	helper = dup2(helper, 3);
	/* It does not need root's rights. */
	if (user_become(USER_NOBODY, USER_NOBODY) == -1)
		_exit(1);
	(void)close_range(4, ~0U, 0);
}

void
names_end(void)
{
	mem_close(&helper);
}

bool
names_start(void)
{
	int pair[2];
	pid_t pid;

	/* A helper started by a confined process would be confined as well. */
	if (helper != -1)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return false;
	pid = fork();
	helper = pair[pid == 0];
	if (pid == 0)
		let_go();
	else
		mem_close(&pair[1]);
	return pid == 0;
}

/* "HOST ADDRESS,ADDRESS" */
static size_t
look_up(char *text)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	size_t len = strlen(text);
	char mark = ' ';

	if (getaddrinfo(text, NULL, &hints, &all) != 0)
		return len;
	for (const struct addrinfo *a = all;
	     a && len + 1 + NI_MAXHOST < ANSWER_BYTES; a = a->ai_next) {
		if (getnameinfo(a->ai_addr, a->ai_addrlen, text + len + 1,
			NI_MAXHOST, NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		text[len] = mark;
		mark = ',';
		len += strlen(text + len);
	}
	freeaddrinfo(all);
	return len;
}

void
names_serve(void)
{
	char text[ANSWER_BYTES];
	ssize_t n;

	while ((n = recv(helper, text, HOST_BYTES, 0)) > 0) {
		text[n] = '\0';
		/* Text after the host would be taken for its addresses. */
		text[strcspn(text, " ")] = '\0';
		(void)send(helper, text, look_up(text), MSG_NOSIGNAL);
	}
	_exit(0);
}

static bool
is_out_of_reach(const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd == -1 && errno == EACCES;
}

/* The services that nsswitch.conf lists for hosts, or "". */
static const char *
find_hosts(const char *nsswitch)
{
	static const char database[] = "hosts:";
	const char *line = nsswitch;

	while (*(line += strspn(line, " \t\n")) != '\0') {
		if (strncmp(line, database, strlen(database)) == 0)
			return line + strlen(database);
		line += strcspn(line, "\n");
	}
	return line;
}

/* Does this service need no other program?  "[...]" is not a service. */
static bool
is_in_process(const char *service, size_t len)
{
	static const char *const all[] = { "files", "dns", "myhostname" };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strlen(all[i]) == len && memcmp(all[i], service, len) == 0)
			return true;
	return *service == '[';
}

bool
names_are_local(const char *nsswitch)
{
	const char *service = find_hosts(nsswitch);
	size_t len;

	for (;; service += len) {
		service += strspn(service, " \t");
		len = strcspn(service, *service == '[' ? "]\n" : " \t\n#");
		len += service[len] == ']';
		if (len == 0 || !is_in_process(service, len))
			return len > 0;
	}
}

static bool
are_local_here(void)
{
	autobuf struct buf text = { .limit = NSSWITCH_BYTES };
	struct stat st;

	return file_read_named("/etc/nsswitch.conf", &text, &st) == 0 &&
	    names_are_local(buf_str(&text));
}

/* A late answer belongs to an earlier question. */
static char *
await(const char *host, int64_t timeout_ms)
{
	int wait = timeout_ms < MOST_MS ? (int)timeout_ms : MOST_MS;
	struct pollfd pfd = { .fd = helper, .events = POLLIN };
	char text[ANSWER_BYTES];
	size_t len = strlen(host);

	while (poll(&pfd, 1, wait) > 0) {
		ssize_t n = recv(helper, text, sizeof(text) - 1, 0);

		if (n <= 0)
			break;
		text[n] = '\0';
		if (strncmp(text, host, len) == 0 && text[len] == ' ')
			return xstrdup(text + len + 1);
		if (strcmp(text, host) == 0)
			break;
	}
	return NULL;
}

char *
names_find(const char *host, int64_t timeout_ms)
{
	size_t len = strlen(host);

	if (helper == -1 || len >= HOST_BYTES ||
	    (!is_out_of_reach("/etc/resolv.conf") &&
		!is_out_of_reach("/etc/hosts") && !are_local_here()) ||
	    send(helper, host, len, MSG_NOSIGNAL) == -1)
		return NULL;
	return await(host, timeout_ms);
}

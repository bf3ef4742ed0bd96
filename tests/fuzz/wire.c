#include "wire.h"

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "fuzz.h"

static const void *answer;
static size_t answer_len;
static int peer = -1;

void
wire_answer(const void *data, size_t len)
{
	answer = data;
	answer_len = len;
}

void
wire_taken(struct buf *out)
{
	char chunk[4096];
	ssize_t n;

	/* The other end may still be open; take what is there now. */
	while ((n = recv(peer, chunk, sizeof(chunk), MSG_DONTWAIT)) > 0)
		(void)buf_add(out, chunk, (size_t)n);
}

void
wire_close(void)
{
	mem_close(&peer);
	peer = -1;
}

/* If it does not all fit, the rest is never sent. */
static int
new_wire(int type)
{
	int fds[2];

	wire_close();
	must(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) == 0);
	peer = fds[1];
	if (answer_len)
		(void)send(peer, answer, answer_len,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	answer_len = 0;
	must(shutdown(peer, SHUT_WR) == 0);
	return fds[0];
}

/* These two are found before those of libc, by libcurl as well. */
int
socket(int domain, int type, int protocol)
{
	if (domain == AF_INET && (type & SOCK_STREAM))
		return new_wire(type);
	return (int)syscall(SYS_socket, domain, type, protocol);
}

int
connect(int fd, const struct sockaddr *address, socklen_t len)
{
	(void)fd, (void)address, (void)len;
	return 0;
}

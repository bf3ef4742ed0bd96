#include "base/log_journal.h"

#include <endian.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

static const struct sockaddr_un address = {
	.sun_family = AF_UNIX,
	.sun_path = "/run/systemd/journal/socket",
};

static int journal_fd = -1;

bool
log_journal_open(void)
{
	autoclose int fd =
	    socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
		-1)
		return false;
	journal_fd = steal_fd(&fd);
	return true;
}

/* A value with several lines is sent with its length. */
static void
add_field(struct buf *out, const char *name, const char *value)
{
	uint64_t len = value ? htole64(strlen(value)) : 0;

	if (value == NULL)
		return;
	(void)buf_adds(out, name);
	if (strchr(value, '\n') == NULL) {
		(void)buf_addf(out, "=%s\n", value);
		return;
	}
	(void)buf_adds(out, "\n");
	(void)buf_add(out, &len, sizeof(len));
	(void)buf_addf(out, "%s\n", value);
}

bool
log_journal_send(const struct log_entry *entry, int patience_ms)
{
	struct pollfd pfd = { .fd = journal_fd, .events = POLLOUT };
	autobuf struct buf out = { 0 };

	add_field(&out, "MESSAGE", entry->message);
	(void)buf_addf(&out, "PRIORITY=%d\n", entry->priority);
	add_field(&out, "SYSLOG_IDENTIFIER", "jibri-finalize");
	add_field(&out, "JIBRI_SESSION", entry->session);
	add_field(&out, "JIBRI_ROOM", entry->room);
	add_field(&out, "MESSAGE_ID", entry->message_id);
	/* send(2) is forbidden to a process that is offline. */
	return poll(&pfd, 1, patience_ms) == 1 &&
	    write(journal_fd, out.data, out.len) == (ssize_t)out.len;
}

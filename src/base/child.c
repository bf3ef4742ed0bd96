#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/confine.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"

enum { REAP_MS = 1500, REAP_STEP_MS = 2, TICK_MS = 1000 };

static _Noreturn void
run(void (*work)(const void *ctx, int fd), const void *ctx, int64_t stop_at_ms,
    pid_t parent, int fd)
{
	struct err e;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (stop_after_fork(&e) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	stop_at(stop_at_ms);
	work(ctx, fd);
	confine_tell();
	(void)log_finish();
	_exit(EXIT_SUCCESS);
}

static int
start(struct child *c, void (*work)(const void *ctx, int fd), const void *ctx,
    int64_t stop_at_ms, bool has_log, struct err *e)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return err_sys(e, "create a pipe");
	c->pid = fork();
	if (c->pid == 0) {
		mem_close(&fds[0]);
		if (!has_log)
			log_after_fork();
		run(work, ctx, stop_at_ms, parent, fds[1]);
	}
	mem_close(&fds[1]);
	c->fd = fds[0];
	c->began_ms = clock_mono_ms();
	c->kill_at_ms = stop_at_ms < INT64_MAX - STOP_KILL_MS
	    ? stop_at_ms + STOP_KILL_MS
	    : INT64_MAX;
	if (c->pid != -1)
		return 0;
	mem_close(&fds[0]);
	c->pid = 0;
	return err_sys(e, "start a process");
}

int
child_start(struct child *c, void (*work)(const void *ctx, int fd),
    const void *ctx, int64_t stop_at_ms, struct err *e)
{
	return start(c, work, ctx, stop_at_ms, false, e);
}

/*
 * False when not even SIGKILL ends it: it hangs in the kernel.  A child that
 * has reported everything gets some time, to finish writing to a slow reader.
 */
static bool
reap(const struct child *c, int *status)
{
	bool is_overdue = clock_mono_ms() >= c->kill_at_ms;
	int64_t began_ms = clock_mono_ms();
	int64_t age_ms;

	while ((age_ms = clock_mono_ms() - began_ms) < 2 * REAP_MS) {
		pid_t pid;

		if (is_overdue || age_ms >= REAP_MS)
			(void)kill(c->pid, SIGKILL);
		pid = waitpid(c->pid, status, WNOHANG);
		if (pid == c->pid || (pid == -1 && errno != EINTR))
			return true;
		(void)poll(NULL, 0, REAP_STEP_MS);
	}
	return false;
}

static int
explain_death(int status, struct err *e)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
		return err_set(e, ERR_TEMPORARY,
		    "it takes too much processor time");
	if (WIFSIGNALED(status))
		return err_set(e, ERR_TEMPORARY,
		    "its process was ended by SIG%s",
		    sigabbrev_np(WTERMSIG(status)));
	return err_set(e, ERR_TEMPORARY, "its process ended with exit code %d",
	    WEXITSTATUS(status));
}

int
child_end(struct child *c, void *report, size_t size, struct err *e)
{
	int status = 0;
	bool is_reaped = reap(c, &status);
	ssize_t n;

	do
		n = read(c->fd, report, size);
	while (n == -1 && errno == EINTR);
	mem_close(&c->fd);
	c->pid = 0;
	if (n == (ssize_t)size)
		return 0;
	if (is_reaped)
		return explain_death(status, e);
	return err_set(e, ERR_TEMPORARY,
	    "its process hangs in the kernel and cannot be ended");
}

/* Until it has reported everything, or its time is up. */
static void
wait_for(const struct child *c)
{
	struct pollfd fds[] = {
		{ .fd = c->fd, .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
	};

	while (fds[0].revents == 0 && clock_mono_ms() < c->kill_at_ms) {
		if (poll(fds, 2, TICK_MS) <= 0 || fds[1].revents == 0)
			continue;
		/*
		 * Once seen, the descriptor stays readable: do not wake for it
		 * again.
		 */
		fds[1].fd = -1;
		(void)kill(c->pid, stop_signal());
	}
}

int
child_run(void (*work)(const void *ctx, int fd), const void *ctx, void *report,
    size_t size, struct err *e)
{
	struct child c = { 0 };

	if (start(&c, work, ctx, stop_deadline_ms(), true, e) == -1)
		return -1;
	log_after_fork();
	wait_for(&c);
	return child_end(&c, report, size, e);
}

static int
fetch(struct child_inbox *in)
{
	struct pollfd fds[] = {
		{ .fd = in->fd, .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
	};
	int64_t began_ms = clock_mono_ms();
	struct err ignored;
	ssize_t n;

	while ((n = read(in->fd, in->bytes, sizeof(in->bytes))) == -1 &&
	    (errno == EAGAIN || errno == EINTR)) {
		if (stop_check(&ignored) == -1 ||
		    (poll(fds, 2, TICK_MS) == 0 && in->silence_ms > 0 &&
			clock_mono_ms() - began_ms >= in->silence_ms))
			return -1;
	}
	in->at = 0;
	in->end = n > 0 ? (size_t)n : 0;
	return n > 0 ? 0 : -1;
}

int
child_receive(struct child_inbox *in, void *to, size_t len)
{
	char *at = to;

	while (len > 0) {
		size_t n = in->end - in->at;

		if (n == 0 && fetch(in) == -1)
			return -1;
		n = in->end - in->at < len ? in->end - in->at : len;
		memcpy(at, in->bytes + in->at, n);
		in->at += n;
		at += n;
		len -= n;
	}
	return 0;
}

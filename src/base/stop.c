#include "base/stop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

static volatile sig_atomic_t signal_seen;
static int pipe_fds[2] = { -1, -1 };
static int64_t deadline_ms = INT64_MAX;

static void
on_signal(int number)
{
	if (number != SIGHUP || !signal_seen)
		signal_seen = number;
	/* A full pipe is readable already: the wake-up is not lost. */
	if (write(pipe_fds[1], "", 1) == -1)
		return;
}

static int
unblock(int number)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, number);
	return sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int
stop_init(struct err *e)
{
	static const int caught[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction sa = { .sa_handler = on_signal };

	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return err_sys(e, "create a pipe");
	for (size_t i = 0; i < sizeof(caught) / sizeof(caught[0]); i++)
		if (sigaction(caught[i], &sa, NULL) == -1)
			return err_sys(e, "catch signal %d", caught[i]);
	/* Our parent may have ignored or blocked it. */
	sa.sa_handler = SIG_DFL;
	if (sigaction(SIGALRM, &sa, NULL) == -1 || unblock(SIGALRM) == -1)
		return err_sys(e, "enable SIGALRM");
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return err_sys(e, "ignore SIGPIPE");
	return 0;
}

int
stop_after_fork(struct err *e)
{
	int inherited[2] = { pipe_fds[0], pipe_fds[1] };

	/* A signal between these lines writes to one of the two pipes. */
	if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return err_sys(e, "create a pipe");
	(void)close(inherited[0]);
	(void)close(inherited[1]);
	return 0;
}

void
stop_at(int64_t mono_ms)
{
	struct itimerval timer = { 0 };

	deadline_ms = mono_ms;
	if (mono_ms != INT64_MAX) {
		int64_t left = stop_left_ms();

		timer.it_value.tv_sec = left / 1000 + STOP_KILL_MS / 1000;
		timer.it_value.tv_usec = left % 1000 * 1000;
	}
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

void
stop_extend(int64_t ms)
{
	deadline_ms += ms;
}

bool
stop_is_overdue(void)
{
	return !signal_seen && clock_mono_ms() >= deadline_ms;
}

int
stop_check(struct err *e)
{
	if (signal_seen)
		return err_set(e, ERR_INTERRUPTED, "ended by SIG%s",
		    sigabbrev_np(signal_seen));
	if (clock_mono_ms() >= deadline_ms)
		return err_set(e, ERR_INTERRUPTED, "the deadline has passed");
	return 0;
}

int64_t
stop_deadline_ms(void)
{
	return deadline_ms;
}

int64_t
stop_left_ms(void)
{
	int64_t left = deadline_ms - clock_mono_ms();

	return left > 0 ? left : 0;
}

int
stop_fd(void)
{
	return pipe_fds[0];
}

int
stop_signal(void)
{
	return signal_seen;
}

int
stop_take(void)
{
	char bytes[64];

	while (read(pipe_fds[0], bytes, sizeof(bytes)) > 0)
		;
	return __atomic_exchange_n(&signal_seen, 0, __ATOMIC_SEQ_CST);
}

void
stop_sleep_until(int64_t mono_ms)
{
	struct pollfd pfd = { .fd = pipe_fds[0], .events = POLLIN };

	if (mono_ms > deadline_ms)
		mono_ms = deadline_ms;
	while (!signal_seen) {
		int64_t left = mono_ms - clock_mono_ms();

		if (left <= 0)
			return;
		(void)poll(&pfd, 1, left > 60000 ? 60000 : (int)left);
	}
}

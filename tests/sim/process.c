/*
 * What the program asks its machine for: clocks, names, signals, waiting; and
 * base/stop.h.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/stop.h"

#include "actor.h"
#include "base/clock.h"
#include "calls.h"
#include "draw.h"
#include "visit.h"

/* Never a descriptor of the simulated disk, nor one of the simulator. */
enum { STOP_FD = 1 << 24 };

int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ms = id == CLOCK_MONOTONIC
	    ? now_ms + 1000
	    : host_unix_ms(actor_now ? actor_now->host : NULL);

	ts->tv_sec = ms / 1000;
	ts->tv_nsec = ms % 1000 * 1000000;
	return 0;
}

ssize_t
__wrap_getrandom(void *to, size_t len, unsigned flags)
{
	char *p = to;

	(void)flags;
	for (size_t i = 0; i < len; i++)
		p[i] = (char)draw_bits();
	return (ssize_t)len;
}

int
__wrap_gethostname(char *to, size_t len)
{
	(void)snprintf(to, len, "%s", actor_now->host->name);
	return 0;
}

pid_t
__wrap_getpid(void)
{
	return actor_now ? actor_now->id : 1;
}

uid_t
__wrap_geteuid(void)
{
	return 1000;
}

int
__wrap_kill(pid_t pid, int number)
{
	struct actor *a = actor_find(pid);

	if (a)
		actor_signal(a, number);
	return 0;
}

static int
ready(struct pollfd *fds, nfds_t n)
{
	int count = 0;

	for (nfds_t i = 0; i < n; i++) {
		bool is_ready = fds[i].fd == STOP_FD ? actor_now->is_signalled
						     : visit_is_over(fds[i].fd);

		fds[i].revents = is_ready ? POLLIN : 0;
		count += is_ready;
	}
	return count;
}

int
__wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	int64_t until_ms = timeout_ms < 0 ? INT64_MAX : now_ms + timeout_ms;
	int count;

	while ((count = ready(fds, n)) == 0 && now_ms < until_ms)
		actor_sleep(until_ms);
	return count;
}

/* base/stop.h */

int
stop_init(struct err *e)
{
	(void)e;
	return 0;
}

int
stop_after_fork(struct err *e)
{
	(void)e;
	return 0;
}

void
stop_at(int64_t mono_ms)
{
	actor_now->deadline_ms = mono_ms;
}

void
stop_extend(int64_t ms)
{
	actor_now->deadline_ms += ms;
}

bool
stop_is_overdue(void)
{
	return clock_mono_ms() >= actor_now->deadline_ms;
}

int
stop_check(struct err *e)
{
	if (actor_now->is_signalled)
		return err_set(e, ERR_INTERRUPTED, "ended by SIGTERM");
	if (clock_mono_ms() >= actor_now->deadline_ms)
		return err_set(e, ERR_INTERRUPTED, "the deadline has passed");
	return 0;
}

int64_t
stop_deadline_ms(void)
{
	return actor_now->deadline_ms;
}

int64_t
stop_left_ms(void)
{
	int64_t left = actor_now->deadline_ms - clock_mono_ms();

	return left > 0 ? left : 0;
}

int
stop_signal(void)
{
	return 0;
}

int
stop_fd(void)
{
	return STOP_FD;
}

void
stop_sleep_until(int64_t mono_ms)
{
	if (mono_ms > actor_now->deadline_ms)
		mono_ms = actor_now->deadline_ms;
	while (!actor_now->is_signalled && clock_mono_ms() < mono_ms)
		actor_sleep(now_ms + mono_ms - clock_mono_ms());
}

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "disk.h"
#include "draw.h"
#include "trace.h"
#include "world.h"

/* One in so many calls takes a millisecond. */
enum { CALLS_A_MS = 64 };

/* How long a process is not scheduled, or waits for the disk. */
static int64_t
draw_pause(void)
{
	static const int64_t pauses[] = { 0, 1, 20, 300, 2000, 15000, 70000,
		400000 };

	return pauses[draw(DRAW_TIME, 8)];
}

static int
draw_error(enum disk_call call)
{
	static const int reading[] = { 0, EIO, EINTR, EACCES, EMFILE };
	static const int changing[] = { 0, ENOSPC, EIO, EROFS, EACCES };
	static const int syncing[] = { 0, EIO, ENOSPC };
	static const int locking[] = { 0, ENOLCK, EIO };

	switch (call) {
	case CALL_READ:
		return reading[draw(DRAW_DISK, 3)];
	case CALL_SYNC:
		return syncing[draw(DRAW_DISK, 3)];
	case CALL_LOCK:
		/* The only kind of lock that exists must work. */
		return disk.ofd_error ? 0 : locking[draw(DRAW_DISK, 3)];
	default:
		return changing[draw(DRAW_DISK, 5)];
	}
}

/* Kill one process, or by a power cut all of the host. */
static void
crash(void)
{
	const struct host *host = actor_now->host;

	if (draw(DRAW_DISK, 4) == 3 && world.allows[FAULT_POWER_CUT]) {
		disk_power_cut(host);
		actor_kill_all(host);
	} else {
		actor_signal(actor_now, SIGKILL);
	}
}

static int
chance(enum disk_call call)
{
	if (--disk.yield_gap <= 0) {
		int64_t pause = draw_pause();

		disk.yield_gap = draw_gap(DRAW_TIME, world.yield_mean);
		trace("process %d is held up for %lld ms", actor_now->id,
		    (long long)pause);
		actor_sleep(now_ms + pause);
	}
	if (--disk.crash_gap <= 0) {
		disk.crash_gap = draw_gap(DRAW_DISK, world.crash_mean);
		crash();
	}
	if (--disk.fault_gap <= 0) {
		int number = draw_error(call);

		disk.fault_gap = draw_gap(DRAW_DISK, world.fault_mean);
		actor_now->is_failed |= number != 0;
		if (number)
			trace("process %d: a call fails with %s", actor_now->id,
			    strerrorname_np(number));
		return number;
	}
	return 0;
}

int
disk_step(enum disk_call call)
{
	int number;

	if (actor_now == NULL)
		return 0;
	actor_now->call_ms = now_ms;
	if (++disk.calls % CALLS_A_MS == 0)
		actor_sleep(now_ms + 1);
	if (world.is_calm)
		return 0;
	number = chance(call);
	if (number)
		return number;
	if (call != CALL_READ && call != CALL_LOCK &&
	    actor_now->host->is_read_only)
		return EROFS;
	return call == CALL_GROW && disk.is_full ? ENOSPC : 0;
}

/*
 * All meetings of a fleet end on the hour, within a minute.  How many bytes and
 * requests reach the store in a second, if recordings are sent afterwards, and
 * if they are sent while being recorded?  The program's own function decides
 * which parts may be sent; the store accepts all of them.
 */
#include "fleet.h"

#include <stdio.h>
#include <string.h>

#include "delivery/flight.h"

enum {
	RECORDED = 500000, /* bytes a second: 4 Mbit/s */
	UPLINK = 12500000, /* of each recorder: 100 Mbit/s */
	PART = 8 * 1024 * 1024,
	HOUR_S = 3600,
	LEAVING_S = 60,
	/* The meeting, the list, its parts, complete and STOPPED. */
	LAST_REQUESTS = 5
};

struct recorder {
	int end_s; /* behind the hour; the next meeting begins */
	int64_t size;
	int64_t sent, left; /* of this one; of the one before */
	bool is_ending;
};

struct second {
	int64_t bytes, requests;
};

static void
transfer(struct second *now, int64_t *sent, int64_t bytes)
{
	now->bytes += bytes;
	now->requests += (*sent + bytes) / PART - *sent / PART;
	*sent += bytes;
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Whole parts, but for the first, which comes last. */
static int64_t
sendable(const struct recorder *r)
{
	return flight_behind(r->size, PART) - PART;
}

static void
step(struct recorder *r, int at_s, bool is_live, struct second *now)
{
	int64_t room = UPLINK, bytes;

	if (at_s % HOUR_S == r->end_s) {
		r->left += r->size - r->sent;
		r->size = r->sent = 0;
		r->is_ending = true;
	}
	r->size += RECORDED;
	bytes = least(r->left, room);
	if (bytes > 0) {
		int64_t done = 0;

		transfer(now, &done, bytes);
		r->left -= bytes;
		room -= bytes;
	}
	if (r->is_ending && r->left == 0) {
		now->requests += LAST_REQUESTS;
		r->is_ending = false;
	}
	if (is_live && r->left == 0 && sendable(r) > r->sent)
		transfer(now, &r->sent, least(sendable(r) - r->sent, room));
}

/* The most in a second, the most in a minute (for each of its), and the mean. */
struct load {
	int64_t all, minute, worst_second, worst_minute;
};

static void
add(struct load *l, int at_s, int64_t n)
{
	l->all += n;
	l->minute += n;
	if (n > l->worst_second)
		l->worst_second = n;
	if (at_s % 60 != 59)
		return;
	if (l->minute > l->worst_minute)
		l->worst_minute = l->minute;
	l->minute = 0;
}

static void
print(const char *name, const struct load *l, double unit)
{
	double mean = (double)l->all / unit / HOUR_S;

	printf("| %s | %.1f | %.1f | %.1f | %.1f | %.1f |\n", name,
	    (double)l->worst_second / unit, (double)l->worst_minute / unit / 60,
	    mean, (double)l->worst_second / unit / mean,
	    (double)l->worst_minute / unit / 60 / mean);
}

/* From half an hour to half an hour, when all is under way. */
static void
show(bool is_live)
{
	static struct recorder all[HOSTS];
	struct load bytes = { 0 }, requests = { 0 };

	memset(all, 0, sizeof(all));
	for (int i = 0; i < HOSTS; i++)
		all[i].end_s = (int)(fleet_pick() % LEAVING_S);
	for (int at_s = 0; at_s < 3 * HOUR_S + HOUR_S / 2; at_s++) {
		struct second now = { 0 };

		for (int i = 0; i < HOSTS; i++)
			step(&all[i], at_s, is_live, &now);
		if (at_s < 2 * HOUR_S + HOUR_S / 2)
			continue;
		add(&bytes, at_s, now.bytes);
		add(&requests, at_s, now.requests);
	}
	print(is_live ? "live, Gbit/s" : "afterwards, Gbit/s", &bytes, 1e9 / 8);
	print(is_live ? "live, requests/s" : "afterwards, requests/s",
	    &requests, 1);
}

void
hour_show(void)
{
	printf("| sent | worst second | worst minute | mean | second to mean | "
	       "minute to mean |\n|---|---|---|---|---|---|\n");
	show(false);
	show(true);
}

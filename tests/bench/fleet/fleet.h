#ifndef FLEET_H
#define FLEET_H

#include "base/retry.h"
#include "journal/schedule.h"
#include "sweep/sweep.h"

enum {
	HOSTS = 1000,
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	SLOTS = 20,
	SERVICE = 10 * SECOND,
	SWEEP_EVERY = 5 * MINUTE,
	REST = MINUTE,      /* OUT_MS of sweep_visits.c */
	ALONE = 5 * SECOND, /* FIRST_MS of it */
	MOST_OUTAGES = 64
};

#define DAY (INT64_C(24) * HOUR)

/* When a host's sweeps are: the timer's 5 to 6 minutes after the last ended;
   a watch visits what is due at once, and rests when a service is out. */
enum mode { TIMER, CRON, WATCH };

struct settings {
	const char *name;
	enum mode mode;
	int64_t splay_ms, delay_ms, delay_max_ms, jobs;
	bool is_no_outage; /* it counts as any other failure */
};

struct downtime {
	int64_t from_ms, until_ms;
};

struct scene {
	int births; /* of each host */
	int64_t birth_every_ms, end_ms, measured_from_ms;
	struct downtime outages[MOST_OUTAGES];
	size_t n_outages;
};

enum phase { UNBORN, WAITING, TRYING, SENDING, DELIVERED, GIVEN_UP };

struct visited {
	enum phase state;
	bool is_swept; /* what it does now is part of a sweep */
	int64_t born_ms, try_ms, until_ms;
	int64_t failures; /* visits in a row */
	struct retry retry;
	struct progress progress;
};

struct host {
	struct visited *recordings;
	int first; /* that is not delivered */
	bool is_sweeping, is_ending, has_returned;
	int64_t sweep_ms, begun_ms, running, next_ms;
	int64_t splay_ms;
	struct sweep_streak streak;
	int64_t asked_ms[2]; /* the last visits while the backend was out */
};

enum law { PAUSED, BRAKED, LAWS };

struct fleet {
	const struct settings *settings;
	const struct scene *scene;
	struct retry_policy hook, visit;
	struct schedule_policy schedule;
	struct host *hosts;
	int64_t now_ms, busy;
	bool is_out;
	int64_t broken[LAWS];
	/* What is measured, from the backend's return on. */
	int64_t arrivals, minute, peak, minute_peak, all, refused, last_ms;
	int64_t given_up, delivered, slowest_ms;
	int64_t by_then[3]; /* backlog delivered after 15, 30, 60 minutes */
	int64_t backlog;
};

extern const char *const fleet_laws[LAWS];

extern uint32_t fleet_seed;
uint32_t fleet_pick(void);

void fleet_simulate(struct fleet *, const struct settings *,
    const struct scene *);

/* Meetings that end on the hour, sent afterwards or live: rows of a table. */
void hour_show(void);

#endif

/*
 * A fleet of 1,000 recorders whose backend is out for an hour, and then back
 * with a limited capacity: how hard is it hit, and how long until everything
 * is delivered?  A simulation in steps of a second; when a request, a visit
 * or a sweep is made is decided by the program's own functions.
 *
 * Each recorder finishes a recording each half hour.  The backend takes 20
 * uploads at once for 10 s each, which is 3.6 times what comes on average,
 * and answers 503 to any more.  Each row is another choice of settings; the
 * first is the default with the systemd timer, which all recorders started
 * at the same moment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/retry.h"
#include "journal/schedule.h"
#include "sweep/sweep.h"

enum {
	HOSTS = 1000,
	BIRTHS = 10, /* of each host */
	SECOND = 1000,
	MINUTE = 60 * SECOND,
	HOUR = 60 * MINUTE,
	BIRTH_EVERY = 30 * MINUTE,
	OUT_FROM = HOUR,
	OUT_UNTIL = 2 * HOUR,
	END = 12 * HOUR,
	SLOTS = 20,
	SERVICE = 10 * SECOND,
};

struct settings {
	const char *name;
	bool is_cron; /* each 5 minutes; else 5 to 6 after the last end */
	int64_t splay_ms, delay_ms, delay_max_ms, jobs;
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
	struct visited recordings[BIRTHS];
	bool is_sweeping, is_ending;
	int64_t sweep_ms, running;
	int64_t splay_ms;
	struct sweep_streak streak;
};

struct fleet {
	const struct settings *settings;
	struct retry_policy retry;
	struct schedule_policy schedule;
	struct host *hosts;
	int64_t now_ms, busy;
	/* What is measured, from the backend's return on. */
	int64_t arrivals, peak, all, refused, given_up, last_ms;
	int64_t by_then[3]; /* backlog delivered after 15, 30, 60 minutes */
	int64_t backlog;
};

static uint32_t seed;

static uint32_t
pick(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static bool
is_out(const struct fleet *f)
{
	return f->now_ms >= OUT_FROM && f->now_ms < OUT_UNTIL;
}

static void
begin_run(struct visited *r, int64_t now_ms, bool is_swept)
{
	r->state = TRYING;
	r->is_swept = is_swept;
	r->try_ms = now_ms;
	r->retry = (struct retry){ 0 };
}

static void
end_run(struct host *h, struct visited *r, enum phase state)
{
	r->state = state;
	if (r->is_swept)
		h->running--;
}

static void
fail_run(struct fleet *f, struct host *h, struct visited *r,
    const struct err *e)
{
	struct progress *p = &r->progress;
	const struct visit_report report = {
		.err = *e,
		.outage = { .service = OUTAGE_FILE },
	};

	if (p->struggling_since_ms == 0)
		p->struggling_since_ms = f->now_ms;
	p->failed_ms = f->now_ms;
	p->retry_at_ms =
	    schedule_next_ms(&f->schedule, e, r->failures++, f->now_ms, pick());
	if (r->is_swept && sweep_judge(&h->streak, &report) != SWEEP_GOES_ON)
		h->is_ending = true;
	if (schedule_gives_up(&f->schedule, p, f->now_ms)) {
		f->given_up++;
		end_run(h, r, GIVEN_UP);
		return;
	}
	end_run(h, r, WAITING);
}

/* A request reaches the backend. */
static void
arrive(struct fleet *f, struct host *h, struct visited *r)
{
	struct err e = { .class = ERR_TEMPORARY, .is_outage = true };

	f->arrivals++;
	if (!is_out(f) && f->busy < SLOTS) {
		f->busy++;
		r->state = SENDING;
		r->until_ms = f->now_ms + SERVICE;
		return;
	}
	f->refused += f->now_ms >= OUT_UNTIL;
	if (!retry_next(&f->retry, &r->retry, f->now_ms, 0, pick(), &r->try_ms))
		fail_run(f, h, r, &e);
}

static void
deliver(struct fleet *f, struct host *h, struct visited *r)
{
	static const int64_t after[] = { 15 * MINUTE, 30 * MINUTE, HOUR };

	f->busy--;
	end_run(h, r, DELIVERED);
	if (r->born_ms >= OUT_UNTIL || f->now_ms < OUT_UNTIL)
		return;
	f->last_ms = f->now_ms;
	for (int i = 0; i < 3; i++)
		f->by_then[i] += f->now_ms <= OUT_UNTIL + after[i];
}

static void
step_recording(struct fleet *f, struct host *h, struct visited *r)
{
	if (r->state == UNBORN && f->now_ms >= r->born_ms)
		begin_run(r, f->now_ms, false);
	if (r->state == SENDING && f->now_ms >= r->until_ms)
		deliver(f, h, r);
	if (r->state == TRYING && f->now_ms >= r->try_ms)
		arrive(f, h, r);
}

static void
start_due(struct fleet *f, struct host *h)
{
	for (int i = 0; i < BIRTHS && h->running < f->settings->jobs; i++) {
		struct visited *r = &h->recordings[i];

		if (h->is_ending || r->state != WAITING ||
		    !schedule_is_due(&f->schedule, &r->progress, f->now_ms))
			continue;
		begin_run(r, f->now_ms, true);
		h->running++;
	}
}

/* The moment of the next sweep, when one has ended. */
static int64_t
next_sweep_ms(const struct fleet *f, const struct host *h)
{
	int64_t every = 5 * MINUTE;

	if (f->settings->is_cron)
		return (f->now_ms / every + 1) * every + h->splay_ms;
	return f->now_ms + every + pick() % MINUTE;
}

static void
step_sweep(struct fleet *f, struct host *h)
{
	if (!h->is_sweeping && f->now_ms >= h->sweep_ms) {
		h->is_sweeping = true;
		h->is_ending = false;
		h->streak = (struct sweep_streak){ 0 };
	}
	if (!h->is_sweeping)
		return;
	start_due(f, h);
	if (h->running > 0)
		return;
	h->is_sweeping = false;
	h->sweep_ms = next_sweep_ms(f, h);
}

static void
set_up(struct fleet *f, const struct settings *settings)
{
	seed = 2463534242U;
	*f = (struct fleet){
		.settings = settings,
		.retry = { 5, 2 * SECOND, MINUTE, 2 * MINUTE, NULL },
		.schedule = { settings->delay_ms, settings->delay_max_ms,
		    INT64_C(7) * 24 * HOUR },
		.hosts = calloc(HOSTS, sizeof(struct host)),
	};
	if (f->hosts == NULL)
		exit(1);
	for (int i = 0; i < HOSTS; i++) {
		struct host *h = &f->hosts[i];
		int64_t first = pick() % BIRTH_EVERY;
		char name[16];

		(void)snprintf(name, sizeof(name), "jibri-%d", i);
		h->splay_ms = sweep_splay_ms(name, settings->splay_ms);
		for (int k = 0; k < BIRTHS; k++)
			h->recordings[k].born_ms = first + k * BIRTH_EVERY;
	}
}

static void
count_second(struct fleet *f)
{
	bool is_over = f->last_ms > 0 && f->by_then[2] == f->backlog;

	for (int i = 0; f->now_ms == OUT_UNTIL && i < HOSTS * BIRTHS; i++) {
		enum phase s =
		    f->hosts[i / BIRTHS].recordings[i % BIRTHS].state;

		f->backlog += s == WAITING || s == TRYING;
	}
	if (f->now_ms >= OUT_UNTIL && !is_over) {
		f->all += f->arrivals;
		if (f->arrivals > f->peak)
			f->peak = f->arrivals;
	}
	f->arrivals = 0;
}

static void
report(const struct fleet *f)
{
	double minutes = (double)(f->last_ms - OUT_UNTIL) / MINUTE;
	double mean = (double)f->all / (minutes * 60);

	printf("| %s | %lld | %.1f | %.1f | %lld | %.0f %% | %.0f %% | "
	       "%.0f %% | %.0f min | %lld |\n",
	    f->settings->name, (long long)f->peak, mean, (double)f->peak / mean,
	    (long long)f->refused,
	    100.0 * (double)f->by_then[0] / (double)f->backlog,
	    100.0 * (double)f->by_then[1] / (double)f->backlog,
	    100.0 * (double)f->by_then[2] / (double)f->backlog, minutes,
	    (long long)f->given_up);
}

static void
simulate(const struct settings *settings)
{
	struct fleet f;

	set_up(&f, settings);
	for (; f.now_ms < END; f.now_ms += SECOND) {
		for (int i = 0; i < HOSTS; i++) {
			struct host *h = &f.hosts[i];

			for (int k = 0; k < BIRTHS; k++)
				step_recording(&f, h, &h->recordings[k]);
			step_sweep(&f, h);
		}
		count_second(&f);
	}
	report(&f);
	free(f.hosts);
}

int
main(void)
{
	static const struct settings all[] = {
		{ "timer, 1m to 1h, jobs 2", false, 0, MINUTE, HOUR, 2 },
		{ "timer, 1m to 1h, jobs 1", false, 0, MINUTE, HOUR, 1 },
		{ "timer, 1m to 1h, jobs 8", false, 0, MINUTE, HOUR, 8 },
		{ "timer, 1m to 15m, jobs 2", false, 0, MINUTE, 15 * MINUTE,
		    2 },
		{ "timer, 1m to 6h, jobs 2", false, 0, MINUTE, 6 * HOUR, 2 },
		{ "timer, 5m to 1h, jobs 2", false, 0, 5 * MINUTE, HOUR, 2 },
		{ "cron, splay 5m, jobs 2", true, 5 * MINUTE, MINUTE, HOUR, 2 },
		{ "cron, splay 1m, jobs 2", true, MINUTE, MINUTE, HOUR, 2 },
		{ "cron, no splay, jobs 2", true, 0, MINUTE, HOUR, 2 },
	};

	printf("| settings | peak/s | mean/s | peak to mean | refused | 15 min "
	       "| 30 min | 60 min | all | given up |\n"
	       "|---|---|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		simulate(&all[i]);
	return 0;
}

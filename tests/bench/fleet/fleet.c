/*
 * A simulation in steps of a second; when a request, a visit or a sweep is made
 * is decided by the program's own functions.
 */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const fleet_laws[LAWS] = {
	[PAUSED] =
	    "at least half the doubling pause lies between two visits to one",
	[BRAKED] = "a host asks a service that is out twice a minute at most",
};

uint32_t fleet_seed = 2463534242U;

uint32_t
fleet_pick(void)
{
	fleet_seed ^= fleet_seed << 13;
	fleet_seed ^= fleet_seed >> 17;
	fleet_seed ^= fleet_seed << 5;
	return fleet_seed;
}

static void
must(struct fleet *f, enum law law, bool is_kept)
{
	f->broken[law] += !is_kept;
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
	if (!r->is_swept)
		return;
	h->running--;
	h->has_returned = true;
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
	p->failures++;
	p->retry_at_ms = schedule_next_ms(&f->schedule, e, r->failures++,
	    f->now_ms, fleet_pick());
	if (r->is_swept && sweep_judge(&h->streak, &report) != SWEEP_GOES_ON)
		h->is_ending = true;
	if (schedule_gives_up(&f->schedule, p, f->now_ms)) {
		f->given_up++;
		end_run(h, r, GIVEN_UP);
		return;
	}
	end_run(h, r, WAITING);
}

static void
check_brake(struct fleet *f, struct host *h, const struct visited *r)
{
	if (!r->is_swept || !f->is_out)
		return;
	must(f, BRAKED,
	    h->asked_ms[0] == 0 || f->now_ms - h->asked_ms[0] >= MINUTE);
	h->asked_ms[0] = h->asked_ms[1];
	h->asked_ms[1] = f->now_ms;
}

/* A request reaches the backend. */
static void
arrive(struct fleet *f, struct host *h, struct visited *r)
{
	struct err e = {
		.class = ERR_TEMPORARY,
		.is_outage = !f->settings->is_no_outage,
	};

	f->arrivals++;
	check_brake(f, h, r);
	if (!f->is_out && f->busy < SLOTS) {
		f->busy++;
		r->state = SENDING;
		r->until_ms = f->now_ms + SERVICE;
		return;
	}
	f->refused += f->now_ms >= f->scene->measured_from_ms;
	if (!retry_next(r->is_swept ? &f->visit : &f->hook, &r->retry,
		f->now_ms, 0, fleet_pick(), &r->try_ms))
		fail_run(f, h, r, &e);
}

static void
deliver(struct fleet *f, struct host *h, struct visited *r)
{
	static const int64_t after[] = { 15 * MINUTE, 30 * MINUTE, HOUR };
	int64_t from_ms = f->scene->measured_from_ms;

	f->busy--;
	f->delivered++;
	if (f->now_ms - r->born_ms > f->slowest_ms)
		f->slowest_ms = f->now_ms - r->born_ms;
	end_run(h, r, DELIVERED);
	if (r->born_ms >= from_ms || f->now_ms < from_ms)
		return;
	f->last_ms = f->now_ms;
	for (int i = 0; i < 3; i++)
		f->by_then[i] += f->now_ms <= from_ms + after[i];
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

/* As has_room() of sweep_visits.c. */
static bool
has_room(const struct fleet *f, const struct host *h)
{
	if (h->running > 0 && !h->has_returned &&
	    f->now_ms - h->begun_ms < ALONE)
		return false;
	return h->running < f->settings->jobs;
}

/* Stated independently, to compare with what the program does. */
static int64_t
least_pause_ms(const struct fleet *f, const struct visited *r)
{
	int64_t pause = f->schedule.delay_ms
	    << (r->failures < 12 ? r->failures - 1 : 11);

	int64_t most =
	    f->settings->is_no_outage ? f->schedule.delay_max_ms : 15 * MINUTE;

	return (pause < most ? pause : most) / 2;
}

static void
start_due(struct fleet *f, struct host *h)
{
	for (int i = h->first; i < f->scene->births && has_room(f, h); i++) {
		struct visited *r = &h->recordings[i];

		if (h->is_ending || r->state == UNBORN)
			return;
		if (r->state != WAITING ||
		    !schedule_is_due(&f->schedule, &r->progress, f->now_ms))
			continue;
		must(f, PAUSED,
		    f->now_ms - r->progress.failed_ms >= least_pause_ms(f, r));
		if (h->running == 0)
			h->begun_ms = f->now_ms;
		begin_run(r, f->now_ms, true);
		h->running++;
	}
}

/* The moment of the next sweep, when one has ended. */
static int64_t
next_sweep_ms(const struct fleet *f, const struct host *h)
{
	switch (f->settings->mode) {
	case CRON:
		return (f->now_ms / SWEEP_EVERY + 1) * SWEEP_EVERY +
		    h->splay_ms;
	case WATCH:
		return f->now_ms + (h->is_ending ? REST : SECOND);
	default:
		return f->now_ms + SWEEP_EVERY + fleet_pick() % MINUTE;
	}
}

static void
step_sweep(struct fleet *f, struct host *h)
{
	if (!h->is_sweeping && f->now_ms >= h->sweep_ms) {
		h->is_sweeping = true;
		h->is_ending = h->has_returned = false;
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

/* The next moment at which anything of the host changes. */
static int64_t
next_ms(const struct fleet *f, const struct host *h)
{
	int64_t next = INT64_MAX;

	for (int i = h->first; i < f->scene->births; i++) {
		const struct visited *r = &h->recordings[i];
		int64_t ms = r->state == UNBORN ? r->born_ms
		    : r->state == TRYING        ? r->try_ms
		    : r->state == SENDING       ? r->until_ms
		    : r->state == WAITING       ? h->sweep_ms
						: INT64_MAX;

		if (ms < next)
			next = ms;
		if (r->state == UNBORN)
			break;
	}
	/* One that sweeps looks each second whether there is room. */
	return h->is_sweeping ? f->now_ms : next;
}

static void
step_host(struct fleet *f, struct host *h)
{
	if (f->now_ms < h->next_ms)
		return;
	while (h->first < f->scene->births &&
	    h->recordings[h->first].state >= DELIVERED)
		h->first++;
	for (int i = h->first; i < f->scene->births; i++) {
		step_recording(f, h, &h->recordings[i]);
		if (h->recordings[i].state == UNBORN)
			break;
	}
	step_sweep(f, h);
	h->next_ms = next_ms(f, h);
}

static void
make_hosts(struct fleet *f)
{
	const struct scene *s = f->scene;

	f->hosts = calloc(HOSTS, sizeof(struct host));
	for (int i = 0; f->hosts && i < HOSTS; i++) {
		struct host *h = &f->hosts[i];
		int64_t first = fleet_pick() % s->birth_every_ms;
		char name[16];

		(void)snprintf(name, sizeof(name), "jibri-%d", i);
		h->splay_ms = sweep_splay_ms(name, f->settings->splay_ms);
		h->recordings =
		    calloc((size_t)s->births, sizeof(*h->recordings));
		if (h->recordings == NULL)
			exit(1);
		for (int k = 0; k < s->births; k++)
			h->recordings[k].born_ms =
			    first + k * s->birth_every_ms;
	}
}

static void
note_outage(struct fleet *f)
{
	f->is_out = false;
	for (size_t i = 0; i < f->scene->n_outages; i++)
		f->is_out |= f->now_ms >= f->scene->outages[i].from_ms &&
		    f->now_ms < f->scene->outages[i].until_ms;
}

static void
count_second(struct fleet *f)
{
	bool is_over = f->last_ms > 0 && f->by_then[2] == f->backlog;

	for (int i = 0; f->now_ms == f->scene->measured_from_ms && i < HOSTS;
	     i++)
		for (int k = f->hosts[i].first; k < f->scene->births; k++) {
			enum phase s = f->hosts[i].recordings[k].state;

			f->backlog += s == WAITING || s == TRYING;
		}
	f->minute += f->arrivals;
	if (f->now_ms >= f->scene->measured_from_ms && !is_over) {
		f->all += f->arrivals;
		if (f->arrivals > f->peak)
			f->peak = f->arrivals;
		if (f->now_ms % MINUTE == MINUTE - SECOND &&
		    f->minute > f->minute_peak)
			f->minute_peak = f->minute;
	}
	if (f->now_ms % MINUTE == MINUTE - SECOND)
		f->minute = 0;
	f->arrivals = 0;
}

void
fleet_simulate(struct fleet *f, const struct settings *settings,
    const struct scene *scene)
{
	*f = (struct fleet){
		.settings = settings,
		.scene = scene,
		.hook = { 5, 2 * SECOND, MINUTE, 2 * MINUTE, NULL },
		/* As visit.c has it. */
		.visit = { 1, 2 * SECOND, MINUTE, 2 * MINUTE, NULL },
		.schedule = { settings->delay_ms, settings->delay_max_ms,
		    7 * DAY },
	};
	make_hosts(f);
	for (; f->now_ms < scene->end_ms; f->now_ms += SECOND) {
		note_outage(f);
		for (int i = 0; i < HOSTS; i++)
			step_host(f, &f->hosts[i]);
		count_second(f);
	}
	for (int i = 0; i < HOSTS; i++)
		free(f->hosts[i].recordings);
	free(f->hosts);
}

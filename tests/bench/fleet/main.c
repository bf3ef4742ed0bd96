/*
 * Usage: bench-fleet [--hour | --week SEED]
 *
 * A fleet of 1,000 recorders whose backend is out for an hour, and then back
 * with a limited capacity: how hard is it hit, and how long until everything
 * is delivered?
 *
 * Each recorder finishes a recording each half hour.  The backend takes 20
 * uploads at once for 10 s each, which is 3.6 times what comes on average,
 * and answers 503 to any more.  Each row is another choice of settings; the
 * first is the default with the systemd timer, which all recorders started
 * at the same moment.
 *
 * With --hour see hour.c.  With --week the same recorders make 100,000 recordings in a week, in which
 * the backend is out at random.  It ends with 1 unless all are delivered a day
 * later, and the laws below were kept.
 */
#include "fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
report(const struct fleet *f)
{
	double minutes =
	    (double)(f->last_ms - f->scene->measured_from_ms) / MINUTE;
	double mean = (double)f->all / (minutes * 60);
	double peak = (double)f->minute_peak / 60;

	printf("| %s | %lld | %.1f | %.1f | %.1f | %lld | %.0f %% | %.0f %% | "
	       "%.0f %% | %.0f min | %lld |\n",
	    f->settings->name, (long long)f->peak, peak, mean, peak / mean,
	    (long long)f->refused,
	    100.0 * (double)f->by_then[0] / (double)f->backlog,
	    100.0 * (double)f->by_then[1] / (double)f->backlog,
	    100.0 * (double)f->by_then[2] / (double)f->backlog, minutes,
	    (long long)f->given_up);
}

static void
show_outage(void)
{
	static const struct settings all[] = {
		{ "timer", TIMER, 0, MINUTE, HOUR, 2, false },
		{ "watch", WATCH, 0, MINUTE, HOUR, 2, false },
		{ "timer, jobs 1", TIMER, 0, MINUTE, HOUR, 1, false },
		{ "timer, jobs 8", TIMER, 0, MINUTE, HOUR, 8, false },
		{ "timer, first pause 5m", TIMER, 0, 5 * MINUTE, HOUR, 2,
		    false },
		{ "timer, pauses of any failure", TIMER, 0, MINUTE, HOUR, 2,
		    true },
		{ "watch, pauses of any failure", WATCH, 0, MINUTE, HOUR, 2,
		    true },
		{ "cron, splay 5m", CRON, 5 * MINUTE, MINUTE, HOUR, 2, false },
		{ "cron, splay 1m", CRON, MINUTE, MINUTE, HOUR, 2, false },
		{ "cron, no splay", CRON, 0, MINUTE, HOUR, 2, false },
	};
	static const struct scene scene = {
		.births = 10,
		.birth_every_ms = 30 * MINUTE,
		.end_ms = 12 * HOUR,
		.measured_from_ms = 2 * HOUR,
		.outages = { { HOUR, 2 * HOUR } },
		.n_outages = 1,
	};
	uint32_t first = fleet_seed;
	struct fleet f;

	printf("| settings | worst second | worst minute, /s | mean/s | minute "
	       "to mean | refused | 15 min | 30 min | 60 min | all | given up "
	       "|\n|---|---|---|---|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		fleet_seed = first;
		fleet_simulate(&f, &all[i], &scene);
		report(&f);
	}
}

/* Twenty outages of seconds to ten hours, most of them short. */
static void
plan_week(struct scene *s)
{
	*s = (struct scene){
		.births = 100,
		.birth_every_ms = 7 * DAY / 101,
		.end_ms = 8 * DAY,
		.measured_from_ms = 0,
		.n_outages = 20,
	};
	for (size_t i = 0; i < s->n_outages; i++) {
		int64_t from_ms = fleet_pick() % (7 * DAY / SECOND) * SECOND;

		s->outages[i] = (struct downtime){ from_ms,
			from_ms + ((int64_t)36 << fleet_pick() % 11) * SECOND };
	}
}

static int
show_week(const struct settings *settings)
{
	uint32_t first = fleet_seed;
	int result = EXIT_SUCCESS;
	struct scene scene;
	struct fleet f;
	int64_t out_ms = 0;

	plan_week(&scene);
	fleet_simulate(&f, settings, &scene);
	for (size_t i = 0; i < scene.n_outages; i++)
		out_ms += scene.outages[i].until_ms - scene.outages[i].from_ms;
	printf("%s, seed %u: %lld of %d recordings delivered, the slowest "
	       "after %.1f h; the backend was out for %.1f h\n",
	    settings->name, first, (long long)f.delivered, HOSTS * scene.births,
	    (double)f.slowest_ms / HOUR, (double)out_ms / HOUR);
	if (f.delivered != (int64_t)HOSTS * scene.births)
		result = EXIT_FAILURE;
	for (int i = 0; i < LAWS; i++)
		if (f.broken[i] > 0) {
			printf("broken %lld times: %s\n",
			    (long long)f.broken[i], fleet_laws[i]);
			result = EXIT_FAILURE;
		}
	return result;
}

int
main(int argc, char **argv)
{
	static const struct settings timer = { "timer", TIMER, 0, MINUTE, HOUR,
		2, false };
	static const struct settings watch = { "watch", WATCH, 0, MINUTE, HOUR,
		2, false };
	uint32_t first;
	int result;

	if (argc == 1) {
		show_outage();
		return EXIT_SUCCESS;
	}
	if (argc == 2 && strcmp(argv[1], "--hour") == 0) {
		hour_show();
		return EXIT_SUCCESS;
	}
	if (argc != 3 || strcmp(argv[1], "--week") != 0)
		return 2;
	/* xorshift32 stays at 0. */
	first = (uint32_t)strtoul(argv[2], NULL, 10) * 2654435761U | 1;
	fleet_seed = first;
	result = show_week(&timer);
	fleet_seed = first;
	return show_week(&watch) | result;
}

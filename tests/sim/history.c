#include "world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "disk.h"
#include "errand.h"
#include "fate.h"
#include "jibri.h"
#include "laws.h"
#include "parts_model.h"
#include "plan.h"
#include "server.h"
#include "trace.h"
#include "visit.h"

enum {
	MINUTE_MS = 60 * 1000,
	ROUND_MS = 10 * MINUTE_MS,
	/*
	 * After so many sweeps an operator helps; after so many the history
	 * ends.
	 */
	HELP_ROUND = 30,
	ROUNDS = 150,
	/*
	 * Longer than any pause; until nothing is in doubt; until all is
	 * removed, by clocks that differ by a day and more.
	 */
	QUIET_ROUNDS = 7,
	LATE_ROUNDS = 24,
	KEPT_ROUNDS = 400,
	HOPELESS_ROUNDS = 36,
};

struct world world;

const char *const fault_names[FAULT_COUNT] = {
#define X(name, text) text,
	FAULTS(X)
#undef X
};

uint32_t
world_pick(enum fault fault, uint32_t n)
{
	uint32_t choice = draw(DRAW_WORLD, n);

	return world.allows[fault] ? choice : 0;
}

bool
world_chance(enum fault fault, uint32_t permille)
{
	return draw_chance(DRAW_WORLD, permille) && world.allows[fault];
}

struct host *
world_host(void)
{
	return &world.hosts[draw(DRAW_WORLD, (uint32_t)world.n_hosts)];
}

/* No journal grows to 1 MiB here. */
bool __wrap_progress_is_bloated(int64_t bytes, int64_t compact_bytes);
bool
__wrap_progress_is_bloated(int64_t bytes, int64_t compact_bytes)
{
	return world.has_compaction && bytes > 1000 && bytes > compact_bytes;
}

static void
choose_hosts(void)
{
	static const char *const names[HOSTS] = { "alpha", "beta", "gamma" };
	static const int64_t offsets[] = { 0, 500, -3000, 90000, -90000,
		3600000, -7200000 };

	world.n_hosts = 1 + draw(DRAW_WORLD, HOSTS);
	for (size_t i = 0; i < HOSTS; i++)
		world.hosts[i] = (struct host){
			.name = names[i],
			.offset_ms = offsets[world_pick(FAULT_CLOCK, 7)],
			.drift_ppm = (int64_t)world_pick(FAULT_CLOCK, 3) * 300,
			.is_read_only = world_chance(FAULT_READ_ONLY, 30),
		};
	if (world.n_hosts == 1)
		world.hosts[0].is_read_only = false;
}

/* A bucket describes each object fully. */
static void
choose_store(void)
{
	struct personality *p = &personality;

	world.is_s3 = world_chance(FAULT_S3, 120) || world.is_always_s3;
	world.takes_parts = !world.is_s3 &&
	    (world_chance(FAULT_FILE_PARTS, 200) || world.always_takes_parts);
	errand_use_store(world.is_s3, world.takes_parts);
	if (world.takes_parts)
		parts_choose();
	if (!world.is_s3)
		return;
	p->path = PATH_AS_ASKED;
	p->size = SIZE_NUMBER;
	p->answer = SAYS_RECORD;
	p->store = UPSERTS_NEW_ID;
}

static void
choose_server(void)
{
	static const int64_t lags[] = { 0, 0, 0, 500, 3000, LAG_MAX_MS };
	static const int refusals[] = { 403, 404, 405, 501 };
	struct personality *p = &personality;

	p->id = draw(DRAW_WORLD, IDS);
	p->lag_ms = lags[world_pick(FAULT_LAG, 6)];
	if (world_chance(FAULT_PATHS, 120))
		p->path = draw(DRAW_WORLD, PATHS);
	if (world_chance(FAULT_SIZES, 120))
		p->size = draw(DRAW_WORLD, SIZES);
	p->answer = draw(DRAW_WORLD, 2);
	if (world_chance(FAULT_NO_RECORD, 120))
		p->answer = draw(DRAW_WORLD, ANSWERS);
	if (world_chance(FAULT_UPSERT, 250))
		p->store = draw(DRAW_WORLD, STORES);
	if (world_chance(FAULT_NO_LIST, 60))
		p->list_refusal = refusals[draw(DRAW_WORLD, 4)];
	choose_store();
	/* Otherwise nobody could determine what is stored. */
	if (p->answer > SAYS_OK) {
		p->path = PATH_AS_ASKED;
		p->list_refusal = 0;
	}
}

static void
choose_faults(void)
{
	static const uint32_t yields[] = { 0, 600, 150, 40 };
	static const uint32_t crashes[] = { 0, 0, 3000, 500 };
	static const uint32_t errors[] = { 0, 0, 1500, 150 };
	static const uint32_t nets[] = { 0, 40, 150, 450 };
	static const int ofd_errors[] = { 0, ENOLCK, EINVAL };

	world.yield_mean = yields[world_pick(FAULT_YIELD, 4)];
	world.crash_mean = crashes[world_pick(FAULT_CRASH, 4)];
	world.fault_mean = errors[world_pick(FAULT_DISK, 4)];
	world.net_permille = nets[world_pick(FAULT_NET, 4)];
	disk.yield_gap = draw_gap(DRAW_TIME, world.yield_mean);
	disk.crash_gap = draw_gap(DRAW_DISK, world.crash_mean);
	disk.fault_gap = draw_gap(DRAW_DISK, world.fault_mean);
	if (world_chance(FAULT_LOCKS, 30)) {
		disk.ofd_error = ofd_errors[draw(DRAW_WORLD, 3)];
		/* Without either, nothing is promised. */
		if (disk.ofd_error == 0)
			disk.flock_error = draw(DRAW_WORLD, 2) ? EOPNOTSUPP : 0;
	}
	errand_set("locking", disk.ofd_error ? "no" : "yes");
	if (world_chance(FAULT_RENAME, 120))
		disk.rename_error = EINVAL;
	world.has_compaction = world_chance(FAULT_COMPACT, 400);
}

static void
begin(void)
{
	actor_reset();
	disk_reset();
	visits_reset();
	server_reset();
	fate_reset();
	jibri_reset();
	laws_reset();
	(void)disk_make(disk_root(), "rec", true);
	world.is_calm = false;
	world.requests = 0;
	world.n_recordings = 1 + draw(DRAW_WORLD, RECORDINGS);
	world.has_retention = world_chance(FAULT_RETENTION, 300);
	errand_set("deadline", draw(DRAW_WORLD, 3) == 2 ? "10m" : "1h");
	errand_set("retention", world.has_retention ? "1h" : "0s");
	choose_hosts();
	choose_server();
	choose_faults();
}

/* Permanent faults belong to this world and do not end. */
static void
calm_down(void)
{
	trace("all faults end");
	world.is_calm = true;
	world.calm_ms = now_ms;
	fate_calm();
	disk.is_full = false;
	for (size_t i = 0; i < world.n_hosts; i++)
		world.hosts[i].is_read_only = false;
	for (size_t i = 0; i < world.n_recordings; i++) {
		laws_changed((int)i);
		if (sessions[i].is_live)
			jibri_finish((int)i, false);
	}
}

static bool
is_all_delivered(void)
{
	for (size_t i = 0; i < world.n_recordings; i++) {
		const char *missing;

		if (!sessions[i].has_left && !fate_is_hopeless((int)i) &&
		    jibri_directory((int)i) &&
		    !laws_is_delivered((int)i, &missing))
			return false;
	}
	return true;
}

static bool
is_any_hopeless(void)
{
	for (size_t i = 0; i < world.n_recordings; i++)
		if (fate_is_hopeless((int)i))
			return true;
	return false;
}

static void
sweep_round(size_t round)
{
	errand_start(&world.hosts[round % world.n_hosts], ERRAND_SWEEP, 0);
	world_run(now_ms + ROUND_MS);
}

static void
look_at_status(void)
{
	errand_start(&world.hosts[0], ERRAND_STATUS, 0);
	world_run(now_ms + MINUTE_MS);
}

/* An operator looks at held recordings; a call of the hook is as good. */
static void
help(void)
{
	static const enum errand errands[] = { ERRAND_UPLOAD, ERRAND_HOOK,
		ERRAND_DEFER };

	look_at_status();
	for (size_t i = 0; i < world.n_recordings; i++) {
		uint32_t choice = draw(DRAW_WORLD, 3);

		if (choice == 2 && !world.allows[FAULT_DEFER])
			choice = 1;
		if (jibri_directory((int)i) && !sessions[i].has_left &&
		    !sessions[i].died_last && sessions[i].is_held)
			errand_start(&world.hosts[0], errands[choice], (int)i);
	}
	world_run(now_ms + ROUND_MS);
}

/* A recording whose directory still exists; NULL: none. */
static const char *
first_kept(void)
{
	for (size_t i = 0; world.has_retention && i < world.n_recordings; i++)
		if (!sessions[i].has_left && laws_is_recording((int)i) &&
		    !laws_may_stay((int)i))
			return sessions[i].name;
	return NULL;
}

/* A given-up recording may be delivered and removed anyway. */
static bool
may_be_removed(void)
{
	for (size_t i = 0; world.has_retention && i < world.n_recordings; i++)
		if (sessions[i].has_left)
			return true;
	return false;
}

/* Delivered recordings cause no more requests, or are removed. */
static void
check_quiet(size_t round)
{
	int rounds = world.has_retention ? KEPT_ROUNDS : LATE_ROUNDS;
	int n_quiet = 0;

	for (int i = 0; i < rounds && !world_is_over() &&
	     (n_quiet < QUIET_ROUNDS || first_kept());
	     i++) {
		uint64_t requests = world.requests;

		/* The answer to what arrived may have been a refusal. */
		if (i == LATE_ROUNDS)
			help();
		sweep_round(round++);
		n_quiet = world.requests == requests ? n_quiet + 1 : 0;
	}
	if (n_quiet < QUIET_ROUNDS && !may_be_removed())
		law_break(LAW_QUIET,
		    "all is delivered, and sweeps go on asking");
	if (first_kept())
		law_break(LAW_KEPT,
		    "%s is delivered since long, and not removed",
		    first_kept());
	look_at_status();
	if (n_quiet == QUIET_ROUNDS && !world_is_over())
		laws_done();
}

/*
 * It answers uploads without a record, and its list has other names, or shows
 * an older version under the same id.
 */
static bool
is_unknowable(void)
{
	return (personality.path == PATH_OWN ||
		   personality.store == UPSERTS_SAME_ID) &&
	    personality.answer != SAYS_RECORD;
}

static void
end(void)
{
	size_t round = 0;

	/* Permanent refusals are observed for some hours. */
	while (round < ROUNDS && !world_is_over() &&
	    (!is_all_delivered() ||
		(is_any_hopeless() && round < HOPELESS_ROUNDS))) {
		sweep_round(round++);
		if (round % HELP_ROUND == 0)
			help();
	}
	if (world_is_over())
		return;
	if (!is_unknowable())
		laws_end();
	/* Retention keeps asking a server that refuses to list. */
	if (!is_any_hopeless() && !is_unknowable() &&
	    !(world.has_retention &&
		(personality.list_refusal || personality.size == SIZE_NONE)))
		check_quiet(round);
}

void
history_run(void)
{
	begin();
	plan_make();
	world_run(plan_end_ms());
	if (!world_is_over()) {
		calm_down();
		end();
	}
	errand_reset();
}

#include "plan.h"

#include <signal.h>
#include <stdio.h>

#include "base/mem.h"
#include "disk.h"
#include "errand.h"
#include "fate.h"
#include "jibri.h"
#include "laws.h"
#include "server.h"
#include "trace.h"
#include "world.h"

/*
 * SWEEPS: of each host, before all faults end.  LARGE_BYTES: the size of a file
 * that is not read at once.
 */
enum {
	STEPS = 24,
	SWEEPS = 12,
	LARGE_BYTES = 66000,
	LIVE_STEPS = 12,
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS
};

struct step {
	void (*run)(const struct step *);
	struct host *host;
	int recording;
	uint32_t how, long_ms;
};

static struct step steps[STEPS + (3 + LIVE_STEPS) * RECORDINGS];
static size_t n_steps;
static int64_t end_ms;

int64_t
plan_end_ms(void)
{
	return end_ms;
}

/* The kinds of steps */

static void
do_nothing(const struct step *s)
{
	(void)s;
}

/* Jibri does not call while it records. */
static void
hook(const struct step *s)
{
	if (sessions[s->recording].is_live)
		return;
	errand_start(s->host, ERRAND_HOOK, s->recording);
}

static void
defer(const struct step *s)
{
	if (world.allows[FAULT_DEFER] && !sessions[s->recording].is_live)
		errand_start(s->host, ERRAND_DEFER, s->recording);
}

static void
rewrite(const struct step *s)
{
	const struct version *v = jibri_some(s->recording, s->how % 4);

	if (!world.allows[FAULT_REWRITE] || v == NULL ||
	    jibri_directory(s->recording) == NULL)
		return;
	jibri_rewrite(s->recording, v->path, s->how % 3 != 2,
	    s->how % 3 == 1 && world.allows[FAULT_SAME_TIME]);
	if (s->how & 16)
		hook(s);
}

static void
add(const struct step *s)
{
	autofree char *second =
	    xasprintf("Room-%d_2026-01-05-11-45-00.mp4", s->recording);
	const char *const names[] = { "late.vtt", "Folder/late.vtt", second,
		"Folder/later.vtt", ".jibri-finalize-manifest.jsonl" };
	const char *name = s->how % 32 == 5 ? LAWS_STRANGER : names[s->how % 5];

	if (!world.allows[FAULT_ADD] || jibri_directory(s->recording) == NULL)
		return;
	jibri_write(s->recording, name, 30);
	if (s->how & 16)
		hook(s);
}

static void delete (const struct step *s)
{
	const struct version *v = jibri_some(s->recording, s->how % 4);

	if (world.allows[FAULT_DELETE] && v &&
	    v->path != sessions[s->recording].media && v->path[0] == 'N')
		jibri_delete(s->recording, v->path);
}

static void
write_metadata(const struct step *s)
{
	if (world.allows[FAULT_SECRET] && jibri_directory(s->recording))
		jibri_write_metadata(s->recording, s->how % 2 == 0,
		    s->how % 8 != 7);
}

static void
end_full(int64_t ignored)
{
	(void)ignored;
	disk.is_full = false;
}

static void
fill(const struct step *s)
{
	if (!world.allows[FAULT_FULL])
		return;
	trace("the disk is full for %u s", s->long_ms / 1000);
	disk.is_full = true;
	event_at(now_ms + s->long_ms, end_full, 0);
}

static void
outage(const struct step *s)
{
	if (world.allows[FAULT_OUTAGE])
		fate_outage(s->how % 2 == 0, (int)(s->how / 2 % 4),
		    now_ms + s->long_ms);
}

static void
jump(const struct step *s)
{
	static const int64_t jumps[] = { 2000, -2000, 70000, -70000, 3600000,
		-3600000, 86400000 };

	if (!world.allows[FAULT_CLOCK])
		return;
	trace("the clock of %s jumps by %lld s", s->host->name,
	    (long long)jumps[s->how % 7] / 1000);
	s->host->was_wrong_ms = now_ms;
	s->host->offset_ms += jumps[s->how % 7];
}

static void
lose_locks(const struct step *s)
{
	if (world.allows[FAULT_LEASE])
		disk_lose_locks(s->host);
}

static void
kill_some(const struct step *s)
{
	if (!world.allows[FAULT_CRASH])
		return;
	if (s->how % 2 && world.allows[FAULT_POWER_CUT])
		disk_power_cut(s->host);
	actor_kill_all(s->host);
}

static void
by_hand(const struct step *s)
{
	static const struct {
		enum errand errand;
		enum fault fault;
	} errands[] = {
		{ ERRAND_UPLOAD, FAULT_UPLOAD },
		{ ERRAND_UPLOAD, FAULT_UPLOAD },
		{ ERRAND_VERIFY, FAULT_UPLOAD },
		{ ERRAND_STARTED, FAULT_NOTIFY },
		{ ERRAND_STOPPED, FAULT_NOTIFY },
		{ ERRAND_FAILED, FAULT_NOTIFY },
		{ ERRAND_FORGET, FAULT_FORGET },
		{ ERRAND_RESET, FAULT_FORGET },
		{ ERRAND_UPLOAD_ELSEWHERE, FAULT_MEETING_ID },
	};
	size_t i = s->how % (sizeof(errands) / sizeof(errands[0]));

	/* For a recording in progress, only STARTED makes sense. */
	if (sessions[s->recording].is_live)
		i = 3;
	if (world.allows[errands[i].fault])
		errand_start(s->host, errands[i].errand, s->recording);
}

static void
lose_journal(const struct step *s)
{
	struct node *dir = jibri_directory(s->recording);

	if (!world.allows[FAULT_LOST_JOURNAL] || dir == NULL ||
	    disk_lookup(dir, ".jibri-finalize") == NULL)
		return;
	trace("rm %s/.jibri-finalize", sessions[s->recording].path);
	disk_unlink(dir, ".jibri-finalize");
	laws_excuse(s->recording, "its journal was removed");
	laws_forget_told(s->recording);
}

static void
sweep(const struct step *s)
{
	errand_start(s->host, ERRAND_SWEEP, 0);
}

static void
finish(const struct step *s)
{
	jibri_finish(s->recording, s->how % 8 == 7);
	if (s->how % 4 != 3)
		hook(s);
}

static void
record(const struct step *s)
{
	jibri_grow(s->recording, s->long_ms);
}

/* As visited by a watch. */
static void
send_ahead(const struct step *s)
{
	if (sessions[s->recording].is_live)
		errand_start(s->host, ERRAND_AHEAD, s->recording);
}

/* The file grows each time somebody reads it. */
static void
grow(const struct step *s)
{
	struct node *dir = jibri_directory(s->recording);
	struct node *media =
	    dir ? disk_lookup(dir, sessions[s->recording].media) : NULL;

	if (media == NULL)
		return;
	fate_refuse(s->recording, REFUSED_GROWING);
	jibri_write(s->recording, sessions[s->recording].media, LARGE_BYTES);
	media->grows = true;
}

/* Refuse one recording forever, and not the others. */
static void
refuse_for_ever(const struct step *s)
{
	static const enum fault faults[REFUSALS] = {
		[REFUSED_TOO_SLOW] = FAULT_SLOW,
		[REFUSED_DYING] = FAULT_SLOW,
		[REFUSED_GROWING] = FAULT_GROW,
	};
	enum fault fault =
	    faults[s->how] == FAULT_YIELD ? FAULT_REFUSAL : faults[s->how];

	if (s->how == REFUSED_GROWING && world.allows[fault])
		grow(s);
	else if (s->how != REFUSED_NOT && world.allows[fault])
		fate_refuse(s->recording, s->how);
}

static void (*const kinds[])(const struct step *) = { do_nothing, hook, hook,
	defer, rewrite, rewrite, rewrite, add, add, delete, write_metadata,
	write_metadata, fill, outage, outage, jump, lose_locks, kill_some,
	by_hand, by_hand, by_hand, lose_journal, sweep, sweep };

/* Making the plan */

static void
run_step(int64_t i)
{
	steps[i].run(&steps[i]);
}

static void
add_step(int64_t at_ms, struct step s)
{
	steps[n_steps] = s;
	event_at(at_ms, run_step, (int64_t)n_steps++);
	if (at_ms > end_ms)
		end_ms = at_ms;
}

/* Until then the recording grows, and is sent ahead. */
static void
plan_recorder(struct step s, int64_t until_ms)
{
	for (int i = 0; i < LIVE_STEPS; i++) {
		int64_t at_ms = draw(DRAW_WORLD, (uint32_t)until_ms);

		s.run = i % 2 ? send_ahead : record;
		s.long_ms = 10000 + draw(DRAW_WORLD, 60000);
		add_step(at_ms, s);
	}
}

static void
plan_recording(int i)
{
	struct step s = {
		.run = hook,
		.host = world_host(),
		.recording = i,
		.how = draw(DRAW_WORLD, 32),
	};
	bool is_live = world_chance(FAULT_LIVE, 150);
	bool takes_parts = world.is_s3 || world.takes_parts;
	uint32_t orphan = draw(DRAW_WORLD, 8);
	int64_t at_ms;

	jibri_make(i, draw(DRAW_WORLD, 3), is_live);
	/* A file that is read at once goes in one piece. */
	if (!is_live && draw_chance(DRAW_WORLD, takes_parts ? 500 : 30))
		jibri_write(i, sessions[i].media, LARGE_BYTES);
	if (world_chance(FAULT_OLD_SCRIPT, 100)) {
		laws_planted(i);
		for (const struct version *v = versions; v; v = v->next)
			if (v->recording == i) {
				server_plant(i, v);
				if (personality.store == APPENDS)
					server_plant(i, v);
			}
	}
	if (is_live) {
		s.run = finish;
		at_ms = (1 + draw(DRAW_WORLD, 25)) * MINUTE_MS;
		add_step(at_ms, s);
		if (takes_parts)
			plan_recorder(s, at_ms);
		return;
	}
	if (orphan == 7)
		return;
	s.run = orphan == 6 ? defer : hook;
	add_step(SECOND_MS * (1 + i), s);
}

static void
plan_step(int64_t *at_ms)
{
	static const int64_t delays[] = { 40, 1000, 5000, 30000, 90000, 300000,
		900000, 2400000, 7200000 };
	static const uint32_t lengths[] = { 2000, 20000, 120000, 900000,
		7200000 };
	struct step s = {
		.run = kinds[draw(DRAW_WORLD,
		    (uint32_t)(sizeof(kinds) / sizeof(kinds[0])))],
		.host = world_host(),
		.recording =
		    (int)draw(DRAW_WORLD, (uint32_t)world.n_recordings),
		.how = draw(DRAW_WORLD, 32),
		.long_ms = lengths[draw(DRAW_WORLD, 5)],
	};
	int64_t delay = delays[draw(DRAW_WORLD, 9)];

	*at_ms += delay / 4 * (1 + draw(DRAW_WORLD, 7));
	add_step(*at_ms, s);
}

/* Refuse one recording, all but one, or all. */
static void
plan_refusal(void)
{
	const size_t counts[] = { 1, world.n_recordings - 1,
		world.n_recordings };
	size_t n = counts[draw(DRAW_WORLD, 3)];
	uint32_t how = draw(DRAW_WORLD, REFUSALS);

	for (size_t i = 0; i < n; i++)
		add_step(0,
		    (struct step){
			.run = refuse_for_ever,
			.recording = (int)i,
			.how = how,
		    });
}

/* As often as the package's timer does. */
static void
sweep_often(int64_t host)
{
	if (world.is_calm)
		return;
	errand_start(&world.hosts[host], ERRAND_SWEEP, 0);
	event_at(now_ms + world.sweep_every_ms, sweep_often, host);
}

void
plan_make(void)
{
	static const int64_t periods[] = { 600000, 300000, 60000, 1800000 };
	uint32_t n = draw(DRAW_WORLD, STEPS);
	int64_t at_ms = 0;

	n_steps = 0;
	end_ms = 0;
	for (size_t i = 0; i < world.n_recordings; i++)
		plan_recording((int)i);
	for (uint32_t i = 0; i < n; i++)
		plan_step(&at_ms);
	world.sweep_every_ms = periods[draw(DRAW_WORLD, 4)];
	/* A history in which only time passes shows little. */
	if (world.sweep_every_ms < end_ms / SWEEPS)
		world.sweep_every_ms = end_ms / SWEEPS;
	for (size_t i = 0; i < world.n_hosts; i++)
		event_at(world.sweep_every_ms / 7 * (1 + (int64_t)i),
		    sweep_often, (int64_t)i);
	if (draw_chance(DRAW_WORLD, 120) && world.n_recordings > 1)
		plan_refusal();
	end_ms += 10 * MINUTE_MS;
}

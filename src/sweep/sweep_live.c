#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sweep/sweep_internal.h"

/* What another watch is sending is checked only now and then. */
enum {
	REST_MS = 10 * 1000,
	TROUBLE_MS = 20 * 1000,
	PATIENCE_MS = 1000,
	BRIEF_MS = 60 * 1000 /* how long a sweep starts such visits */
};

static struct live *
find(const struct lives *l, const char *path)
{
	for (size_t i = 0; i < LIVES; i++)
		if (l->all[i].path && strcmp(l->all[i].path, path) == 0)
			return (struct live *)&l->all[i];
	return NULL;
}

static void
forget(struct live *live)
{
	free(live->path);
	*live = (struct live){ 0 };
}

size_t
lives_count(const struct lives *l)
{
	size_t n = 0;

	for (size_t i = 0; i < LIVES; i++)
		n += l->all[i].visit.pid != 0;
	return n;
}

/* A free place, or that of a resting recording. */
static struct live *
find_room(struct lives *l)
{
	struct live *room = NULL;

	for (size_t i = 0; i < LIVES; i++)
		if (l->all[i].path == NULL)
			return &l->all[i];
		else if (l->all[i].visit.pid == 0)
			room = &l->all[i];
	if (room)
		forget(room);
	return room;
}

/* Finished recordings go first, and a store that is out gets nothing. */
static bool
is_run_busy(const struct run *run)
{
	const struct sweep_result *result = run->result;

	return run->n_running > 0 ||
	    (result->early.class == ERR_NONE ? run->next < run->n
					     : result->is_file_service_out);
}

static bool
is_wanted(const struct lives *l, const struct run *run, const struct finding *f)
{
	const struct visit_policy *usual = &run->sweep->visit;
	const struct live *live = f->path ? find(l, f->path) : NULL;

	return f->facts.is_live && !l->is_closed && !is_run_busy(run) &&
	    !sweep_is_paused(run, f->path) &&
	    !(live &&
		(live->visit.pid != 0 || clock_mono_ms() < live->rest_ms)) &&
	    ahead_is_of_use(usual->ahead, usual->pipeline, f->facts.was_started,
		f->facts.bytes);
}

static void
start(struct live *live, struct run *run)
{
	struct visit_policy policy;
	struct err e;

	if (sweep_equip(run, &policy, &e) == 0 &&
	    visit_start_ahead(&live->visit, &policy, live->path, &e) == 0)
		return;
	live->rest_ms = clock_mono_ms() + TROUBLE_MS;
	log_error("%s", e.text);
}

void
lives_offer(struct lives *l, struct run *run, const struct finding *f)
{
	struct live *live;
	bool is_full = lives_count(l) >= (size_t)run->sweep->visit.jobs;

	if (!is_wanted(l, run, f))
		return;
	if (l->until_ms == 0)
		l->until_ms = run->sweep->visit.ahead->stays
		    ? INT64_MAX
		    : clock_mono_ms() + BRIEF_MS;
	l->is_short |= is_full;
	if (is_full || clock_mono_ms() >= l->until_ms)
		return;
	live = find(l, f->path);
	if (live == NULL)
		live = find_room(l);
	if (live == NULL)
		return;
	mem_replace(&live->path, f->path);
	start(live, run);
}

bool
lives_are_short(struct lives *l, const struct run *run)
{
	bool is_short = l->is_short && clock_mono_ms() < l->until_ms &&
	    lives_count(l) < (size_t)run->sweep->visit.jobs;

	l->is_short &= !is_short;
	return is_short;
}

size_t
lives_poll(const struct lives *l, struct pollfd fds[LIVES])
{
	size_t n = 0;

	for (size_t i = 0; i < LIVES; i++)
		if (l->all[i].visit.pid != 0)
			fds[n++] = (struct pollfd){
				.fd = l->all[i].visit.fd,
				.events = POLLIN,
			};
	return n;
}

/* It is only a head start: a failure is logged and has no other effect. */
static void
end(struct live *live, bool stays)
{
	struct visit_report report;
	const struct err *e = &report.err;
	int64_t rest_ms = TROUBLE_MS;
	char until[CLOCK_TEXT_BYTES];

	(void)visit_end(&live->visit, &report);
	live->rest_ms = clock_mono_ms() + REST_MS;
	/* A brief visit has done all it can. */
	if (!stays)
		live->rest_ms = INT64_MAX;
	if (e->class == ERR_INTERRUPTED)
		live->rest_ms = 0;
	if (e->class == ERR_NONE || e->class == ERR_INTERRUPTED)
		return;
	if (e->retry_after_ms > rest_ms)
		rest_ms = e->retry_after_ms;
	if (stays)
		live->rest_ms = clock_mono_ms() + rest_ms;
	clock_rfc3339(clock_unix_ms() + rest_ms, until);
	log_info("%s: %s; nothing is sent ahead until %s", live->path, e->text,
	    stays ? until : "the next sweep");
}

void
lives_end(struct lives *l, void (*ended)(void *ctx, const char *path),
    void *ctx)
{
	for (size_t i = 0; i < LIVES; i++) {
		struct live *live = &l->all[i];
		struct pollfd pfd = { .fd = live->visit.fd, .events = POLLIN };

		if (live->visit.pid == 0 ||
		    (poll(&pfd, 1, 0) != 1 &&
			clock_mono_ms() < live->visit.kill_at_ms))
			continue;
		end(live, l->until_ms == INT64_MAX);
		if (ended)
			ended(ctx, live->path);
	}
}

static void
stop(struct live *live)
{
	int64_t kill_at_ms = clock_mono_ms() + PATIENCE_MS;

	if (live->visit.pid == 0 || kill_at_ms > live->visit.kill_at_ms)
		return;
	(void)kill(live->visit.pid, SIGTERM);
	live->visit.kill_at_ms = kill_at_ms;
}

void
lives_stop(struct lives *l)
{
	for (size_t i = 0; i < LIVES; i++)
		stop(&l->all[i]);
}

void
lives_give_way(struct lives *l, const struct run *run)
{
	bool is_busy = is_run_busy(run);

	for (size_t i = 0; i < LIVES; i++)
		if (is_busy || sweep_is_paused(run, l->all[i].path))
			stop(&l->all[i]);
}

void
lives_close(struct lives *l)
{
	l->is_closed = true;
	for (size_t i = 0; i < LIVES; i++) {
		if (l->all[i].visit.pid != 0)
			end(&l->all[i], l->until_ms == INT64_MAX);
		forget(&l->all[i]);
	}
}

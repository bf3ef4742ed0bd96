#include "actor.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "coroutine.h"
#include "disk.h"
#include "laws.h"
#include "trace.h"

enum {
	EVENTS = 512,
	/* So many turns within a millisecond are a busy loop. */
	SPINS = 20000,
};

static const int64_t epoch_ms = INT64_C(1767614400000);

struct actor *actor_now;
int64_t now_ms;

static struct actor actors[ACTORS];
static int next_id;
static uint64_t next_turn;
static bool is_given_up;

static struct event {
	int64_t at_ms;
	uint64_t turn;
	void (*run)(int64_t arg);
	int64_t arg;
} events[EVENTS];
static size_t n_events;

void
actor_reset(void)
{
	for (size_t i = 0; i < ACTORS; i++)
		if (actors[i].is_used)
			coroutine_drop(actors[i].coroutine);
	memset(actors, 0, sizeof(actors));
	actor_now = NULL;
	now_ms = 0;
	n_events = 0;
	next_id = 100;
	next_turn = 0;
	is_given_up = false;
}

int64_t
host_unix_ms(const struct host *h)
{
	if (h == NULL)
		return epoch_ms + now_ms;
	return epoch_ms + now_ms + h->offset_ms +
	    now_ms / 1000 * h->drift_ppm / 1000;
}

static void
enter(void *ctx)
{
	struct actor *a = ctx;

	a->run(a->ctx);
	a->is_ended = true;
}

struct actor *
actor_start(struct host *host, const char *name, void (*run)(void *ctx),
    void *ctx)
{
	struct actor *a = NULL;

	for (size_t i = 0; i < ACTORS && a == NULL; i++)
		if (!actors[i].is_used)
			a = &actors[i];
	if (a == NULL)
		return NULL;
	*a = (struct actor){
		.id = next_id++,
		.host = host,
		.run = run,
		.ctx = ctx,
		.is_used = true,
		.wake_ms = now_ms,
		.turn = next_turn++,
		.deadline_ms = INT64_MAX,
		.began_ms = now_ms,
		.recording = -1,
	};
	(void)snprintf(a->name, sizeof(a->name), "%s", name);
	a->coroutine = coroutine_new(enter, a);
	if (strcmp(name, "sweep") != 0)
		trace("process %d on %s begins: %s", a->id, host->name, name);
	return a;
}

void
actor_sleep(int64_t until_ms)
{
	actor_now->wake_ms = until_ms;
	actor_now->turn = next_turn++;
	coroutine_leave();
}

void
actor_wake(struct actor *a)
{
	if (!a->is_used || a->wake_ms <= now_ms)
		return;
	a->wake_ms = now_ms;
	a->turn = next_turn++;
}

struct actor *
actor_find(int id)
{
	for (size_t i = 0; i < ACTORS; i++)
		if (actors[i].is_used && actors[i].id == id)
			return &actors[i];
	return NULL;
}

/* A process has ended, in whatever way. */
static void
bury(struct actor *a)
{
	disk_close_all(a);
	laws_actor_ended(a);
	for (size_t i = 0; i < ACTORS; i++) {
		if (!actors[i].is_used || actors[i].parent != a)
			continue;
		actors[i].parent = NULL;
		actor_signal(&actors[i], SIGTERM);
	}
	if (a->parent)
		actor_wake(a->parent);
	coroutine_drop(a->coroutine);
	a->is_used = false;
}

static void
kill_now(struct actor *a)
{
	a->is_killed = a->is_ended = true;
	trace("process %d dies: %s", a->id, a->name);
	if (a == actor_now)
		coroutine_leave();
	else
		bury(a);
}

void
actor_signal(struct actor *a, int number)
{
	if (!a->is_used || a->is_ended)
		return;
	if (number == SIGKILL) {
		kill_now(a);
		return;
	}
	a->is_signalled = true;
	actor_wake(a);
}

void
actor_kill_all(const struct host *host)
{
	for (size_t i = 0; i < ACTORS; i++) {
		struct actor *a = &actors[i];

		if (!a->is_used || a->host != host)
			continue;
		a->is_cut_off = true;
		if (a != actor_now)
			kill_now(a);
	}
	if (actor_now && actor_now->host == host)
		kill_now(actor_now);
}

void
actor_give_up(void)
{
	is_given_up = true;
	if (actor_now)
		coroutine_leave();
}

bool
world_is_over(void)
{
	return is_given_up;
}

void
event_at(int64_t at_ms, void (*run)(int64_t arg), int64_t arg)
{
	if (n_events < EVENTS)
		events[n_events++] = (struct event){
			.at_ms = at_ms,
			.turn = next_turn++,
			.run = run,
			.arg = arg,
		};
}

static struct event *
next_event(void)
{
	struct event *first = NULL;

	for (size_t i = 0; i < n_events; i++)
		if (first == NULL || events[i].at_ms < first->at_ms ||
		    (events[i].at_ms == first->at_ms &&
			events[i].turn < first->turn))
			first = &events[i];
	return first;
}

static struct actor *
next_actor(void)
{
	struct actor *first = NULL;

	for (size_t i = 0; i < ACTORS; i++) {
		struct actor *a = &actors[i];

		if (a->is_used &&
		    (first == NULL || a->wake_ms < first->wake_ms ||
			(a->wake_ms == first->wake_ms &&
			    a->turn < first->turn)))
			first = a;
	}
	return first;
}

static void
resume(struct actor *a)
{
	actor_now = a;
	coroutine_enter(a->coroutine);
	actor_now = NULL;
	if (a->is_ended)
		bury(a);
}

/* The next event, if there is one until then. */
static bool
step(int64_t until_ms)
{
	struct event *ev = next_event();
	struct actor *a = next_actor();
	int64_t at_ms = a ? a->wake_ms : INT64_MAX;

	if (ev && ev->at_ms <= at_ms)
		at_ms = ev->at_ms;
	else
		ev = NULL;
	if (at_ms > until_ms || (ev == NULL && a == NULL))
		return false;
	if (at_ms > now_ms)
		now_ms = at_ms;
	if (ev) {
		struct event it = *ev;

		*ev = events[--n_events];
		it.run(it.arg);
	} else {
		resume(a);
	}
	return true;
}

void
world_run(int64_t until_ms)
{
	int64_t was_ms = now_ms;
	int spins = 0;

	while (!is_given_up && step(until_ms)) {
		spins = now_ms == was_ms ? spins + 1 : 0;
		was_ms = now_ms;
		if (spins > SPINS)
			law_break(LAW_ENDS, "somebody spins without waiting");
	}
	if (!is_given_up && now_ms < until_ms)
		now_ms = until_ms;
}

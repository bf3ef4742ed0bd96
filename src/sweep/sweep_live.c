#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "sweep/sweep_internal.h"

/* What another watch sends needs no more than a look now and then. */
enum { REST_MS = 10 * 1000, TROUBLE_MS = 60 * 1000 };

static struct live *
find(struct lives *l, const char *path)
{
	for (size_t i = 0; i < LIVES; i++)
		if (l->all[i].path && strcmp(l->all[i].path, path) == 0)
			return &l->all[i];
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

/* A place, or that of one that rests. */
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

void
lives_offer(struct lives *l, struct run *run, const struct finding *f)
{
	const struct visit_policy *usual = &run->sweep->visit;
	struct visit_policy policy;
	struct live *live = f->path ? find(l, f->path) : NULL;
	struct err e;

	if (!f->facts.is_live || l->is_closed ||
	    (live &&
		(live->visit.pid != 0 || clock_mono_ms() < live->rest_ms)) ||
	    lives_count(l) >= (size_t)usual->jobs ||
	    !ahead_is_of_use(usual->ahead, usual->pipeline,
		f->facts.was_started, f->facts.bytes))
		return;
	if (live == NULL)
		live = find_room(l);
	if (live == NULL)
		return;
	mem_replace(&live->path, f->path);
	if (sweep_equip(run, &policy, &e) == -1 ||
	    visit_start_ahead(&live->visit, &policy, live->path, &e) == -1) {
		live->rest_ms = clock_mono_ms() + TROUBLE_MS;
		log_error("%s", e.text);
	}
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

/* It is only a head start: what kept it is said, and costs nothing else. */
static void
end(struct live *live)
{
	struct visit_report report;

	(void)visit_end(&live->visit, &report);
	live->rest_ms = clock_mono_ms() + REST_MS;
	if (report.err.class == ERR_NONE || report.err.class == ERR_INTERRUPTED)
		return;
	live->rest_ms += TROUBLE_MS - REST_MS;
	log_info("%s: %s; nothing is sent ahead for a minute", live->path,
	    report.err.text);
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
		end(live);
		if (ended)
			ended(ctx, live->path);
	}
}

void
lives_stop(struct lives *l, int64_t kill_at_ms)
{
	for (size_t i = 0; i < LIVES; i++) {
		struct live *live = &l->all[i];

		if (live->visit.pid == 0)
			continue;
		(void)kill(live->visit.pid, SIGTERM);
		live->visit.kill_at_ms = kill_at_ms;
	}
}

void
lives_close(struct lives *l)
{
	l->is_closed = true;
	for (size_t i = 0; i < LIVES; i++) {
		if (l->all[i].visit.pid != 0)
			end(&l->all[i]);
		forget(&l->all[i]);
	}
}

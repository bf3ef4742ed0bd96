#include "visit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sweep/visit.h"

#include "actor.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"

enum { VISITS = 64, VISIT_FD = 1 << 25 };

struct visitor {
	bool is_used;
	int pid, parent;
	struct visit_policy policy;
	char *directory;
	bool has_report;
	struct visit_report report;
};

static struct visitor children[VISITS];

int __wrap_visit_start(struct child *, const struct visit_policy *,
    const char *directory, struct err *e);
int __wrap_visit_start_ahead(struct child *, const struct visit_policy *,
    const char *directory, struct err *e);
bool __wrap_visit_end(struct child *, struct visit_report *);

void
visits_reset(void)
{
	for (size_t i = 0; i < VISITS; i++)
		free(children[i].directory);
	memset(children, 0, sizeof(children));
}

static struct visitor *
child_of(int fd)
{
	return fd >= VISIT_FD && fd < VISIT_FD + VISITS &&
		children[fd - VISIT_FD].is_used
	    ? &children[fd - VISIT_FD]
	    : NULL;
}

bool
visit_is_over(int fd)
{
	const struct visitor *c = child_of(fd);

	return c && (c->has_report || actor_find(c->pid) == NULL);
}

static void
run(void *ctx)
{
	struct visitor *c = ctx;
	struct visit_report report = { 0 };

	stop_at(clock_mono_ms() + c->policy.deadline_ms);
	visit_deliver(&c->policy, c->directory, &report);
	c->report = report;
	c->has_report = true;
}

static void
run_ahead(void *ctx)
{
	struct visitor *c = ctx;

	(void)ahead_run(c->directory, c->policy.ahead, c->policy.pipeline,
	    &c->report.err);
	c->report.err.class = ERR_NONE;
	c->has_report = true;
}

/* The slots of a dead sweep are free again. */
static struct visitor *
free_child(void)
{
	for (size_t i = 0; i < VISITS; i++)
		if (!children[i].is_used ||
		    (actor_find(children[i].pid) == NULL &&
			actor_find(children[i].parent) == NULL))
			return &children[i];
	return NULL;
}

/* "Session-N-..." */
static int
recording_of(const char *directory)
{
	const char *name = strrchr(directory, '/') + 1;
	int n = strncmp(name, "Session-", 8) == 0 ? name[8] - '0' : -1;

	return n >= 0 && n < RECORDINGS ? n : -1;
}

static int
start(struct child *v, const struct visit_policy *policy, bool is_ahead,
    const char *directory, struct err *e)
{
	struct visitor *c = free_child();
	char name[48];
	struct actor *a;

	(void)snprintf(name, sizeof(name), "visit%s of %s",
	    is_ahead ? " ahead" : "", strrchr(directory, '/') + 1);
	a = c
	    ? actor_start(actor_now->host, name, is_ahead ? run_ahead : run, c)
	    : NULL;
	if (a == NULL)
		return err_set(e, ERR_TEMPORARY, "start a process");
	a->parent = actor_now;
	a->is_visit = !is_ahead;
	a->recording = recording_of(directory);
	free(c->directory);
	*c = (struct visitor){
		.is_used = true,
		.parent = actor_now->id,
		.pid = a->id,
		.policy = *policy,
		.directory = xstrdup(directory),
	};
	/* It points into the sweep's memory, which may be gone. */
	c->policy.token = NULL;
	v->pid = a->id;
	v->began_ms = clock_mono_ms();
	v->kill_at_ms = v->began_ms + policy->deadline_ms + STOP_KILL_MS;
	v->fd = VISIT_FD + (int)(c - children);
	return 0;
}

int
__wrap_visit_start(struct child *v, const struct visit_policy *policy,
    const char *directory, struct err *e)
{
	return start(v, policy, false, directory, e);
}

int
__wrap_visit_start_ahead(struct child *v, const struct visit_policy *policy,
    const char *directory, struct err *e)
{
	return start(v, policy, true, directory, e);
}

bool
__wrap_visit_end(struct child *v, struct visit_report *report)
{
	struct visitor *c = child_of(v->fd);
	bool has_report = c->has_report;

	*report = c->report;
	c->is_used = false;
	v->pid = 0;
	if (has_report)
		return true;
	*report = (struct visit_report){ 0 };
	(void)err_set(&report->err, ERR_TEMPORARY, "the visit died");
	return false;
}

enum removal_outcome __wrap_visit_remove(const struct removal *r,
    struct err *e);

enum removal_outcome
__wrap_visit_remove(const struct removal *r, struct err *e)
{
	enum removal_outcome outcome;
	struct stat st;

	if (fstatat(r->rootfd, r->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return REMOVAL_KEPT;
	outcome = removal_empty(r, e);
	return outcome == REMOVAL_DONE ? removal_finish(r, &st, e) : outcome;
}

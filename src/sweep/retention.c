#include "sweep/retention.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "sweep/retention_internal.h"

int
retention_check(const struct retention_policy *policy, struct err *e)
{
	if (policy->min_free > 0 && policy->keep_ms == 0)
		return err_set(e, ERR_CONFIG,
		    "min-free: it shortens retention, which is not set: "
		    "nothing would be removed");
	return 0;
}

/* Candidates */

struct candidate {
	char *name;
	int64_t done_ms; /* since 1970 */
	bool is_tombstone;
};

struct root {
	const struct retention_deps *deps;
	struct retention_result *result;
	const char *path;
	int fd;
	struct candidate *candidates;
	size_t n, cap;
	size_t undelivered;
};

static bool
is_undelivered(enum verdict verdict)
{
	return verdict != VERDICT_DONE && verdict != VERDICT_REMOVING &&
	    verdict != VERDICT_GIVEN_UP && verdict != VERDICT_NONE;
}

static void
on_found(void *ctx, struct finding *f)
{
	struct root *root = ctx;
	struct candidate *c;

	root->undelivered += is_undelivered(f->verdict);
	/* The very last step of a removal; fails unless it is empty. */
	if (f->verdict == VERDICT_NONE && f->is_tombstone &&
	    !root->deps->would_remove)
		(void)unlinkat(root->fd, f->name, AT_REMOVEDIR);
	if (f->verdict != VERDICT_DONE && f->verdict != VERDICT_REMOVING)
		return;
	xgrow((void **)&root->candidates, &root->cap, root->n + 1,
	    sizeof(*root->candidates));
	c = &root->candidates[root->n++];
	*c = (struct candidate){
		.done_ms = f->done_ms,
		.is_tombstone = f->verdict == VERDICT_REMOVING,
	};
	c->name = steal(&f->name);
}

/* Half removed ones first: that needs nobody's word any more. */
static int
compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->is_tombstone != y->is_tombstone)
		return x->is_tombstone ? -1 : 1;
	if (x->done_ms != y->done_ms)
		return x->done_ms < y->done_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Percent; 100 where it cannot be told. */
static double
free_percent(const struct root *root)
{
	struct statvfs vfs;

	if (fstatvfs(root->fd, &vfs) == -1 || vfs.f_blocks == 0)
		return 100;
	return 100.0 * (double)vfs.f_bavail / (double)vfs.f_blocks;
}

static bool
is_disk_low(const struct root *root)
{
	return free_percent(root) < (double)root->deps->policy->min_free;
}

static bool
is_over(const struct root *root, const struct candidate *c, int64_t now_ms)
{
	return c->is_tombstone ||
	    now_ms - c->done_ms >= root->deps->policy->keep_ms ||
	    is_disk_low(root);
}

static void
handle(struct root *root, const struct candidate *c)
{
	const struct retention_deps *deps = root->deps;
	struct retention_result *result = root->result;
	autofree char *path = xasprintf("%s/%s", root->path, c->name);
	struct removal removal = {
		.deps = deps,
		.rootfd = root->fd,
		.root = root->path,
		.name = c->name,
	};
	struct err e = { 0 };

	if (deps->would_remove) {
		deps->would_remove(path);
		return;
	}
	switch (c->is_tombstone ? removal_finish(&removal, &e)
				: removal_run(&removal, &e)) {
	case REMOVAL_DONE:
		result->removed++;
		break;
	case REMOVAL_LOST:
		result->lost++;
		result->worst = err_worse(result->worst, ERR_PERMANENT);
		break;
	case REMOVAL_FAILED:
		log_warn("%s: is not removed: %s", c->name, e.text);
		result->worst = err_worse(result->worst, e.class);
		break;
	case REMOVAL_KEPT:
		log_debug("%s: is kept: %s", c->name, e.text);
		break;
	}
}

static void
warn_of_disk(const struct root *root)
{
	if (root->deps->would_remove || !is_disk_low(root))
		return;
	log_error("%s: only %.1f %% of the disk is free, and nothing is left "
		  "that may be removed; %zu recordings are not delivered",
	    root->path, free_percent(root), root->undelivered);
}

static void
run_root(struct root *root)
{
	const struct retention_deps *deps = root->deps;
	struct survey survey = {
		.policy = deps->verdict,
		.recording = &deps->pipeline->recording,
	};
	struct err stopped;

	if (survey_root(&survey, root->path, on_found, root, &stopped) == 0 &&
	    root->n > 0)
		qsort(root->candidates, root->n, sizeof(*root->candidates),
		    compare);
	for (size_t i = 0; i < root->n; i++) {
		struct candidate *c = &root->candidates[i];

		if (stop_check(&stopped) == 0 &&
		    is_over(root, c, clock_unix_ms()))
			handle(root, c);
		free(c->name);
	}
	warn_of_disk(root);
	free(root->candidates);
	survey_free(&survey);
}

void
retention_run(const struct retention_deps *deps, const struct text_list *roots,
    struct retention_result *result)
{
	*result = (struct retention_result){ 0 };
	if (deps->policy->keep_ms == 0)
		return;
	for (size_t i = 0; i < roots->n; i++) {
		struct root root = {
			.deps = deps,
			.result = result,
			.path = roots->items[i],
			.fd = open(roots->items[i],
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		};

		if (root.fd != -1)
			run_root(&root);
		mem_close(&root.fd);
	}
}

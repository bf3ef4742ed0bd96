#include "sweep/retention.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/owned.h"
#include "base/stop.h"
#include "sweep/visit.h"

struct root {
	const struct retention_deps *deps;
	struct retention_result *result;
	const char *path;
	int fd;
	struct finding *delivered;
	size_t n, cap;
	size_t undelivered;
};

/* A directory left long ago by a recorder that died, or by a removal. */
static void
remove_empty(const struct root *root, const struct finding *f)
{
	const struct retention_deps *deps = root->deps;
	int64_t age_ms = clock_unix_ms() - f->facts.directory_ms;

	/* It fails unless the directory is empty. */
	if (f->facts.directory_ms > 0 && !deps->foreseen &&
	    deps->policy->keep_ms > 0 && age_ms > deps->policy->keep_ms &&
	    age_ms > deps->verdict->settle_ms)
		(void)unlinkat(root->fd, f->name, AT_REMOVEDIR);
}

static void
on_found(void *ctx, struct finding *f)
{
	struct root *root = ctx;

	if (f->verdict == VERDICT_NONE)
		remove_empty(root, f);
	else if (f->verdict != VERDICT_DONE)
		root->undelivered += f->verdict != VERDICT_GIVEN_UP;
	if (f->verdict != VERDICT_DONE || f->facts.is_refused)
		return;
	xgrow((void **)&root->delivered, &root->cap, root->n + 1,
	    sizeof(*root->delivered));
	root->delivered[root->n++] = *f;
	*f = (struct finding){ 0 };
}

static int
compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->facts.done_ms != y->facts.done_ms)
		return x->facts.done_ms < y->facts.done_ms ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Percent; 100 if unknown. */
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
is_over(const struct root *root, const struct finding_facts *facts)
{
	int64_t keep_ms = root->deps->policy->keep_ms;

	return facts->is_copy ||
	    (keep_ms > 0 &&
		(clock_unix_ms() - facts->done_ms >= keep_ms ||
		    is_disk_low(root)));
}

static void
note_failed(struct retention_result *result, const char *name,
    const struct err *e)
{
	bool is_out =
	    e->is_outage || e->retry_after_ms > 0 || e->class == ERR_REFUSED;

	result->worst = err_worse(result->worst, e->class);
	if (is_out)
		result->early = *e;
	log_warn("%s: not removed: %s%s", name, e->text,
	    is_out ? "; retention ends for this sweep" : "");
}

static void
count(struct retention_result *result, const char *name,
    enum removal_outcome outcome, const struct err *e)
{
	switch (outcome) {
	case REMOVAL_DONE:
		result->removed++;
		break;
	case REMOVAL_LOST:
		result->lost++;
		result->worst = err_worse(result->worst, ERR_PERMANENT);
		break;
	case REMOVAL_FAILED:
		note_failed(result, name, e);
		break;
	case REMOVAL_UNPROVEN:
		if (result->unproven++ == 0) {
			log_info("%s: kept: %s", name, e->text);
			break;
		}
		__attribute__((fallthrough));
	case REMOVAL_KEPT:
		log_debug("%s: kept: %s", name, e->text);
		break;
	}
}

static void
handle(const struct root *root, const char *name)
{
	const struct retention_deps *deps = root->deps;
	struct counts counts = { 0 };
	const struct removal removal = {
		.counts = &counts,
		.pipeline = deps->pipeline,
		.proof = (enum removal_proof)deps->policy->proof,
		.rootfd = root->fd,
		.root = root->path,
		.name = name,
	};
	enum removal_outcome outcome;
	struct err e = { 0 };

	if (deps->foreseen) {
		autofree char *path = xasprintf("%s/%s", root->path, name);

		text_list_add(deps->foreseen, path);
		return;
	}
	outcome = visit_remove(&removal, &e);
	if (outcome == REMOVAL_DONE && deps->gone)
		counters_add(deps->gone, &counts);
	count(root->result, name, outcome, &e);
}

static void
warn_of_disk(const struct root *root)
{
	if (root->deps->foreseen || !is_disk_low(root))
		return;
	log_error("%s: only %.1f %% of the disk is free, and nothing is left "
		  "that may be removed; %zu recordings are not delivered",
	    root->path, free_percent(root), root->undelivered);
}

static void
run_root(struct root *root, const struct text_list *self)
{
	struct retention_result *result = root->result;
	struct survey survey = {
		.policy = root->deps->verdict,
		.recording = &root->deps->pipeline->recording,
	};
	struct err ignored;

	(void)survey_roots(&survey, self, on_found, root, &ignored);
	if (root->n > 0)
		qsort(root->delivered, root->n, sizeof(*root->delivered),
		    compare);
	for (size_t i = 0; i < root->n; i++) {
		struct finding *f = &root->delivered[i];

		if (result->early.class == ERR_NONE &&
		    stop_check(&ignored) == 0 && is_over(root, &f->facts))
			handle(root, f->name);
		survey_free_finding(f);
	}
	if (result->early.class == ERR_NONE)
		warn_of_disk(root);
	free(root->delivered);
}

void
retention_run(const struct retention_deps *deps, const struct text_list *roots,
    struct retention_result *result)
{
	*result = (struct retention_result){ 0 };
	if (deps->policy->keep_ms == 0 && !deps->has_copies)
		return;
	for (size_t i = 0; i < roots->n; i++) {
		const struct text_list self = { &roots->items[i], 1 };
		struct root root = {
			.deps = deps,
			.result = result,
			.path = roots->items[i],
			.fd =
			    owned_open(roots->items[i], O_RDONLY | O_DIRECTORY),
		};

		if (root.fd != -1)
			run_root(&root, &self);
		mem_close(&root.fd);
	}
}

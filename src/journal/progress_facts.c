#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "journal/progress.h"
#include "journal/progress_internal.h"

static int
compare_facts(const void *a, const void *b)
{
	return strcmp(((const struct fact *)a)->path,
	    ((const struct fact *)b)->path);
}

struct fact *
progress_fact(const struct progress *p, const char *path)
{
	const struct fact key = { .path = (char *)path };
	void *const *node = tfind(&key, &p->facts, compare_facts);

	return node ? *node : NULL;
}

struct fact *
progress_fact_of(struct progress *p, const char *path)
{
	struct fact *fact = progress_fact(p, path);

	if (fact != NULL)
		return fact;
	fact = xcalloc(1, sizeof(*fact));
	fact->path = xstrdup(path);
	if (tsearch(fact, &p->facts, compare_facts) == NULL)
		mem_exhausted();
	return fact;
}

struct walk {
	void (*fact)(void *ctx, const struct fact *);
	void *ctx;
};

static void
walk_fact(const void *node, VISIT visit, void *closure)
{
	const struct walk *walk = closure;

	if (visit == postorder || visit == leaf)
		walk->fact(walk->ctx, *(struct fact *const *)node);
}

void
progress_each(const struct progress *p,
    void (*fact)(void *ctx, const struct fact *), void *ctx)
{
	struct walk walk = { fact, ctx };

	twalk_r(p->facts, walk_fact, &walk);
}

bool
fact_is_of(const struct fact *fact, int64_t stamp, int64_t mtime_ns)
{
	return fact->stamp ? fact->stamp == stamp : fact->mtime_ns == mtime_ns;
}

static int
compare_outdated(const void *a, const void *b)
{
	return strcmp(((const struct outdated *)a)->id,
	    ((const struct outdated *)b)->id);
}

static struct outdated *
outdated_of(const struct progress *p, const char *id)
{
	const struct outdated key = { .id = (char *)id };
	void *const *node =
	    id ? tfind(&key, &p->superseded, compare_outdated) : NULL;

	return node ? *node : NULL;
}

bool
progress_is_superseded(const struct progress *p, const char *id, int64_t size)
{
	const struct outdated *old = outdated_of(p, id);

	return old && (old->size == -1 || size == -1 || old->size == size);
}

struct outdated_walk {
	void (*old)(void *ctx, const struct outdated *);
	void *ctx;
};

static void
walk_outdated(const void *node, VISIT visit, void *closure)
{
	const struct outdated_walk *walk = closure;

	if (visit == postorder || visit == leaf)
		walk->old(walk->ctx, *(struct outdated *const *)node);
}

void
progress_each_outdated(const struct progress *p,
    void (*old)(void *ctx, const struct outdated *), void *ctx)
{
	struct outdated_walk walk = { old, ctx };

	twalk_r(p->superseded, walk_outdated, &walk);
}

static void
free_outdated(void *node)
{
	struct outdated *old = node;

	free(old->id);
	free(old);
}

void
progress_add_outdated(struct progress *p, const char *id, int64_t size)
{
	struct outdated *old = outdated_of(p, id);

	if (id == NULL)
		return;
	if (old == NULL) {
		old = xcalloc(1, sizeof(*old));
		old->id = xstrdup(id);
		if (tsearch(old, &p->superseded, compare_outdated) == NULL)
			mem_exhausted();
	}
	/* 0.1.0 did not record the size. */
	old->size = size > 0 ? size : -1;
}

void
progress_outdate(struct progress *p, const struct event *ev)
{
	progress_add_outdated(p, ev->id, ev->size);
}

void
progress_drop_outdated(struct progress *p, const char *id)
{
	struct outdated *old = outdated_of(p, id);

	if (old == NULL)
		return;
	(void)tdelete(old, &p->superseded, compare_outdated);
	free_outdated(old);
}

static void
free_fact(void *node)
{
	struct fact *fact = node;

	free(fact->path);
	free(fact->type);
	free(fact->sha256);
	free(fact->id);
	free(fact);
}

void
progress_forget_facts(struct progress *p)
{
	tdestroy(p->facts, free_fact);
	p->facts = NULL;
}

void
progress_free_facts(struct progress *p)
{
	progress_forget_facts(p);
	tdestroy(p->superseded, free_outdated);
	p->superseded = NULL;
}

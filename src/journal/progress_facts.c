#include <stdlib.h>

#include "base/mem.h"
#include "journal/progress.h"
#include "journal/progress_internal.h"

struct fact *
progress_fact(const struct progress *p, const char *path)
{
	return map_find(&p->facts, path);
}

struct fact *
progress_fact_of(struct progress *p, const char *path)
{
	return map_add(&p->facts, path, sizeof(struct fact));
}

void
progress_each(const struct progress *p,
    void (*fact)(void *ctx, const struct fact *), void *ctx)
{
	autofree struct fact **all = map_all(&p->facts);

	for (struct fact **at = all; *at; at++)
		fact(ctx, *at);
}

bool
fact_is_of(const struct fact *fact, int64_t stamp, int64_t mtime_ns)
{
	return fact->stamp ? fact->stamp == stamp : fact->mtime_ns == mtime_ns;
}

bool
progress_is_superseded(const struct progress *p, const char *id, int64_t size)
{
	const struct outdated *old = map_find(&p->superseded, id);

	return old && (old->size == -1 || size == -1 || old->size == size);
}

void
progress_each_outdated(const struct progress *p,
    void (*old)(void *ctx, const struct outdated *), void *ctx)
{
	autofree struct outdated **all = map_all(&p->superseded);

	for (struct outdated **at = all; *at; at++)
		old(ctx, *at);
}

static void
free_outdated(void *entry)
{
	struct outdated *old = entry;

	free(old->id);
	free(old);
}

void
progress_outdate(struct progress *p, const struct event *ev)
{
	struct outdated *old;

	if (ev->id == NULL)
		return;
	old = map_add(&p->superseded, ev->id, sizeof(*old));
	/* 0.1.0 did not record the size. */
	old->size = ev->size > 0 ? ev->size : -1;
}

void
progress_drop_outdated(struct progress *p, const char *id)
{
	struct outdated *old = map_find(&p->superseded, id);

	if (old == NULL)
		return;
	map_remove(&p->superseded, old);
	free_outdated(old);
}

static void
free_fact(void *entry)
{
	struct fact *fact = entry;

	free(fact->path);
	free(fact->type);
	free(fact->sha256);
	free(fact->id);
	free(fact);
}

void
progress_forget_facts(struct progress *p)
{
	map_free(&p->facts, free_fact);
}

void
progress_free_facts(struct progress *p)
{
	progress_forget_facts(p);
	map_free(&p->superseded, free_outdated);
}

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "journal/progress_internal.h"

struct begun *
progress_begun(const struct progress *p, const char *path)
{
	for (size_t i = 0; i < p->n_begun; i++)
		if (strcmp(p->begun[i].path, path) == 0)
			return &p->begun[i];
	return NULL;
}

static void
empty(struct begun *b)
{
	for (size_t i = 0; i < b->n; i++) {
		free(b->parts[i].etag);
		free(b->parts[i].md5);
		free(b->parts[i].sha256);
	}
	free(b->parts);
	free(b->path);
	free(b->key);
	free(b->id);
	*b = (struct begun){ 0 };
}

void
progress_end_parts(struct progress *p, const char *path)
{
	struct begun *b = progress_begun(p, path);

	if (b == NULL)
		return;
	empty(b);
	p->n_begun--;
	memmove(b, b + 1, (size_t)(p->begun + p->n_begun - b) * sizeof(*b));
}

void
progress_free_parts(struct progress *p)
{
	while (p->n_begun > 0)
		empty(&p->begun[--p->n_begun]);
	free(p->begun);
	p->begun = NULL;
	p->cap_begun = 0;
}

void
progress_begin_parts(struct progress *p, const struct event *ev)
{
	if (ev->id == NULL || ev->key == NULL || ev->size <= 0)
		return;
	progress_end_parts(p, ev->path);
	xgrow((void **)&p->begun, &p->cap_begun, p->n_begun + 1,
	    sizeof(*p->begun));
	p->begun[p->n_begun++] = (struct begun){
		.path = xstrdup(ev->path),
		.key = xstrdup(ev->key),
		.id = xstrdup(ev->id),
		.part_bytes = ev->size,
		.forced = ev->count,
	};
}

void
progress_add_part(struct progress *p, const struct event *ev)
{
	struct begun *b = progress_begun(p, ev->path);
	size_t number = (size_t)ev->count;

	if (b == NULL || ev->etag == NULL || ev->md5 == NULL || ev->count < 1 ||
	    number > PARTS_MOST)
		return;
	if (number > b->n) {
		xgrow((void **)&b->parts, &b->cap, number, sizeof(*b->parts));
		memset(&b->parts[b->n], 0, (number - b->n) * sizeof(*b->parts));
		b->n = number;
	}
	mem_replace(&b->parts[number - 1].etag, ev->etag);
	mem_replace(&b->parts[number - 1].md5, ev->md5);
	mem_replace(&b->parts[number - 1].sha256, ev->sha256);
}

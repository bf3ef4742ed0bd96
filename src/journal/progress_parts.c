#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "journal/progress_internal.h"

/* The sizes of a recording's parts cannot overflow when they are added. */
#define PART_BYTES_MOST (INT64_MAX / PARTS_MOST / 2)

struct begun *
progress_begun(const struct progress *p, const char *path)
{
	return map_find(&p->begun, path);
}

static void
free_begun(void *entry)
{
	struct begun *b = entry;

	for (size_t i = 0; i < b->n; i++) {
		free(b->parts[i].etag);
		free(b->parts[i].md5);
		free(b->parts[i].sha256);
	}
	free(b->parts);
	free(b->path);
	free(b->key);
	free(b->id);
	free(b);
}

void
progress_end_parts(struct progress *p, const char *path)
{
	struct begun *b = progress_begun(p, path);

	if (b == NULL)
		return;
	map_remove(&p->begun, b);
	free_begun(b);
}

void
progress_free_parts(struct progress *p)
{
	map_free(&p->begun, free_begun);
}

void
progress_begin_parts(struct progress *p, const struct event *ev)
{
	struct begun *b;

	if (ev->id == NULL || ev->key == NULL || ev->size <= 0 ||
	    ev->size > PART_BYTES_MOST)
		return;
	progress_end_parts(p, ev->path);
	b = map_add(&p->begun, ev->path, sizeof(*b));
	b->key = xstrdup(ev->key);
	b->id = xstrdup(ev->id);
	b->part_bytes = ev->size;
	b->forced = ev->count;
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

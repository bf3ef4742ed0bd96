#include <stdlib.h>

#include "base/mem.h"
#include "delivery/upload_internal.h"

/* When its next try, or the list that it waits for, is due. */
static int64_t
next_ms_of(const struct upload *u, const struct item *item)
{
	if (item->retry.failures == 0)
		return INT64_MAX;
	if (item->state == ITEM_READY)
		return item->due_ms;
	return item->state == ITEM_ASK && !u->is_listing ? u->list_due_ms
							 : INT64_MAX;
}

static void
count_item(struct watch_view *v, const struct upload *u,
    const struct item *item)
{
	int64_t next_ms = next_ms_of(u, item);

	v->failures += item->retry.failures;
	v->stored_bytes -= item->artifact->size;
	if (item->state == ITEM_STORED) {
		v->stored++;
		v->stored_bytes += item->size;
	}
	if (next_ms == INT64_MAX)
		return;
	if (v->n_waiting++ == 0 || next_ms < v->next_ms)
		v->next_ms = next_ms;
}

/* Artifacts that are not items were stored before. */
static void
count_all(struct watch_view *v, const struct upload *u)
{
	const struct recording *rec = u->deps->recording;

	v->artifacts = rec->n;
	v->stored = rec->n - u->n;
	for (size_t i = 0; i < rec->n; i++)
		v->bytes += rec->artifacts[i].size;
	v->stored_bytes = v->bytes;
	for (size_t i = 0; i < u->n; i++)
		count_item(v, u, &u->items[i]);
}

/* How many bytes of its parts are certainly stored. */
static int64_t
stored_bytes(const struct parts *p)
{
	int64_t bytes = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->all[i].is_stored)
			bytes += upload_part_size(p, i);
	return bytes;
}

/* A file in parts has several transfers. */
static void
look_at_flight(struct watch_view *v, struct watch_flight *flights,
    const struct http_move *move)
{
	const struct item *item = move->request->owner;
	struct watch_flight *f = flights;

	while (f < flights + v->n_flights && f->path != item->artifact->path)
		f++;
	if (f < flights + v->n_flights) {
		f->acknowledged += move->acknowledged;
		return;
	}
	v->n_flights++;
	*f = (struct watch_flight){
		.path = item->artifact->path,
		.size = item->flight->size,
		.acknowledged = move->acknowledged,
		.is_storing = move->sent_ms != 0,
		.started_ms = item->flight->started_ms,
		.sent_ms = move->sent_ms,
		.failures = item->retry.failures,
	};
	if (item->parts == NULL)
		return;
	f->acknowledged = stored_bytes(item->parts);
	f->is_storing = f->acknowledged == f->size;
	if (!f->is_storing)
		f->acknowledged += move->acknowledged;
}

void
upload_watch(void *ctx)
{
	const struct upload *u = ctx;
	const struct watch *watch = u->deps->watch;
	size_t n = http_moves(u->deps->to.http, NULL, 0);
	autofree struct http_move *moves = xcalloc(n + 1, sizeof(*moves));
	autofree struct watch_flight *flights =
	    xcalloc(n + 1, sizeof(*flights));
	struct watch_view view = { .flights = flights };

	(void)http_moves(u->deps->to.http, moves, n);
	/* A token request has no item, and sends no artifact. */
	for (size_t i = 0; i < n; i++)
		if (moves[i].request->owner)
			look_at_flight(&view, flights, &moves[i]);
	count_all(&view, u);
	watch->look(watch->ctx, &view);
}

#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/upload_internal.h"

enum { STEP_MS = 250 };

bool
upload_ahead_is_of_use(int64_t size, int64_t part_bytes)
{
	return part_bytes > 0 && flight_behind(size, part_bytes) > part_bytes;
}

/* Follow the growth of the file. */
static void
follow(struct item *item)
{
	struct parts *p = item->parts;
	struct flight *f = item->flight;
	int64_t size;

	if (p->step != PART_PUT || fstat(f->fd, &f->st) == -1)
		return;
	size = flight_behind(f->st.st_size, p->part_bytes);
	if (size <= f->size)
		return;
	f->size = size;
	p->n = upload_parts_of(size, p->part_bytes);
	upload_parts_reserve(p, p->n);
}

/* False when a part was only read, and others can follow at once. */
static bool
send_due(struct upload *u, struct item *item, bool stays)
{
	size_t most = (size_t)u->deps->policy->parallel;
	size_t n_flying = u->n_flying;
	int64_t now = clock_mono_ms();

	if (stays)
		follow(item);
	for (; item->parts && n_flying < most; n_flying++) {
		if (upload_parts_due(u, &now) == NULL)
			return true;
		upload_parts_go(item);
		if (u->n_flying == n_flying)
			return false;
	}
	return true;
}

static void
take_ended(struct upload *u, int64_t until_ms)
{
	struct http_transfer *t = http_next(u->deps->to.http, until_ms);

	for (; t != NULL; t = http_next(u->deps->to.http, clock_mono_ms()))
		upload_ended(u, t);
	(void)journal_commit_soon(u->deps->journal);
}

/* Let transfers finish, unless somebody comes meanwhile. */
static void
end(struct upload *u, int64_t left, int64_t (*left_ms)(void *ctx), void *ctx)
{
	int64_t end_ms = INT64_MAX;

	upload_parts_give_up(u);
	for (;; left = left_ms(ctx)) {
		if (left >= 0 && clock_mono_ms() + left < end_ms)
			stop_at(end_ms = clock_mono_ms() + left);
		if (u->n_flying == 0)
			return;
		take_ended(u, clock_mono_ms() + STEP_MS);
	}
}

static bool
is_sent(const struct upload *u, const struct item *item)
{
	return item->parts && item->parts->step == PART_PUT && u->n_flying == 0;
}

static int
send_parts(struct upload *u, struct item *item, bool stays,
    int64_t (*left_ms)(void *ctx), void *ctx, struct err *e)
{
	const struct begun *b =
	    progress_begun(&u->deps->journal->progress, item->artifact->path);
	int64_t left = -1;
	bool is_waiting;

	if (upload_open_flight(u, item, NULL) == -1)
		return -1;
	/* It was rewritten meanwhile. */
	if (item->flight->part_bytes == 0) {
		upload_free_flight(item);
		return 0;
	}
	item->flight->is_growing = true;
	item->state = ITEM_FLYING;
	item->flight->size = flight_behind(item->flight->st.st_size,
	    b ? b->part_bytes : item->flight->part_bytes);
	upload_parts_open(u, item);
	while (
	    item->parts && stop_check(e) == 0 && (left = left_ms(ctx)) == -1) {
		is_waiting = send_due(u, item, stays);
		if (!stays && is_waiting && is_sent(u, item))
			break;
		take_ended(u, clock_mono_ms() + (is_waiting ? STEP_MS : 0));
	}
	if (item->parts == NULL)
		return item->goes_whole ? 0 : -1;
	end(u, left == -1 ? 0 : left, left_ms, ctx);
	return 0;
}

int
upload_ahead(const struct upload_deps *deps, const struct progress *place,
    const struct artifact *a, bool stays, int64_t (*left_ms)(void *ctx),
    void *ctx, struct err *e)
{
	struct upload u = {
		.deps = deps,
		.totals = &(struct upload_totals){ 0 },
		.mimetype = mimetype_open(),
		.items = xcalloc(1, sizeof(struct item)),
		.sync_due_ms = INT64_MAX,
	};
	struct item *item = upload_add_item(&u, place, a);
	int result = send_parts(&u, item, stays, left_ms, ctx, e);

	if (item->err != NULL)
		*e = *item->err;
	journal_commit(deps->journal);
	upload_free(&u);
	return result;
}

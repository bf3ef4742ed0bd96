#include "delivery/upload.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/upload_internal.h"
#include "remote/request.h"

/* Sending */

/* The next item of one kind that was never tried; NULL: none left. */
static struct item *
next_fresh(struct upload *u, size_t *cursor, bool is_media)
{
	for (; *cursor < u->n; (*cursor)++) {
		struct item *item = &u->items[*cursor];

		if (item->artifact->is_media != is_media || !item->is_fresh)
			continue;
		if (item->state == ITEM_ASK)
			return NULL;
		if (item->state == ITEM_READY)
			return item;
	}
	return NULL;
}

static struct item *
take_waiting(struct upload *u, int64_t now)
{
	for (size_t i = 0; i < u->n_waiting; i++) {
		struct item *item = u->waiting[i];

		if (item->due_ms > now)
			continue;
		u->waiting[i] = u->waiting[--u->n_waiting];
		return item;
	}
	return NULL;
}

static size_t
slots(const struct upload *u)
{
	return upload_is_cautious(u) ? 1 : (size_t)u->deps->policy->parallel;
}

/* One slot is for media from the start, the others are for the rest. */
static struct item *
next_item(struct upload *u)
{
	int64_t now = clock_mono_ms();
	struct item *item = take_waiting(u, now);
	struct item *media, *sidecar;

	if (item != NULL)
		return item;
	/* Finish files in parts before beginning the next file. */
	media = upload_parts_due(u, &now);
	if (media == NULL)
		media = next_fresh(u, &u->next_media, true);
	sidecar = next_fresh(u, &u->next_sidecar, false);
	if (media == NULL || sidecar == NULL)
		return media ? media : sidecar;
	if (upload_is_cautious(u))
		return u->futility > 0 ? media : sidecar;
	if (u->deps->policy->parallel == 1)
		return media < sidecar ? media : sidecar;
	return u->n_media_flying == 0 ? media : sidecar;
}

/* The loop */

int
upload_open_flight(struct upload *u, struct item *item, const struct fact *fact)
{
	const struct progress *p = &u->deps->journal->progress;
	const struct flight_target target = {
		.to = &u->deps->to,
		.use = &item->auth_use,
		.progress = p,
		.name = &item->remote,
		.generation = fact ? fact->generation : 0,
		.goes_whole = item->goes_whole,
		.is_hashed = u->deps->policy->checksum == CHECKSUM_SHA256 &&
		    !u->deps->is_ahead,
		.is_ahead = u->deps->is_ahead,
	};
	struct err e;

	item->flight = xcalloc(1, sizeof(*item->flight));
	if (flight_open(item->flight, u->deps->recording, item->artifact,
		u->mimetype, &target, &e) == 0)
		return 0;
	if (e.class == ERR_INTERRUPTED)
		item->state = ITEM_FAILED;
	else if (item->flight->is_stale || item->flight->is_passing)
		upload_not_stored(u, item, NULL, &e);
	else
		upload_fail(u, item, &e);
	upload_free_flight(item);
	return -1;
}

static void
start_item(struct upload *u, struct item *item)
{
	const struct progress *p = &u->deps->journal->progress;
	const struct fact *fact = progress_fact(p, item->artifact->path);

	if (upload_open_flight(u, item, fact) == -1)
		return;
	/* What may be there is another version by now. */
	item->is_rewritten |=
	    item->is_unknown && item->stamp != item->flight->stamp;
	item->is_fresh = false;
	item->size = item->flight->size;
	item->mtime_ns = item->flight->mtime_ns;
	item->stamp = item->flight->stamp;
	item->state = ITEM_FLYING;
	if (item->flight->part_bytes > 0) {
		upload_parts_open(u, item);
		return;
	}
	if (!upload_note_sending(u, item)) {
		upload_free_flight(item);
		return;
	}
	item->flight->request.owner = item;
	u->n_flying++;
	u->n_media_flying += item->artifact->is_media;
	http_start(u->deps->to.http, &item->flight->request);
}

/* Nothing more is sent; what was tried fails with its error. */
static void
fail_rest(struct upload *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct item *item = &u->items[i];

		if (item->state != ITEM_ASK && item->state != ITEM_READY)
			continue;
		if (item->err)
			upload_fail(u, item, item->err);
		n += item->state != ITEM_FAILED;
		item->state = ITEM_FAILED;
	}
	u->totals->failed += n;
	u->n_ask = u->n_waiting = 0;
	if (n > 0)
		log_error("not tried, as too many uploads failed: %zu of %zu "
			  "artifacts",
		    n, u->n);
}

static void
start_due(struct upload *u)
{
	struct item *item;
	size_t n_flying;

	if (u->futility >= UPLOAD_FUTILE) {
		upload_parts_give_up(u);
		fail_rest(u);
		return;
	}
	if (u->n_ask > 0 && !u->is_listing && u->list_due_ms <= clock_mono_ms())
		upload_list_start(u);
	while (u->n_flying < slots(u) && (item = next_item(u)) != NULL) {
		if (item->parts == NULL) {
			start_item(u, item);
			continue;
		}
		n_flying = u->n_flying;
		upload_parts_go(item);
		/* That took time: handle active transfers first. */
		if (u->n_flying == n_flying)
			return;
	}
}

static int64_t
next_due_ms(const struct upload *u)
{
	int64_t due = u->sync_due_ms;

	if (u->n_ask > 0 && !u->is_listing && u->list_due_ms < due)
		due = u->list_due_ms;
	if (u->n_flying >= slots(u))
		return due;
	for (size_t i = 0; i < u->n_waiting; i++)
		if (u->waiting[i]->due_ms < due)
			due = u->waiting[i]->due_ms;
	(void)upload_parts_due(u, &due);
	return due;
}

void
upload_ended(struct upload *u, struct http_transfer *t)
{
	const struct http_request *request = http_answer_of(t)->request;
	struct item *item = request->owner;

	if (request == &u->inventory.request)
		upload_list_done(u, http_answer_of(t));
	else if (item->parts)
		upload_parts_ended((struct call *)request, http_answer_of(t));
	else
		upload_put_ended(u, item, http_answer_of(t));
	http_release(t);
}

static int
send_all(struct upload *u, struct err *e)
{
	for (;;) {
		bool is_stopped = stop_check(e) == -1 ||
		    journal_check(u->deps->journal, e) == -1;
		struct http_transfer *t;

		if (!is_stopped)
			start_due(u);
		if (u->n_flying == 0 && !u->is_listing) {
			if (is_stopped)
				return -1;
			if (u->n_ask == 0 && u->n_waiting == 0 &&
			    u->open == NULL)
				return journal_check(u->deps->journal, e);
		}
		t = http_next(u->deps->to.http,
		    is_stopped ? u->sync_due_ms : next_due_ms(u));
		while (t != NULL) {
			upload_ended(u, t);
			t = http_next(u->deps->to.http, clock_mono_ms());
		}
		u->sync_due_ms = journal_commit_soon(u->deps->journal);
	}
}

/*
 * Combine all failures into one error, with the worst class and one name: the
 * journal keeps this text for every visit.
 */
static int
sum_up(const struct upload *u, struct err *e)
{
	autofree char *more = NULL;
	const struct item *named = NULL;
	struct err sum = { .is_outage = true };
	size_t failed = 0;

	for (size_t i = 0; i < u->n; i++) {
		const struct item *item = &u->items[i];

		if (item->state != ITEM_FAILED)
			continue;
		failed++;
		if (item->err == NULL)
			continue;
		sum.class = err_worse(sum.class, item->err->class);
		sum.is_outage &= item->err->is_outage;
		if (item->err->retry_after_ms > sum.retry_after_ms)
			sum.retry_after_ms = item->err->retry_after_ms;
		named = named ? named : item;
	}
	if (named == NULL)
		return 0;
	more = failed > 1 ? xasprintf("; and %zu more", failed - 1) : NULL;
	(void)err_set(e, sum.class, "%s: %s%s", named->artifact->path,
	    named->err->text, more ? more : "");
	e->is_outage = sum.is_outage;
	e->retry_after_ms = sum.retry_after_ms;
	return -1;
}

/* Many outcomes share one line, as each visit may write one. */
struct outcomes {
	enum event_kind kind;
	struct text_list paths;
	size_t bytes;   /* of paths */
	int64_t status; /* of the last one */
};

static void
note_outcomes(struct upload *u, struct outcomes *o)
{
	if (o->paths.n > 0)
		journal_note(u->deps->journal,
		    (struct event){
			.kind = o->kind,
			.paths = &o->paths,
			.status = o->status,
		    });
	text_list_free(&o->paths);
	o->bytes = 0;
}

static void
add_outcome(struct upload *u, struct outcomes *o, const struct item *item,
    int64_t status)
{
	o->status = status;
	o->bytes += strlen(item->artifact->path);
	text_list_add(&o->paths, item->artifact->path);
	if (o->bytes > UPLOAD_AHEAD_BYTES)
		note_outcomes(u, o);
}

/*
 * Refused means that the application answered that it did not store it; each
 * outcome is about the version that was sent.
 */
static void
note_outcome(struct upload *u, const struct item *item, struct outcomes *absent,
    struct outcomes *refused)
{
	const struct fact *fact =
	    progress_fact(&u->deps->journal->progress, item->artifact->path);
	bool was_unknown = fact && fact->is_unknown;
	bool is_known = was_unknown && fact->stamp == item->stamp &&
	    fact->status == item->status;

	if (item->state == ITEM_STORED)
		return;
	if (!item->is_unknown && !item->is_blind && was_unknown)
		add_outcome(u, absent, item, 0);
	if (!item->is_unknown || !item->is_sent || is_known)
		return;
	if (destination_may_be_storing(item->status))
		journal_note(u->deps->journal,
		    (struct event){
			.kind = EVENT_UNKNOWN,
			.path = item->artifact->path,
			.size = item->size,
			.sha256 = item->sha256,
			.status = item->status,
		    });
	else
		add_outcome(u, refused, item, item->status);
}

/*
 * The journal now says that everything may be in progress.  A doubt and its
 * reason are noted again only if they change.
 */
static void
note_idle(struct upload *u)
{
	struct outcomes absent = { .kind = EVENT_ABSENT };
	struct outcomes refused = { .kind = EVENT_UNKNOWN };

	for (size_t i = 0; i < u->n; i++)
		note_outcome(u, &u->items[i], &absent, &refused);
	note_outcomes(u, &absent);
	note_outcomes(u, &refused);
	journal_note(u->deps->journal, (struct event){ .kind = EVENT_IDLE });
}

int
upload_run(const struct upload_deps *deps, struct upload_totals *totals,
    struct err *e)
{
	struct upload u = {
		.deps = deps,
		.totals = totals,
		.mimetype = mimetype_open(),
		.list_due_ms = INT64_MAX,
		.sync_due_ms = INT64_MAX,
	};
	int result;

	u.ahead = upload_is_cautious(&u) ? 1 : UPLOAD_AHEAD;
	upload_plan(&u);
	if (deps->watch)
		http_on_tick(deps->to.http, upload_watch, &u);
	result = send_all(&u, e);
	upload_parts_give_up(&u);
	if (deps->watch) {
		http_on_tick(deps->to.http, NULL, NULL);
		deps->watch->end(deps->watch->ctx);
	}
	if (u.n > 0)
		note_idle(&u);
	if (result == 0)
		upload_find_replaced(&u);
	journal_commit(deps->journal);
	if (result == 0)
		result = sum_up(&u, e);
	upload_free(&u);
	return result;
}

#include "delivery/upload.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/upload_internal.h"
#include "remote/request.h"

enum {
	AHEAD = 4, /* small artifacts whose sending is noted at once ... */
	AHEAD_MOST = 256,        /* ... and so many as long as it goes well */
	AHEAD_BYTES = 32 * 1024, /* of their paths: a line has a limit */
	NAMED_FAILURES = 1,      /* the journal keeps it, of every visit */
};

/* Sending */

/* The next item that was never tried, of one kind; NULL: none is left. */
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
	struct item *item = take_waiting(u, clock_mono_ms());
	struct item *media, *sidecar;

	if (item != NULL)
		return item;
	media = next_fresh(u, &u->next_media, true);
	sidecar = next_fresh(u, &u->next_sidecar, false);
	if (media == NULL || sidecar == NULL)
		return media ? media : sidecar;
	if (upload_is_cautious(u))
		return sidecar;
	if (u->deps->policy->parallel == 1)
		return media < sidecar ? media : sidecar;
	return u->n_media_flying == 0 ? media : sidecar;
}

/*
 * Before its first byte leaves, the journal says so: after a crash it is
 * known what the server may have.  Small artifacts are noted in advance.
 */
static void
note_sending(struct upload *u, const struct item *item)
{
	const struct progress *p = &u->deps->journal->progress;
	const struct fact *fact = progress_fact(p, item->artifact->path);
	struct text_list paths = { 0 };
	int64_t stamps[AHEAD_MOST];
	size_t bytes = 0;

	if (fact && fact->is_sending && fact->stamp == item->stamp)
		return;
	for (const struct item *next = item; next < u->items + u->n; next++) {
		const struct artifact *a = next->artifact;

		if (paths.n == u->ahead || bytes > AHEAD_BYTES ||
		    (next != item &&
			(next->state != ITEM_READY ||
			    next->size > FLIGHT_SMALL_BYTES)))
			break;
		stamps[paths.n] = next->stamp;
		text_list_add(&paths, a->path);
		bytes += strlen(a->path);
	}
	journal_note(u->deps->journal,
	    (struct event){
		.kind = EVENT_SENDING,
		.paths = &paths,
		.stamps = stamps,
	    });
	journal_commit(u->deps->journal);
	text_list_free(&paths);
	if (u->totals->sent > 0 && u->ahead < AHEAD_MOST)
		u->ahead *= 2;
}

/* The loop */

static void
start_item(struct upload *u, struct item *item)
{
	const struct progress *p = &u->deps->journal->progress;
	const struct fact *fact = progress_fact(p, item->artifact->path);
	const struct flight_target target = {
		.policy = u->deps->filestore,
		.auth = u->deps->auth,
		.use = &item->auth_use,
		.meeting_id = p->meeting_id,
		.name = &item->remote,
		.forced = p->forced,
		.generation = fact ? fact->generation : 0,
		.is_hashed = u->deps->policy->checksum == CHECKSUM_SHA256,
	};
	struct err e;

	item->flight = xcalloc(1, sizeof(*item->flight));
	if (flight_open(item->flight, u->deps->recording, item->artifact,
		u->mimetype, &target, &e) == -1) {
		if (e.class == ERR_INTERRUPTED)
			item->state = ITEM_FAILED;
		else if (item->flight->is_stale || item->flight->is_passing)
			upload_not_stored(u, item, NULL, &e);
		else
			upload_fail(u, item, &e);
		upload_free_flight(item);
		return;
	}
	item->is_fresh = false;
	item->size = item->flight->size;
	item->mtime_ns = item->flight->mtime_ns;
	item->stamp = item->flight->stamp;
	note_sending(u, item);
	item->flight->request.owner = item;
	item->state = ITEM_FLYING;
	u->n_flying++;
	u->n_media_flying += item->artifact->is_media;
	http_start(u->deps->http, &item->flight->request);
}

/* What was not tried fails as the last that was tried did. */
static void
fail_rest(struct upload *u)
{
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct item *item = &u->items[i];

		if (item->state != ITEM_ASK && item->state != ITEM_READY)
			continue;
		item->state = ITEM_FAILED;
		n++;
	}
	u->totals->failed += n;
	u->n_ask = u->n_waiting = 0;
	if (n > 0)
		log_error("%zu more artifacts are not tried now", n);
}

static void
start_due(struct upload *u)
{
	struct item *item;

	if (u->futility >= UPLOAD_FUTILE) {
		fail_rest(u);
		return;
	}
	if (u->n_ask > 0 && !u->is_listing && u->list_due_ms <= clock_mono_ms())
		upload_list_start(u);
	while (u->n_flying < slots(u) && (item = next_item(u)) != NULL)
		start_item(u, item);
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
	return due;
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
			if (u->n_ask == 0 && u->n_waiting == 0)
				return 0;
		}
		t = http_next(u->deps->http, next_due_ms(u));
		while (t != NULL) {
			upload_ended(u, t);
			t = http_next(u->deps->http, clock_mono_ms());
		}
		u->sync_due_ms = journal_commit_soon(u->deps->journal);
	}
}

/* One error for all that failed: the worst of each, and names. */
static int
sum_up(const struct upload *u, struct err *e)
{
	autobuf struct buf text = { 0 };
	struct err sum = { .is_outage = true };
	size_t failed = 0, named = 0;

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
		if (named == NAMED_FAILURES)
			continue;
		(void)buf_addf(&text, "%s%s: %s", named > 0 ? "; " : "",
		    item->artifact->path, item->err->text);
		named++;
	}
	if (failed == 0)
		return 0;
	if (failed > named)
		(void)buf_addf(&text, "; and %zu more", failed - named);
	(void)err_set(e, sum.class, "%s", buf_str(&text));
	e->is_outage = sum.is_outage;
	e->retry_after_ms = sum.retry_after_ms;
	return -1;
}

static void
note_outcome(struct upload *u, const struct item *item)
{
	const struct fact *fact =
	    progress_fact(&u->deps->journal->progress, item->artifact->path);
	bool was_unknown = fact && fact->is_unknown;
	const char *sha256 =
	    filestore_may_be_storing(item->status) ? item->sha256 : NULL;
	bool is_known = was_unknown && fact->stamp == item->stamp &&
	    fact->status == item->status;

	if (item->state == ITEM_STORED || item->is_rewritten)
		return;
	if (!item->is_unknown && !item->is_blind && was_unknown)
		upload_note(u, item, EVENT_ABSENT);
	if (item->is_unknown && !is_known)
		journal_note(u->deps->journal,
		    (struct event){
			.kind = EVENT_UNKNOWN,
			.path = item->artifact->path,
			.size = sha256 ? item->size : 0,
			.stamp = item->stamp,
			.sha256 = sha256,
			.status = item->status,
		    });
}

/*
 * Until now the journal has it that all of it may be under way; what is in
 * doubt, and why, is worth a line only where that changes.
 */
static void
note_idle(struct upload *u)
{
	for (size_t i = 0; i < u->n; i++)
		note_outcome(u, &u->items[i]);
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

	u.ahead = upload_is_cautious(&u) ? 1 : AHEAD;
	upload_plan(&u);
	if (deps->watch)
		http_on_tick(deps->http, upload_watch, &u);
	result = send_all(&u, e);
	if (deps->watch) {
		http_on_tick(deps->http, NULL, NULL);
		deps->watch->end(deps->watch->ctx);
	}
	if (u.n > 0)
		note_idle(&u);
	journal_commit(deps->journal);
	if (result == 0)
		result = sum_up(&u, e);
	upload_free(&u);
	return result;
}

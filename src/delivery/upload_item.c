#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

enum { AHEAD_MOST = 256 }; /* while there are no failures */

/*
 * After a failure, and in a sweep's visit, one item is sent at a time, a small
 * one first and the media if it fails, until one is stored: failures then cost
 * little.
 */
bool
upload_is_cautious(const struct upload *u)
{
	return u->totals->sent == 0 && !u->has_moved &&
	    (u->deps->journal->progress.failures > 0 ||
		u->deps->to.retry->tries == 1);
}

void
upload_note(struct upload *u, const struct item *item, enum event_kind kind)
{
	journal_note(u->deps->journal,
	    (struct event){ .kind = kind, .path = item->artifact->path });
}

void
upload_note_record(struct journal *j, enum event_kind kind, const char *path,
    const char *id, int64_t size)
{
	journal_note(j,
	    (struct event){ kind, .path = path, .id = id, .size = size });
}

void
upload_restate(struct journal *j, const struct fact *fact, const char *id,
    bool is_whole)
{
	journal_note(j,
	    (struct event){
		.kind = EVENT_STORED,
		.path = fact->path,
		.size = fact->size,
		.mtime_ns = fact->mtime_ns,
		.stamp = fact->stamp,
		.type = fact->type,
		.sha256 = fact->sha256,
		.id = id,
		.is_whole = is_whole,
	    });
}

/* According to the journal, may the server be storing this version? */
static bool
is_in_doubt(const struct fact *fact, const struct item *item)
{
	if (fact == NULL || fact->stamp != item->stamp)
		return false;
	return fact->is_sending ||
	    (fact->is_unknown && destination_may_be_storing(fact->status));
}

/*
 * The journal notes an upload before its first byte is sent, so that after a
 * crash it is known what the server may have.  Small artifacts are noted in
 * advance.
 */
static void
note_sending(struct upload *u, const struct item *item)
{
	struct text_list paths = { 0 };
	int64_t stamps[AHEAD_MOST];
	size_t bytes = 0;

	for (const struct item *next = item; next < u->items + u->n; next++) {
		const struct artifact *a = next->artifact;

		if (paths.n == u->ahead || bytes > UPLOAD_AHEAD_BYTES ||
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
	if (u->ahead < (u->totals->sent > 0 ? AHEAD_MOST : UPLOAD_AHEAD))
		u->ahead *= 2;
}

/* Nobody knows whether it is there: count it. */
static void
note_blind(struct upload *u, struct item *item, const struct fact *fact)
{
	char *path = item->artifact->path;
	const struct text_list paths = { &path, 1 };

	/* No later list can prove this version. */
	if (item->is_rewritten && !(fact && fact->has_older))
		upload_note(u, item, EVENT_SUPERSEDED);
	journal_note(u->deps->journal,
	    (struct event){
		.kind = EVENT_AMBIGUOUS,
		.paths = &paths,
		.stamps = &item->stamp,
	    });
	journal_commit(u->deps->journal);
	item->is_unknown = item->is_accepted = false;
}

bool
upload_note_sending(struct upload *u, struct item *item)
{
	const struct progress *p = &u->deps->journal->progress;
	const struct fact *fact = progress_fact(p, item->artifact->path);

	if (item->is_blind)
		note_blind(u, item, fact);
	else if (!is_in_doubt(fact, item))
		note_sending(u, item);
	/* Another process may have the journal by now, and send. */
	if (u->deps->journal->is_lost)
		item->state = ITEM_FAILED;
	else
		item->is_sent = true;
	return !u->deps->journal->is_lost;
}

void
upload_fail(struct upload *u, struct item *item, const struct err *e)
{
	if (item->err == NULL)
		item->err = xmalloc(sizeof(*item->err));
	if (item->err != e)
		*item->err = *e;
	item->state = ITEM_FAILED;
	u->totals->failed++;
	if (!u->deps->is_ahead)
		log_error("%s: %s", item->artifact->path, item->err->text);
}

void
upload_make_ready(struct upload *u, struct item *item, int64_t due_ms)
{
	item->state = ITEM_READY;
	item->due_ms = due_ms;
	if (item->is_fresh && item->retry.failures == 0)
		return;
	item->is_fresh = false;
	xgrow((void **)&u->waiting, &u->cap_waiting, u->n_waiting + 1,
	    sizeof(struct item *));
	u->waiting[u->n_waiting++] = item;
}

void
upload_ask(struct upload *u, struct item *item, int64_t list_due_ms)
{
	item->state = ITEM_ASK;
	u->n_ask++;
	if (list_due_ms < u->list_least_ms)
		list_due_ms = u->list_least_ms;
	if (list_due_ms < u->list_due_ms)
		u->list_due_ms = list_due_ms;
}

char *
upload_type_of(struct upload *u, const struct artifact *a)
{
	struct err ignored;
	struct stat st;
	autoclose int fd =
	    recording_open_artifact(u->deps->recording, a->path, &st, &ignored);

	return fd == -1 ? NULL : xstrdup(mimetype_of(u->mimetype, fd, a->path));
}

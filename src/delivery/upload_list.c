#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"
#include "remote/request.h"

enum { LAST_PAUSE_MS = 30000 };

/* An artifact of an earlier run may always be sent. */
static bool
can_repeat(const struct upload *u, const struct item *item, int64_t at_ms)
{
	return item->err == NULL ||
	    (item->may_repeat &&
		retry_is_allowed(u->deps->retry, &item->retry, at_ms));
}

static void
send_or_fail(struct upload *u, struct item *item)
{
	u->n_ask--;
	if (can_repeat(u, item, clock_mono_ms()))
		upload_make_ready(u, item, item->due_ms);
	else
		upload_fail(u, item, item->err);
}

static void
settle_stored(struct upload *u, struct item *item,
    const struct remote_record *record)
{
	const struct artifact *a = item->artifact;

	/* It was not sent now. */
	if (item->type == NULL)
		item->type = upload_type_of(u, a);
	journal_note(u->deps->journal,
	    (struct event){
		.kind = EVENT_STORED,
		.path = a->path,
		.size = item->size,
		.mtime_ns = item->mtime_ns,
		.stamp = item->stamp,
		.type = item->type,
		.sha256 = item->sha256,
		.id = record->id,
	    });
	item->state = ITEM_STORED;
	u->n_ask--;
	u->totals->found++;
	log_info("%s: the server has it already", a->path);
}

static void
note_superseded(struct upload *u, const struct item *item,
    const struct remote_record *record)
{
	if (record)
		journal_note(u->deps->journal,
		    (struct event){
			.kind = EVENT_SUPERSEDED,
			.path = item->artifact->path,
			.id = record->id,
			.size = record->size,
		    });
}

/*
 * None of what is there now is the version that is sent next, as far as
 * anybody knows: a record that the journal does not know may be, where a run
 * could not write the journal.
 */
static void
settle_rewritten(struct upload *u, struct item *item)
{
	const struct inventory *inv = &u->inventory;
	const struct fact *fact =
	    progress_fact(&u->deps->journal->progress, item->artifact->path);
	size_t n;
	struct remote_record *records =
	    inventory_find(inv, item->remote.path, &n);

	const struct remote_record *known =
	    inventory_find_id(inv, fact ? fact->id : NULL);
	bool is_ambiguous = false;

	note_superseded(u, item, known);
	for (size_t i = 0; i < n; i++) {
		is_ambiguous |= &records[i] != known &&
		    (records[i].size == item->size || records[i].size == -1);
		note_superseded(u, item, &records[i]);
	}
	if (is_ambiguous)
		upload_note(u, item, EVENT_AMBIGUOUS);
	upload_note(u, item, EVENT_ABSENT);
	item->is_rewritten = item->is_unknown = item->is_accepted = false;
	send_or_fail(u, item);
}

/* The server does not have it, and had its time: send it (again). */
static void
settle_absent(struct upload *u, struct item *item)
{
	const struct fact *fact =
	    progress_fact(&u->deps->journal->progress, item->artifact->path);
	struct err e;

	if (!item->is_accepted) {
		/* It was stored, and is lost: the same key would be taken for
		 * a repeat. */
		if (fact && fact->id)
			journal_note(u->deps->journal,
			    (struct event){
				.kind = EVENT_LOST,
				.path = item->artifact->path,
				.id = fact->id,
				.size = fact->size,
			    });
		/* Under a name of its own it may be there all the same. */
		if (item->is_unknown && u->is_renaming)
			upload_note(u, item, EVENT_AMBIGUOUS);
		else if (fact && fact->has_older)
			upload_note(u, item, EVENT_ABSENT);
		item->is_unknown = false;
		send_or_fail(u, item);
		return;
	}
	u->n_ask--;
	(void)err_set(&e, ERR_CONFIG,
	    "the server took it, and its list does not show it; if it is "
	    "lost: jibri-finalize upload --force %s",
	    u->deps->recording->path);
	upload_fail(u, item, &e);
}

/* The server may still be storing it: ask again, or leave it to a later run. */
static void
settle_later(struct upload *u, struct item *item)
{
	u->n_ask--;
	if (can_repeat(u, item, item->absent_from_ms))
		upload_ask(u, item, item->absent_from_ms + 1);
	else
		upload_fail(u, item, item->err);
}

static void
settle(struct upload *u, struct item *item)
{
	const struct fact *fact =
	    progress_fact(&u->deps->journal->progress, item->artifact->path);
	const struct remote_record *record = item->is_rewritten
	    ? NULL
	    : inventory_has(&u->inventory, fact, item->remote.path, item->size,
		  NULL);

	/* It cannot be told from one that is out of date. */
	if (record && record->id == NULL && fact && fact->has_anonymous)
		record = NULL;
	if (record)
		settle_stored(u, item, record);
	else if (item->is_unknown && u->list_began_ms <= item->absent_from_ms)
		settle_later(u, item);
	else if (item->is_rewritten)
		settle_rewritten(u, item);
	else
		settle_absent(u, item);
}

/*
 * What is in doubt may show up earlier than it must be there; the longer it
 * takes, the less often it is asked for.
 */
static void
settle_all(struct upload *u)
{
	int64_t pause_ms =
	    u->list_pause_ms ? u->list_pause_ms * 2 : LIST_PAUSE_MS;

	u->list_pause_ms = pause_ms < LAST_PAUSE_MS ? pause_ms : LAST_PAUSE_MS;
	for (size_t i = 0; i < u->n; i++)
		if (u->items[i].state == ITEM_ASK)
			settle(u, &u->items[i]);
	if (u->list_due_ms > u->list_began_ms + u->list_pause_ms)
		u->list_due_ms = u->list_began_ms + u->list_pause_ms;
}

/* Without a list nobody knows whether it is there: it is sent and counted. */
static void
send_blindly(struct upload *u, struct item *item)
{
	u->n_ask--;
	if (!can_repeat(u, item, clock_mono_ms())) {
		upload_fail(u, item, item->err);
		return;
	}
	if (item->is_unknown)
		log_warn("%s: may be stored already, but the server does not "
			 "let us ask; sending it again",
		    item->artifact->path);
	/* Nothing that a later list shows will prove this version. */
	if (item->is_rewritten)
		upload_note(u, item, EVENT_SUPERSEDED);
	upload_note(u, item, EVENT_AMBIGUOUS);
	item->is_unknown = item->is_accepted = item->is_rewritten = false;
	item->is_blind = true;
	upload_make_ready(u, item, item->due_ms);
}

static void
fail_unknown(struct upload *u, struct item *item, const struct err *why)
{
	struct err e = *why;

	u->n_ask--;
	(void)err_wrap(&e, "may be stored already, and asking failed");
	upload_fail(u, item, &e);
}

enum without { WITHOUT_SEND, WITHOUT_WAIT, WITHOUT_BLINDLY, WITHOUT_FAIL };

/* What becomes of an item when the list cannot be had? */
static enum without
do_without(const struct upload *u, const struct item *item, bool is_refused,
    bool will_retry)
{
	bool is_doubtful = item->is_unknown || item->is_rewritten;

	if (!is_doubtful &&
	    (u->certainty == CERTAIN ||
		(u->certainty == CERTAIN_NOT && is_refused)))
		return WITHOUT_SEND;
	if (is_refused)
		return WITHOUT_BLINDLY;
	if (will_retry)
		return WITHOUT_WAIT;
	return is_doubtful || u->certainty == CERTAIN_LOST ? WITHOUT_FAIL
							   : WITHOUT_BLINDLY;
}

static void
settle_without(struct upload *u, bool is_refused, const struct err *e)
{
	int64_t at_ms = INT64_MAX;
	bool will_retry = !is_refused && e->class == ERR_TEMPORARY &&
	    retry_next(u->deps->retry, &u->list_retry, clock_mono_ms(), 0,
		retry_random(), &at_ms);
	size_t waiting = 0, blind = 0, plain = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct item *item = &u->items[i];

		if (item->state != ITEM_ASK)
			continue;
		switch (do_without(u, item, is_refused, will_retry)) {
		case WITHOUT_SEND:
			u->n_ask--;
			upload_make_ready(u, item, 0);
			plain++;
			break;
		case WITHOUT_BLINDLY:
			send_blindly(u, item);
			blind++;
			break;
		case WITHOUT_FAIL:
			fail_unknown(u, item, e);
			break;
		case WITHOUT_WAIT:
			waiting++;
		}
	}
	if (waiting > 0) {
		request_log_retry("list", e, u->deps->retry, &u->list_retry,
		    at_ms);
		u->list_due_ms = at_ms;
	} else if (blind > 0) {
		log_warn("list: %s; sending %zu artifacts without knowing "
			 "whether they are there already",
		    e->text, blind);
	} else if (plain > 0) {
		log_warn("list: %s; sending what was never sent", e->text);
	}
}

void
upload_list_start(struct upload *u)
{
	struct err e;

	text_list_free(&u->headers);
	u->list_due_ms = INT64_MAX;
	if (auth_add_header(u->deps->auth, AUTH_FILE_SERVICE, &u->list_auth_use,
		&u->headers, &e) == -1) {
		if (e.class != ERR_INTERRUPTED)
			settle_without(u, false, &e);
		return;
	}
	inventory_begin(&u->inventory, u->deps->filestore,
	    &u->deps->journal->progress, &u->headers);
	u->list_began_ms = clock_mono_ms();
	u->is_listing = true;
	http_start(u->deps->http, &u->inventory.request);
}

void
upload_list_done(struct upload *u, const struct http_answer *answer)
{
	struct err e = { 0 };
	bool is_mended =
	    auth_is_mended(u->deps->auth, &u->list_auth_use, answer->status);

	u->is_listing = false;
	if (is_mended) {
		u->list_due_ms = clock_mono_ms();
	} else if (inventory_end(&u->inventory, answer, &e) == 0) {
		u->is_renaming |= u->inventory.is_renaming;
		u->list_retry = (struct retry){ 0 };
		u->list_auth_use = (struct auth_use){ 0 };
		u->was_list_read = true;
		settle_all(u);
	} else if (e.class != ERR_INTERRUPTED) {
		settle_without(u, inventory_is_refused(answer->status), &e);
	}
	inventory_free(&u->inventory);
}

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
		retry_is_allowed(u->deps->to.retry, &item->retry, at_ms));
}

static void
send_or_fail(struct upload *u, struct item *item)
{
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

	/* It was not sent by this run. */
	if (item->type == NULL)
		item->type = upload_type_of(u, a);
	upload_abort_rest(u, item);
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
	u->totals->found += !item->is_completed;
	u->totals->sent += item->is_completed;
	u->totals->sent_bytes += item->is_completed ? item->size : 0;
	if (item->is_completed)
		log_info("%s: stored, %lld bytes in parts", a->path,
		    (long long)item->size);
	else
		log_info("%s: the server has it already", a->path);
}

static void
note_superseded(struct upload *u, const struct item *item,
    const struct remote_record *record)
{
	if (record)
		upload_note_record(u->deps->journal, EVENT_SUPERSEDED,
		    item->artifact->path, record->id, record->size);
}

/*
 * As far as we know, no record there is of the version to be sent next.  One
 * that we do not know may be, if a run could not write the journal.
 */
static void
settle_rewritten(struct upload *u, struct item *item)
{
	struct inventory *inv = &u->inventory;
	const struct fact *fact =
	    progress_fact(&u->deps->journal->progress, item->artifact->path);
	size_t n;
	struct remote_record *records =
	    inventory_find(inv, item->remote.path, &n);

	const struct remote_record *known =
	    inventory_find_id(inv, fact ? fact->id : NULL);
	const struct remote_record *similar;
	bool is_ambiguous = false;

	note_superseded(u, item, known);
	for (size_t i = 0; records && i < n; i++) {
		is_ambiguous |= &records[i] != known &&
		    (records[i].size == item->size || records[i].size == -1);
		note_superseded(u, item, &records[i]);
		records[i].is_claimed = true;
	}
	/* Also what the next list would match to it under another name. */
	while ((similar = inventory_has(inv, NULL, item->remote.path,
		    item->size, NULL)) != NULL) {
		is_ambiguous = true;
		note_superseded(u, item, similar);
	}
	if (is_ambiguous)
		upload_note(u, item, EVENT_AMBIGUOUS);
	upload_note(u, item, EVENT_ABSENT);
	item->is_rewritten = item->is_unknown = item->is_accepted = false;
	send_or_fail(u, item);
}

/* Only a person can find out whether it is there. */
static void
hint_lost(struct err *e, const char *artifact, const char *recording)
{
	autofree char *pattern = xstrdup(artifact);
	autofree char *word = NULL;
	autofree char *path = text_shell_word(recording);
	autofree char *hint = NULL;

	/* Characters with a special meaning in --only. */
	for (char *c = pattern; (c = strpbrk(c, "*[\\,")) != NULL; c++)
		*c = '?';
	word = text_shell_word(pattern);
	hint = xasprintf("if it is lost: jibri-finalize upload --force --only "
			 "%s %s",
	    word, path);
	(void)err_hint(e, hint);
}

/* The server does not have it, and had enough time: send it (again). */
static void
settle_absent(struct upload *u, struct item *item)
{
	const struct fact *fact =
	    progress_fact(&u->deps->journal->progress, item->artifact->path);
	struct err e;

	if (!item->is_accepted) {
		/* It was stored and is lost: with the same key it would be
		 * taken for a repeat.  An older version's id proves
		 * nothing. */
		if (fact && fact->id &&
		    !progress_is_superseded(&u->deps->journal->progress,
			fact->id, -1))
			upload_note_record(u->deps->journal, EVENT_LOST,
			    item->artifact->path, fact->id, fact->size);
		/* It may be there under a name of the server's choice. */
		if (item->is_unknown && u->is_renaming)
			upload_note(u, item, EVENT_AMBIGUOUS);
		else if (fact && fact->has_older)
			upload_note(u, item, EVENT_ABSENT);
		item->is_unknown = false;
		send_or_fail(u, item);
		return;
	}
	(void)err_set(&e, ERR_CONFIG,
	    "the server accepted it, but its list does not show it");
	hint_lost(&e, item->artifact->path, u->deps->recording->path);
	upload_fail(u, item, &e);
}

/* The server may still be storing it: ask again, or leave it to a later run. */
static void
settle_later(struct upload *u, struct item *item)
{
	if (can_repeat(u, item, item->absent_from_ms))
		upload_ask(u, item, item->absent_from_ms + 1);
	else
		upload_fail(u, item, item->err);
}

/*
 * Is the id "MD5-N/path", as made from parts, but from others: those of an
 * older version of this size?  Other forms of ids, as in some stores, prove
 * nothing.
 */
static bool
is_of_other_parts(const char *id, const char *whole)
{
	size_t len = id ? strspn(id, "0123456789abcdef") : 0;

	return id && whole && len == strcspn(whole, "-") &&
	    strcmp(id + len, whole + len) == 0 && strcmp(id, whole) != 0;
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

	if (record && is_of_other_parts(record->id, item->whole))
		record = NULL;
	/* It cannot be distinguished from an outdated one. */
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
	/* It was not refused this time. */
	item->is_blind = false;
}

/*
 * A doubtful artifact may be listed earlier than it must be; ask less often the
 * longer it takes.
 */
static void
settle_all(struct upload *u)
{
	int64_t pause_ms =
	    u->list_pause_ms ? u->list_pause_ms * 2 : LIST_PAUSE_MS;

	u->list_pause_ms = pause_ms < LAST_PAUSE_MS ? pause_ms : LAST_PAUSE_MS;
	for (size_t i = 0; i < u->n; i++)
		if (u->items[i].state == ITEM_ASK) {
			u->n_ask--;
			settle(u, &u->items[i]);
		}
	if (u->list_due_ms > u->list_began_ms + u->list_pause_ms)
		u->list_due_ms = u->list_began_ms + u->list_pause_ms;
}

/* Without a list nobody knows whether it is there: send and count it. */
static void
send_blindly(struct upload *u, struct item *item)
{
	/* Then the server's answer counts. */
	if (item->is_completed) {
		settle_stored(u, item,
		    &(const struct remote_record){ .id = item->whole });
		return;
	}
	item->is_blind = can_repeat(u, item, clock_mono_ms());
	if (item->is_blind && item->is_unknown)
		log_warn("%s: may be stored already, but the server does not "
			 "let us ask; sending it again",
		    item->artifact->path);
	send_or_fail(u, item);
}

static void
fail_unasked(struct upload *u, struct item *item, const struct err *why)
{
	struct err e = *why;

	(void)err_wrap(&e,
	    item->is_unknown ? "may be stored already, and asking failed"
			     : "asking what is stored failed");
	upload_fail(u, item, &e);
}

enum without { WITHOUT_SEND, WITHOUT_WAIT, WITHOUT_BLINDLY, WITHOUT_FAIL };

/* What to do with an item without a list? */
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
	bool is_passing =
	    e->class == ERR_TEMPORARY || u->inventory.form.class != ERR_NONE;
	bool will_retry = !is_refused && is_passing &&
	    retry_next(u->deps->to.retry, &u->list_retry, clock_mono_ms(),
		e->retry_after_ms, retry_random(), &at_ms);
	size_t n[WITHOUT_FAIL + 1] = { 0 };

	for (size_t i = 0; i < u->n; i++) {
		struct item *item = &u->items[i];
		enum without action;

		if (item->state != ITEM_ASK)
			continue;
		action = do_without(u, item, is_refused, will_retry);
		n[action]++;
		u->n_ask -= action != WITHOUT_WAIT;
		if (action == WITHOUT_SEND)
			upload_make_ready(u, item, 0);
		else if (action == WITHOUT_BLINDLY)
			send_blindly(u, item);
		else if (action == WITHOUT_FAIL)
			fail_unasked(u, item, e);
	}
	if (n[WITHOUT_WAIT] > 0) {
		request_log_retry("list", e, u->deps->to.retry, &u->list_retry,
		    at_ms);
		u->list_due_ms = u->list_least_ms = at_ms;
	} else if (n[WITHOUT_BLINDLY] > 0) {
		log_warn("list: %s; sending %zu artifacts without knowing "
			 "whether they are there already",
		    e->text, n[WITHOUT_BLINDLY]);
	} else if (n[WITHOUT_SEND] > 0) {
		log_warn("list: %s; sending only what was never sent", e->text);
	}
}

/* During a visit, one request to an unreachable service is enough. */
static bool
is_to_be_left_alone(const struct upload *u, const struct http_answer *answer,
    const struct err *e)
{
	bool is_unreached = e->is_outage && answer->outcome == HTTP_NOT_DONE;

	return u->deps->to.retry->tries == 1 && e->class == ERR_TEMPORARY &&
	    (is_unreached || e->retry_after_ms > 0);
}

/* The first that waits for the list fails with its error, then the others. */
static void
leave_alone(struct upload *u, const struct err *e)
{
	size_t i = 0;

	while (i < u->n && u->items[i].state != ITEM_ASK)
		i++;
	if (i < u->n)
		fail_unasked(u, &u->items[i], e);
	u->futility = UPLOAD_FUTILE;
}

static int
start_page(struct upload *u, struct err *e)
{
	const struct destination *from = &u->deps->to;

	text_list_free(&u->headers);
	if (from->policy->ops->authorize(from, &u->inventory.request,
		&u->list_auth_use, &u->headers, e) == -1)
		return -1;
	http_start(from->http, &u->inventory.request);
	return 0;
}

void
upload_list_start(struct upload *u)
{
	struct err e;

	u->list_due_ms = INT64_MAX;
	inventory_begin(&u->inventory, u->deps->to.policy,
	    &u->deps->journal->progress, &u->headers, &u->made);
	if (start_page(u, &e) == 0) {
		u->list_began_ms = clock_mono_ms();
		u->is_listing = true;
		return;
	}
	if (e.class != ERR_INTERRUPTED)
		settle_without(u, false, &e);
	inventory_free(&u->inventory);
}

void
upload_list_done(struct upload *u, const struct http_answer *answer)
{
	struct err e = { 0 };
	const struct destination *from = &u->deps->to;
	bool wants_retry =
	    from->policy->ops->wants_retry(from, &u->list_auth_use, answer);
	int result =
	    wants_retry ? -1 : inventory_end(&u->inventory, answer, &e);

	if (result == 1 && (result = start_page(u, &e)) == 0)
		return;
	u->is_listing = false;
	if (wants_retry) {
		u->list_due_ms = clock_mono_ms();
	} else if (result == 0) {
		u->is_renaming |= u->inventory.is_renaming;
		u->list_retry = (struct retry){ 0 };
		u->list_auth_use = (struct auth_use){ 0 };
		u->was_list_read = true;
		u->list_least_ms = u->list_began_ms + LIST_PAUSE_MS;
		settle_all(u);
	} else if (is_to_be_left_alone(u, answer, &e)) {
		leave_alone(u, &e);
	} else if (e.class != ERR_INTERRUPTED) {
		settle_without(u, inventory_is_refused(answer->status), &e);
	}
	inventory_free(&u->inventory);
}

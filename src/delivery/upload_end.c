#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"
#include "remote/request.h"

enum {
	FUTILE_OUTAGE = UPLOAD_FUTILE / 2, /* for a server that is out */
};

static void
keep_error(struct item *item, const struct err *e)
{
	if (item->err == NULL)
		item->err = xmalloc(sizeof(*item->err));
	*item->err = *e;
}

void
upload_free_flight(struct item *item)
{
	if (item->flight == NULL)
		return;
	flight_free(item->flight);
	free(item->flight);
	item->flight = NULL;
}

static void
note_version(struct upload *u, const struct item *item, const char *id)
{
	struct flight *f = item->flight;

	journal_note(u->deps->journal,
	    (struct event){
		.kind = EVENT_STORED,
		.path = item->artifact->path,
		.size = f->size,
		.mtime_ns = f->mtime_ns,
		.stamp = f->stamp,
		.type = f->type,
		.sha256 = flight_hex(f),
		.id = id,
		.is_whole = f->is_whole,
	    });
}

static void
note_stored(struct upload *u, struct item *item, const char *id)
{
	const struct flight *f = item->flight;
	double seconds = (double)(clock_mono_ms() - f->started_ms) / 1000;

	upload_abort_rest(u, item);
	note_version(u, item, id);
	item->state = ITEM_STORED;
	u->futility = 0;
	u->totals->sent++;
	u->totals->sent_bytes += f->size;
	log_info("%s: stored, %lld bytes in %.1f s (%s)", item->artifact->path,
	    (long long)f->size, seconds, f->type);
}

/*
 * A repeat needs time, a temporary error, and a server that is not clearly out:
 * otherwise give up at once, as Jibri cannot record while we wait.
 */
bool
upload_plan_repeat(struct upload *u, struct item *item,
    const struct http_answer *answer, const struct err *e)
{
	bool may = retry_next(u->deps->to.retry, &item->retry, clock_mono_ms(),
	    answer ? answer->retry_after_ms : 0, retry_random(), &item->due_ms);

	if (e->class == ERR_TEMPORARY && may && u->futility < UPLOAD_FUTILE) {
		request_log_retry(item->artifact->path, e, u->deps->to.retry,
		    &item->retry, item->due_ms);
		return true;
	}
	if (answer)
		u->futility += (e->is_outage ? FUTILE_OUTAGE : 1) *
		    (upload_is_cautious(u) ? 2 : 1);
	return false;
}

void
upload_not_stored(struct upload *u, struct item *item,
    const struct http_answer *answer, const struct err *e)
{
	keep_error(item, e);
	if (item->flight->is_stale)
		item->state = ITEM_STALE;
	else if (upload_plan_repeat(u, item, answer, e))
		upload_make_ready(u, item, item->due_ms);
	else
		upload_fail(u, item, e);
}

void
upload_doubt(struct item *item, int64_t absent_from_ms)
{
	mem_replace(&item->sha256, flight_hex(item->flight));
	mem_replace(&item->type, item->flight->type);
	item->is_unknown = true;
	item->absent_from_ms = absent_from_ms;
}

void
upload_unknown(struct upload *u, struct item *item,
    const struct http_answer *answer, const struct err *e)
{
	int64_t now = clock_mono_ms();

	keep_error(item, e);
	upload_doubt(item, now);
	item->is_accepted = destination_is_accepted(answer);
	/* A page of HTML promises nothing. */
	item->status =
	    answer->status < 300 && !item->is_accepted ? 0 : answer->status;
	if (destination_may_be_storing(answer->status))
		item->absent_from_ms += item->flight->request.answer_timeout_ms;
	item->may_repeat = upload_plan_repeat(u, item, answer, e);
	u->list_retry = (struct retry){ 0 };
	/* Only a list that begins later proves an absence. */
	upload_ask(u, item, item->may_repeat ? item->due_ms : now + 1);
}

void
upload_stored(struct upload *u, struct item *item, const char *id,
    const char *path)
{
	const char *session = u->deps->journal->progress.session;
	struct err e;

	mem_replace(&item->kept_as, path);
	u->is_renaming |= path && strcasestr(path, session) == NULL;
	if (flight_recheck(item->flight, &e) == 0) {
		note_stored(u, item, id);
		return;
	}
	/* After the next scan its hash tells whether it was the new version. */
	if (item->flight->is_stale)
		note_version(u, item, id);
	else
		upload_note_record(u->deps->journal, EVENT_SUPERSEDED,
		    item->artifact->path, id, item->flight->size);
	upload_not_stored(u, item, NULL, &e);
}

void
upload_log_place(const struct item *item, const struct http_answer *answer,
    const char *path)
{
	autofree char *shown = NULL;

	if (path == NULL ||
	    strcmp(path, item->remote.path + (*path != '/')) == 0)
		return;
	shown = http_masked(answer, path, strlen(path));
	log_info("%s: the server stored it as %s", item->artifact->path, shown);
}

void
upload_put_ended(struct upload *u, struct item *item,
    const struct http_answer *answer)
{
	autofree char *id = NULL;
	autofree char *path = NULL;
	struct err e = { 0 };
	const struct destination *to = &u->deps->to;
	enum put_outcome outcome = to->policy->ops->judge(answer, &item->remote,
	    item->flight->size, &id, &path, &e);
	bool wants_retry =
	    to->policy->ops->wants_retry(to, &item->auth_use, answer) ||
	    answer->was_unexpected;

	u->n_flying--;
	u->n_media_flying -= item->artifact->is_media;
	upload_log_place(item, answer, path);
	if (outcome == PUT_STORED)
		upload_stored(u, item, id, path);
	else if (outcome == PUT_UNKNOWN)
		upload_unknown(u, item, answer, &e);
	else if (e.class == ERR_INTERRUPTED)
		item->state = ITEM_FAILED;
	else if (wants_retry)
		upload_make_ready(u, item, clock_mono_ms());
	else
		upload_not_stored(u, item, answer, &e);
	upload_free_flight(item);
}

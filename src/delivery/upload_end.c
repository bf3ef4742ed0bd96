#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"
#include "remote/request.h"

enum {
	FUTILE_OUTAGE = UPLOAD_FUTILE / 2, /* a server that is out */
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
note_stored(struct upload *u, struct item *item, const char *id)
{
	struct flight *f = item->flight;
	char hex[DIGEST_HEX_BYTES];
	double seconds = (double)(clock_mono_ms() - f->started_ms) / 1000;

	journal_note(u->deps->journal,
	    (struct event){
		.kind = EVENT_STORED,
		.path = item->artifact->path,
		.size = f->size,
		.mtime_ns = f->mtime_ns,
		.stamp = f->stamp,
		.type = f->type,
		.sha256 = flight_hex(f, hex),
		.id = id,
		.is_whole = f->is_whole,
	    });
	item->state = ITEM_STORED;
	u->futility = 0;
	u->totals->sent++;
	u->totals->sent_bytes += f->size;
	log_info("%s: stored, %lld bytes in %.1f s (%s)", item->artifact->path,
	    (long long)f->size, seconds, f->type);
}

/*
 * A repeat needs its time, a temporary error, and a server that is not
 * plainly out: then nothing more is tried, as Jibri cannot record while we
 * wait.
 */
static bool
plan_repeat(struct upload *u, struct item *item,
    const struct http_answer *answer, const struct err *e)
{
	bool may = retry_next(u->deps->retry, &item->retry, clock_mono_ms(),
	    answer ? answer->retry_after_ms : 0, retry_random(), &item->due_ms);

	if (e->class == ERR_TEMPORARY && may && u->futility < UPLOAD_FUTILE) {
		request_log_retry(item->artifact->path, e, u->deps->retry,
		    &item->retry, item->due_ms);
		return true;
	}
	if (answer)
		u->futility += !e->is_outage ? 1
		    : upload_is_cautious(u)  ? UPLOAD_FUTILE
					     : FUTILE_OUTAGE;
	return false;
}

void
upload_not_stored(struct upload *u, struct item *item,
    const struct http_answer *answer, const struct err *e)
{
	keep_error(item, e);
	if (item->flight->is_stale)
		item->state = ITEM_STALE;
	else if (plan_repeat(u, item, answer, e))
		upload_make_ready(u, item, item->due_ms);
	else
		upload_fail(u, item, e);
}

static void
handle_unknown(struct upload *u, struct item *item,
    const struct http_answer *answer, const struct err *e)
{
	int64_t now = clock_mono_ms();
	char hex[DIGEST_HEX_BYTES];

	keep_error(item, e);
	/* The list may yet show that it is stored. */
	mem_replace(&item->sha256, flight_hex(item->flight, hex));
	mem_replace(&item->type, item->flight->type);
	item->is_unknown = true;
	item->is_accepted = filestore_is_accepted(answer);
	/* A page of HTML is nobody's promise. */
	item->status =
	    answer->status < 300 && !item->is_accepted ? 0 : answer->status;
	item->absent_from_ms = now;
	if (filestore_may_be_storing(answer->status))
		item->absent_from_ms += item->flight->request.answer_timeout_ms;
	item->may_repeat = plan_repeat(u, item, answer, e);
	u->list_retry = (struct retry){ 0 };
	upload_ask(u, item, item->may_repeat ? item->due_ms : now);
}

static void
handle_stored(struct upload *u, struct item *item, const char *id,
    const char *path)
{
	const char *session = u->deps->journal->progress.session;
	struct err e;

	if (path && strcmp(path, item->remote.path + (*path != '/')) != 0)
		log_info("%s: the server keeps it as %s", item->artifact->path,
		    path);
	u->is_renaming |= path && strcasestr(path, session) == NULL;
	if (flight_recheck(item->flight, &e) == 0) {
		note_stored(u, item, id);
		return;
	}
	journal_note(u->deps->journal,
	    (struct event){
		.kind = EVENT_SUPERSEDED,
		.path = item->artifact->path,
		.id = id,
		.size = item->flight->size,
	    });
	upload_not_stored(u, item, NULL, &e);
}

static void
handle_upload(struct upload *u, struct item *item,
    const struct http_answer *answer)
{
	autofree char *id = NULL;
	autofree char *path = NULL;
	struct err e = { 0 };
	enum upload_outcome outcome =
	    filestore_judge_upload(answer, item->flight->size, &id, &path, &e);
	bool is_mended =
	    auth_is_mended(u->deps->auth, &item->auth_use, answer->status);

	u->n_flying--;
	u->n_media_flying -= item->artifact->is_media;
	if (outcome == UPLOAD_STORED)
		handle_stored(u, item, id, path);
	else if (outcome == UPLOAD_UNKNOWN)
		handle_unknown(u, item, answer, &e);
	else if (e.class == ERR_INTERRUPTED)
		item->state = ITEM_FAILED;
	else if (is_mended)
		upload_make_ready(u, item, clock_mono_ms());
	else
		upload_not_stored(u, item, answer, &e);
	upload_free_flight(item);
}

void
upload_ended(struct upload *u, struct http_transfer *t)
{
	void *owner = http_request_of(t)->owner;

	if (owner == &u->inventory.request)
		upload_list_done(u, http_answer_of(t));
	else
		handle_upload(u, owner, http_answer_of(t));
	http_release(t);
}

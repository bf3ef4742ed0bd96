#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"
#include "remote/request.h"

enum { FIRST_PAUSE_MS = 1000, LAST_PAUSE_MS = 30000 };

static int
compare_key(const void *path, const void *item)
{
	return strcmp(path, (*(struct item *const *)item)->remote.path);
}

static void
supersede(struct upload *u, const struct item *item, const char *id)
{
	journal_note(u->deps->journal,
	    (struct event){
		.kind = EVENT_SUPERSEDED,
		.path = item->artifact->path,
		.id = id,
	    });
}

static void
on_found(void *ctx, const struct remote_file *file)
{
	struct upload *u = ctx;
	const struct progress *p = &u->deps->journal->progress;
	struct item **slot = bsearch(file->path, u->by_path, u->n,
	    sizeof(struct item *), compare_key);

	if (slot == NULL || (*slot)->state != ITEM_ASK ||
	    progress_is_superseded(p, file->id))
		return;
	/* An older version, or one before --force, proves nothing. */
	if ((*slot)->is_rewritten || (p->is_forced && (*slot)->is_fresh)) {
		supersede(u, *slot, file->id);
		return;
	}
	/* A size that differs is another version, or a part of it. */
	if (file->size != (*slot)->size)
		return;
	(*slot)->is_listed = true;
	mem_replace(&(*slot)->listed_id, file->id);
}

/* An artifact of an earlier run may always be sent. */
static bool
can_repeat(const struct upload *u, const struct item *item, int64_t at_ms)
{
	return item->err == NULL ||
	    (item->may_repeat &&
		retry_is_allowed(u->deps->retry, &item->retry, at_ms));
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

static void
settle_stored(struct upload *u, struct item *item)
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
		.type = item->type,
		.sha256 = item->sha256,
		.id = item->listed_id,
	    });
	item->state = ITEM_STORED;
	u->n_ask--;
	u->totals->found++;
	log_info("%s: the server has it already", a->path);
}

/* The server does not have it, and had its time: send it (again). */
static void
settle_absent(struct upload *u, struct item *item)
{
	u->n_ask--;
	if (item->is_unknown)
		upload_note(u, item, EVENT_ABSENT);
	item->is_unknown = false;
	if (can_repeat(u, item, clock_mono_ms()))
		upload_make_ready(u, item, item->due_ms);
	else
		upload_fail(u, item, item->err);
}

/* The server may still be storing it: ask again, or leave it to a later run. */
static void
settle_later(struct upload *u, struct item *item, int64_t *again_ms)
{
	if (!can_repeat(u, item, item->absent_from_ms)) {
		u->n_ask--;
		upload_fail(u, item, item->err);
	} else if (item->absent_from_ms < *again_ms) {
		*again_ms = item->absent_from_ms;
	}
}

/* It may show up earlier than the server must have stored it. */
static void
list_again(struct upload *u, int64_t at_ms)
{
	int64_t now = clock_mono_ms();

	u->list_pause_ms =
	    u->list_pause_ms ? u->list_pause_ms * 2 : FIRST_PAUSE_MS;
	if (u->list_pause_ms > LAST_PAUSE_MS)
		u->list_pause_ms = LAST_PAUSE_MS;
	if (at_ms > now + u->list_pause_ms)
		at_ms = now + u->list_pause_ms;
	if (at_ms < u->list_due_ms)
		u->list_due_ms = at_ms;
}

static void
settle(struct upload *u)
{
	int64_t again_ms = INT64_MAX;

	for (size_t i = 0; i < u->n; i++) {
		struct item *item = &u->items[i];

		if (item->state != ITEM_ASK)
			continue;
		if (item->is_listed)
			settle_stored(u, item);
		else if (!item->is_unknown ||
		    u->list_began_ms >= item->absent_from_ms)
			settle_absent(u, item);
		else
			settle_later(u, item, &again_ms);
	}
	if (again_ms != INT64_MAX)
		list_again(u, again_ms);
}

static void
repeat_blindly(struct upload *u, struct item *item)
{
	u->n_ask--;
	if (!can_repeat(u, item, clock_mono_ms())) {
		upload_fail(u, item, item->err);
		return;
	}
	log_warn("%s: may be stored already, but the server does not let us "
		 "ask; sending it again",
	    item->artifact->path);
	item->is_unknown = false;
	upload_note(u, item, EVENT_AMBIGUOUS);
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

/* What was never sent goes without the list; what is unknown waits. */
static void
do_without(struct upload *u, bool is_refused, const struct err *e)
{
	int64_t at_ms = INT64_MAX;
	bool will_retry = !is_refused && e->class == ERR_TEMPORARY &&
	    retry_next(u->deps->retry, &u->list_retry, clock_mono_ms(), 0,
		retry_random(), &at_ms);
	size_t unknown = 0;

	for (size_t i = 0; i < u->n; i++) {
		struct item *item = &u->items[i];

		if (item->state != ITEM_ASK)
			continue;
		if (!item->is_unknown) {
			u->n_ask--;
			upload_make_ready(u, item, 0);
			continue;
		}
		unknown++;
		if (is_refused)
			repeat_blindly(u, item);
		else if (!will_retry)
			fail_unknown(u, item, e);
	}
	if (unknown == 0)
		log_warn("list: %s; sending all the same", e->text);
	else if (will_retry)
		request_log_retry("list", e, u->deps->retry, &u->list_retry,
		    at_ms);
	if (unknown > 0 && will_retry)
		u->list_due_ms = at_ms;
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
			do_without(u, false, &e);
		return;
	}
	for (size_t i = 0; i < u->n; i++) {
		u->items[i].is_listed = false;
		mem_replace(&u->items[i].listed_id, NULL);
	}
	listing_prepare(&u->listing, u->deps->filestore,
	    u->deps->journal->progress.meeting_id, &u->headers);
	u->listing.found = on_found;
	u->listing.ctx = u;
	u->list_began_ms = clock_mono_ms();
	u->is_listing = true;
	http_start(u->deps->http, &u->listing.request);
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
	} else if (listing_end(&u->listing, answer, &e) == 0) {
		u->list_retry = (struct retry){ 0 };
		u->list_auth_use = (struct auth_use){ 0 };
		u->was_list_read = true;
		settle(u);
	} else if (e.class != ERR_INTERRUPTED) {
		do_without(u, listing_is_refused(answer->status), &e);
	}
	listing_free(&u->listing);
}

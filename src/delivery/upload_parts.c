#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

enum { MIB = 1024 * 1024 };

/* Ends */

static void
close_parts(struct parts *p)
{
	struct parts **link = &p->u->open;

	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	for (size_t i = 0; i < p->cap; i++)
		free(p->all[i].listed);
	free(p->all);
	free(p->id);
	p->item->parts = NULL;
	upload_free_flight(p->item);
	free(p);
}

/* Once nothing of it is under way. */
static void
end(struct parts *p)
{
	static const struct http_answer lost = { .outcome = HTTP_UNKNOWN };
	struct item *item = p->item;

	p->is_ending = true;
	if (p->in_air > 0)
		return;
	if (p->is_over)
		; /* and it is said what it became */
	else if (p->is_completing)
		upload_unknown(p->u, item, &lost, &p->err);
	else if (p->is_changed)
		upload_not_stored(p->u, item, NULL, &p->err);
	else if (p->err.class == ERR_NONE || p->err.class == ERR_INTERRUPTED)
		item->state = ITEM_FAILED;
	else
		upload_fail(p->u, item, &p->err);
	close_parts(p);
}

/*
 * A request has failed, or with NULL what is here.  Those that were under way
 * together fail together, which counts once.
 */
static void
fail(struct parts *p, const struct call *call, const struct http_answer *answer,
    const struct err *e)
{
	bool is_stopped = e->class == ERR_INTERRUPTED;
	const struct destination *to = &p->u->deps->to;

	if (answer &&
	    (answer->was_unexpected ||
		to->policy->ops->is_mended(to, &p->item->auth_use, answer)))
		return;
	if (!p->is_changed)
		p->err = *e;
	p->is_changed |=
	    !is_stopped && flight_recheck(p->item->flight, &p->err) == -1;
	if (call && call->started_ms <= p->failed_ms && !is_stopped)
		return;
	p->failed_ms = clock_mono_ms();
	if (is_stopped || p->is_changed || p->is_ending ||
	    !upload_plan_repeat(p->u, p->item, answer, e))
		p->is_ending = true;
}

/* Steps */

/* The upload is there: from the first part on, what it lacks is sent. */
static void
send_parts(struct parts *p)
{
	struct journal *j = p->u->deps->journal;

	p->part_bytes = upload_part_bytes(p);
	p->n = upload_parts_of(p->item->flight->size, p->part_bytes);
	upload_parts_reserve(p, p->n);
	p->next_part = p->u->deps->is_ahead;
	if (p->hashed < p->next_part)
		p->hashed = p->next_part;
	p->is_unlisted = false;
	p->step = PART_PUT;
	if (upload_begun_of(p, false))
		return;
	journal_note(j,
	    (struct event){
		.kind = EVENT_UPLOAD_BEGUN,
		.path = p->item->artifact->path,
		.id = p->id,
		.key = p->item->remote.path,
		.size = p->part_bytes,
		.count = j->progress.forced,
	    });
	journal_commit(j);
}

static void
complete(struct parts *p)
{
	p->is_changed = flight_recheck(p->item->flight, &p->err) == -1;
	if (p->is_changed || !upload_note_sending(p->u, p->item))
		end(p);
	else
		upload_call(p, PART_COMPLETE, 0, p->item->remote.path);
}

/* Its bytes are read once for all hashes, then once more for the wire. */
static int
hash_part(struct parts *p, struct err *e)
{
	unsigned char md5[DIGEST_SHA256_BYTES];
	size_t i = p->hashed;

	if (flight_hash_part(p->item->flight, (int64_t)i * p->part_bytes,
		upload_part_size(p, i), md5, e) == -1)
		return -1;
	memcpy(p->all[i].md5, md5, PART_MD5_BYTES);
	p->hashed++;
	return 0;
}

static void
send_next(struct parts *p)
{
	size_t i = p->next_part;
	struct part *part = &p->all[i];
	struct err e;

	if (i == p->hashed && hash_part(p, &e) == -1) {
		fail(p, NULL, NULL, &e);
		if (p->is_ending)
			end(p);
		return;
	}
	p->next_part++;
	if (part->is_flying)
		return;
	part->is_stored = upload_part_is_stored(p, i);
	if (!part->is_stored)
		upload_call(p, PART_PUT, i + 1, p->item->remote.path);
}

void
upload_parts_go(struct item *item)
{
	struct parts *p = item->parts;
	const struct begun *b = upload_begun_of(p, false);

	/* What was taken may be gone: the list has the last word. */
	if (p->step == PART_PUT && p->next_part == p->n && p->is_unlisted)
		p->step = PART_LIST;
	if (p->step == PART_LIST)
		upload_parts_unlist(p);
	if (p->step != PART_PUT)
		upload_call(p, p->step, 0,
		    p->step == PART_ABORT && b ? b->key : item->remote.path);
	else if (p->next_part < p->n)
		send_next(p);
	else
		complete(p);
}

static bool
is_due(const struct parts *p)
{
	bool is_idle =
	    p->in_air == 0 && !(p->u->deps->is_ahead && p->step == PART_PUT);

	return !p->is_ending &&
	    (is_idle || (p->step == PART_PUT && p->next_part < p->n));
}

struct item *
upload_parts_due(const struct upload *u, int64_t *due_ms)
{
	struct item *first = NULL;

	for (const struct parts *p = u->open; p; p = p->next)
		if (is_due(p) && p->item->due_ms <= *due_ms &&
		    (first == NULL || p->item->due_ms < *due_ms)) {
			first = p->item;
			*due_ms = first->due_ms;
		}
	return first;
}

void
upload_parts_open(struct upload *u, struct item *item)
{
	struct parts **link = &u->open;
	struct parts *p = xcalloc(1, sizeof(*p));
	const struct begun *b;

	while (*link)
		link = &(*link)->next;
	*link = item->parts = p;
	p->u = u;
	p->item = item;
	p->step = PART_FIND;
	b = upload_begun_of(p, true);
	if (b == NULL)
		return;
	p->id = xstrdup(b->id);
	p->step = strcmp(b->key, item->remote.path) == 0 &&
		b->forced == p->u->deps->journal->progress.forced
	    ? PART_LIST
	    : PART_ABORT;
}

void
upload_parts_give_up(struct upload *u)
{
	for (struct parts *p = u->open, *next; p; p = next) {
		next = p->next;
		end(p);
	}
}

/* Answers: false is a failure, with *e. */

static bool
take_end(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	(void)e;
	upload_parts_unlist(p);
	mem_replace(&p->id, NULL);
	p->step = PART_BEGIN;
	return true;
}

/* After a --force nothing is taken over. */
static bool
take_found(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	(void)e;
	p->step = p->id == NULL                       ? PART_BEGIN
	    : p->u->deps->journal->progress.is_forced ? PART_ABORT
						      : PART_LIST;
	return true;
}

static bool
take_begun(struct call *call, struct err *e)
{
	(void)e;
	call->parts->is_begun = true;
	send_parts(call->parts);
	return true;
}

/* The list has this part, which is behind the file's end. */
static bool
refuse_list(struct parts *p, struct err *e)
{
	p->step = PART_ABORT;
	if (!p->is_begun)
		return true;
	/* No file became shorter since: the next one may show the same. */
	p->is_doubtful = true;
	(void)err_set(e, ERR_TEMPORARY,
	    "the server lists part %zu, which was never sent", p->last);
	return false;
}

/* A store can refuse to make a file of fewer parts than it has. */
static bool
take_list(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	if (p->last >
	    upload_parts_of(p->item->flight->size, upload_part_bytes(p)))
		return refuse_list(p, e);
	send_parts(p);
	for (size_t i = 0; p->hashed == p->n && i < p->n; i++) {
		if (!p->all[i].is_stored || upload_part_is_stored(p, i))
			continue;
		p->is_doubtful = true;
		(void)err_set(e, ERR_TEMPORARY,
		    "the server took part %zu, and has another or none", i + 1);
		return false;
	}
	return true;
}

static bool
take_more(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	if (p->last > call->number)
		upload_call(p, PART_LIST, p->last, p->item->remote.path);
	else
		(void)err_set(e, ERR_TEMPORARY,
		    "the list of parts goes in circles");
	return p->last > call->number;
}

/* Without a list the journal says what is there. */
static bool
take_journal(struct call *call, struct err *e)
{
	struct parts *p = call->parts;
	const struct begun *b = upload_begun_of(p, false);

	for (size_t i = 0; b && i < b->n; i++)
		if (b->parts[i].etag)
			upload_parts_list(p, i + 1, b->parts[i].etag);
	return take_list(call, e);
}

static bool
take_part(struct call *call, struct err *e)
{
	struct parts *p = call->parts;
	struct part *part = &p->all[call->number - 1];
	char md5[DIGEST_HEX_BYTES];

	(void)e;
	/* Of an upload that is gone. */
	if (p->step != PART_PUT)
		return true;
	digest_to_hex(part->md5, PART_MD5_BYTES, md5);
	upload_parts_list(p, call->number, call->etag);
	part->is_stored = p->is_unlisted = true;
	journal_note(p->u->deps->journal,
	    (struct event){
		.kind = EVENT_PART_STORED,
		.path = p->item->artifact->path,
		.count = (int64_t)call->number,
		.size = upload_part_size(p, call->number - 1),
		.etag = call->etag,
		.md5 = md5,
	    });
	/* It gets on, as long as what was stored stays. */
	if (!p->is_doubtful)
		p->item->retry = (struct retry){ 0 };
	p->u->futility = 0;
	p->u->has_moved = true;
	return true;
}

/* A store that takes fewer parts takes larger ones. */
static bool
take_limit(struct call *call, struct err *e)
{
	struct parts *p = call->parts;
	size_t most = call->number - 1;
	int64_t mib;

	/* Of an upload that is gone. */
	if (p->id == NULL)
		return true;
	if (most == 0)
		return false;
	mib = (p->item->flight->size - 1) / (int64_t)most / MIB + 1;
	/* The others that were under way are refused, too. */
	if (mib * MIB <= p->part_bytes)
		return true;
	log_warn("%s: %s; sending parts of %lld MiB instead",
	    p->item->artifact->path, e->text, (long long)mib);
	p->part_bytes = mib * MIB;
	p->hashed = 0;
	flight_hash_again(p->item->flight);
	p->step = PART_ABORT;
	return true;
}

/*
 * It is one file now: is it ours?  Ceph 16 names no ETag, others one that is no
 * MD5: then the list says.
 */
static bool
take_whole(struct call *call, struct err *e)
{
	struct item *item = call->parts->item;
	struct upload *u = call->parts->u;
	int64_t now = clock_mono_ms();
	autofree char *id =
	    xasprintf("%s%s", call->etag ? call->etag : "", item->remote.path);

	(void)e;
	call->parts->is_over = true;
	if (item->whole && strcmp(id, item->whole) == 0) {
		upload_stored(u, item, id, NULL);
		return true;
	}
	upload_doubt(item, now + item->flight->request.answer_timeout_ms);
	item->is_completed = item->is_accepted = true;
	item->status = 200;
	text_list_add(&u->made, item->whole ? item->whole : "");
	upload_ask(u, item, now);
	return true;
}

/* Is it complete, or was it aborted?  The list of files has it, or not. */
static bool
take_loss(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	if (p->step == PART_BEGIN)
		return true;
	p->is_completing |= call->step == PART_COMPLETE;
	p->is_ending |= p->is_completing;
	p->is_doubtful = true;
	if (!p->is_completing)
		(void)take_end(call, e);
	return p->hashed == 0;
}

static bool (*const answers[][PART_FAILED])(struct call *, struct err *) = {
	[PART_FIND] = { [PART_DONE] = take_found,
	    [PART_MORE] = take_found,
	    [PART_REFUSED] = take_end },
	[PART_BEGIN] = { [PART_DONE] = take_begun },
	[PART_LIST] = { [PART_DONE] = take_list,
	    [PART_MORE] = take_more,
	    [PART_REFUSED] = take_journal,
	    [PART_GONE] = take_loss },
	[PART_PUT] = { [PART_DONE] = take_part,
	    [PART_GONE] = take_loss,
	    [PART_MANY] = take_limit },
	[PART_COMPLETE] = { [PART_DONE] = take_whole, [PART_GONE] = take_loss },
	[PART_ABORT] = { [PART_DONE] = take_end,
	    [PART_REFUSED] = take_end,
	    [PART_GONE] = take_end },
};

/* Where it goes on after a failure. */
static void
step_back(struct parts *p, const struct call *call, enum part_outcome outcome,
    const struct http_answer *answer)
{
	if (call->step == PART_BEGIN) {
		p->step = PART_FIND;
		p->u->totals->has_strays |= answer->outcome != HTTP_NOT_DONE;
	}
	if (call->step == PART_PUT && call->number <= p->next_part)
		p->next_part = call->number - 1;
	if (call->step != PART_COMPLETE)
		return;
	p->is_doubtful = true;
	p->step = outcome == PART_BAD ? PART_ABORT : PART_LIST;
	p->is_completing |=
	    outcome != PART_BAD && answer->outcome != HTTP_NOT_DONE;
}

bool
upload_parts_ended(struct upload *u, struct http_transfer *t)
{
	const struct http_answer *answer = http_answer_of(t);
	struct call *call = upload_call_of(u, t);
	struct parts *p;
	enum part_outcome outcome;
	struct err e;

	if (call == NULL)
		return false;
	p = call->parts;
	outcome = upload_call_judge(call, answer, &e);
	if (outcome == PART_FAILED || !answers[call->step][outcome] ||
	    !answers[call->step][outcome](call, &e)) {
		step_back(p, call, outcome, answer);
		fail(p, call, answer, &e);
	}
	upload_call_free(call);
	http_release(t);
	if (p->is_over || p->is_ending)
		end(p);
	return true;
}

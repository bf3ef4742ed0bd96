#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

enum { OFFER_MS = 50 };

/* Ends */

static void
close_parts(struct parts *p)
{
	struct parts **link = &p->u->open;

	while (*link != p)
		link = &(*link)->next;
	*link = p->next;
	for (size_t i = 0; i < p->cap; i++) {
		free(p->all[i].listed);
		free(p->all[i].url);
	}
	free(p->all);
	free(p->key);
	free(p->id);
	text_list_free(&p->headers);
	p->item->parts = NULL;
	upload_free_flight(p->item);
	free(p);
}

/* Once none of its requests is active. */
void
upload_parts_end(struct parts *p)
{
	static const struct http_answer lost = { .outcome = HTTP_UNKNOWN };
	struct item *item = p->item;

	p->is_ending = true;
	if (p->in_air > 0)
		return;
	if (p->is_over)
		; /* its outcome has been set */
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
 * A request has failed, or with a NULL call something here.  Requests that were
 * active together fail together, which counts once.
 */
void
upload_parts_fail(struct parts *p, const struct call *call,
    const struct http_answer *answer, const struct err *e)
{
	bool is_stopped = e->class == ERR_INTERRUPTED;
	const struct destination *to = &p->u->deps->to;

	if (answer &&
	    (answer->was_unexpected ||
		to->policy->ops->wants_retry(to, &p->item->auth_use, answer)))
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

/* The upload exists: send what it lacks, from the first part on. */
void
upload_parts_send(struct parts *p)
{
	struct journal *j = p->u->deps->journal;
	struct flight *f = p->item->flight;

	p->part_bytes = upload_part_bytes(p);
	if (p->u->deps->is_ahead)
		f->size = flight_behind(f->st.st_size, p->part_bytes);
	p->n = upload_parts_of(f->size, p->part_bytes);
	upload_parts_reserve(p, p->n);
	p->next_part = p->u->deps->is_ahead;
	if (p->hashed < p->next_part)
		p->hashed = p->next_part;
	/* Send the end first: meanwhile, what was sent ahead is compared. */
	p->is_at_end =
	    !p->u->deps->is_ahead && p->last > p->hashed && p->last < p->n;
	if (p->is_at_end)
		p->next_part = p->last;
	p->is_unlisted = false;
	p->step = PART_PUT;
	p->item->is_aborted = false;
	if (upload_begun_of(p, false))
		return;
	journal_note(j,
	    (struct event){
		.kind = EVENT_UPLOAD_BEGUN,
		.path = p->item->artifact->path,
		.id = p->id,
		.key = p->key,
		.size = p->part_bytes,
		.count = j->progress.forced,
	    });
	journal_commit(j);
}

/* A failure here, not of a request. */
static void
stumble(struct parts *p, const struct err *e)
{
	upload_parts_fail(p, NULL, NULL, e);
	if (p->is_ending)
		upload_parts_end(p);
}

static void
call(struct parts *p, enum part_step step, size_t number)
{
	struct err e;

	if (upload_call(p, step, number, &e) == -1)
		stumble(p, &e);
}

static void
complete(struct parts *p)
{
	p->is_changed = flight_recheck(p->item->flight, &p->err) == -1;
	if (p->is_changed || !upload_note_sending(p->u, p->item))
		upload_parts_end(p);
	else
		call(p, PART_COMPLETE, 0);
}

static int
add_part(struct parts *p, size_t i, const struct flight_sums *sums,
    bool is_again, struct err *e)
{
	return flight_hash_part(p->item->flight, (int64_t)i * p->part_bytes,
	    upload_part_size(p, i), sums, is_again, e);
}

/*
 * Is the part what was sent ahead?  SHA-256 takes half the time of MD5, and
 * somebody is waiting for the recording.  1 or 0; -1 with *e.
 */
static int
is_as_sent(struct parts *p, struct part *part, const struct part_fact *fact,
    struct err *e)
{
	const struct flight_sums sums = { .sha256 = digest_new() };
	int result = add_part(p, p->hashed, &sums, false, e);

	digest_hex(sums.sha256, part->sha256);
	digest_free(sums.sha256);
	if (result == -1)
		return -1;
	return strcmp(part->sha256, fact->sha256) == 0 &&
	    digest_from_hex(fact->md5, part->md5, PART_MD5_BYTES);
}

static int
sum_part(struct parts *p, size_t i, bool is_again, struct err *e)
{
	struct part *part = &p->all[i];
	unsigned char sum[DIGEST_SHA256_BYTES];
	struct flight_sums sums = { .md5 = digest_new_md5() };
	int result;

	if (p->u->deps->is_ahead)
		sums.sha256 = digest_new();
	result = add_part(p, i, &sums, is_again, e);
	(void)digest_sum(sums.md5, sum);
	memcpy(part->md5, sum, PART_MD5_BYTES);
	*part->sha256 = '\0';
	if (sums.sha256)
		digest_hex(sums.sha256, part->sha256);
	digest_free(sums.md5);
	digest_free(sums.sha256);
	return result;
}

/* Out of order, so without the hash of the whole file. */
static int
hash_early(struct parts *p, size_t i, struct err *e)
{
	int result = sum_part(p, i, true, e);

	p->all[i].is_summed = result == 0;
	return result;
}

/* Read a part once for all hashes; sending reads it a second time. */
static int
hash_part(struct parts *p, struct err *e)
{
	static const struct flight_sums none;
	struct part *part = &p->all[p->hashed];
	const struct begun *b = upload_begun_of(p, false);
	const struct part_fact *fact =
	    b && p->hashed < b->n ? &b->parts[p->hashed] : NULL;
	bool was_ahead = fact && fact->sha256 && fact->md5;
	int is_same;

	if (part->is_summed)
		is_same = add_part(p, p->hashed, &none, false, e) == 0 ? 1 : -1;
	else
		is_same = was_ahead ? is_as_sent(p, part, fact, e) : 0;
	if (is_same == -1 ||
	    (is_same == 0 && sum_part(p, p->hashed, was_ahead, e) == -1))
		return -1;
	p->hashed++;
	return 0;
}

/* Hash a part, which decides whether it has to be sent. */
static int
prepare_part(struct parts *p, size_t i, struct err *e)
{
	if (i > p->hashed)
		return p->all[i].is_summed ? 0 : hash_early(p, i, e);
	return i == p->hashed ? hash_part(p, e) : 0;
}

/* If the end was sent first, continue with the beginning. */
static void
go_past(struct parts *p)
{
	p->next_part++;
	if (p->next_part < p->n || !p->is_at_end)
		return;
	p->is_at_end = false;
	p->next_part = 0;
}

static bool
has_room(const struct parts *p)
{
	size_t most = upload_part_ops(p)->at_once;

	return most == 0 || p->in_air < most;
}

/* Is the next part to be hashed?  That needs no room. */
static bool
is_unhashed(const struct parts *p)
{
	size_t i = p->next_part;

	return p->step == PART_PUT && i < p->n && i >= p->hashed &&
	    (i == p->hashed || !p->all[i].is_summed);
}

static void
send_next(struct parts *p)
{
	size_t i = p->next_part;
	struct part *part = &p->all[i];
	struct err e;

	if (prepare_part(p, i, &e) == -1) {
		stumble(p, &e);
		return;
	}
	part->is_stored = !part->is_flying && upload_part_is_stored(p, i);
	if (part->is_flying || part->is_stored) {
		go_past(p);
	} else if (!has_room(p)) {
		; /* hashed, it waits */
	} else if (upload_part_ops(p)->gives_urls &&
	    !upload_part_has_url(p, i)) {
		call(p, PART_URLS, i + 1);
	} else {
		go_past(p);
		call(p, PART_PUT, i + 1);
	}
}

/*
 * May this process begin an upload, or is another one asking, or are parts
 * refused?
 */
static bool
may_begin(struct parts *p)
{
	const struct part_ops *ops = upload_part_ops(p);
	enum part_offer offer = p->item->goes_whole ? OFFER_NONE
	    : ops->offer ? ops->offer(p->u->deps->to.policy)
			 : OFFER_ASK;

	if (offer == OFFER_WAIT)
		p->item->due_ms = clock_mono_ms() + OFFER_MS;
	if (offer == OFFER_NONE)
		upload_parts_leave(p);
	return offer == OFFER_ASK;
}

void
upload_parts_go(struct item *item)
{
	struct parts *p = item->parts;

	/* The parts may be gone again: the list decides. */
	if (p->step == PART_PUT && p->next_part == p->n && p->is_unlisted)
		p->step = PART_LIST;
	if (p->step == PART_LIST)
		upload_parts_unlist(p);
	if (p->step == PART_BEGIN && !may_begin(p))
		return;
	if (p->step != PART_PUT)
		call(p, p->step, 0);
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

	return !p->is_ending && !p->is_asking &&
	    (has_room(p) || is_unhashed(p)) &&
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

enum part_step
upload_parts_first(const struct parts *p)
{
	return upload_part_ops(p)->finds ? PART_FIND : PART_BEGIN;
}

/* Can this unfinished upload be resumed without too many parts? */
static bool
is_usable(const struct parts *p, const struct begun *b)
{
	const struct progress *progress = &p->u->deps->journal->progress;
	bool is_too_small = upload_part_ops(p)->gives_urls &&
	    upload_parts_of(p->item->flight->size, b->part_bytes) > PARTS_MOST;

	return upload_part_ops(p)->continues(b->key, p->key) &&
	    b->forced == progress->forced && !is_too_small;
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
	p->key =
	    upload_part_ops(p)->key(&u->deps->journal->progress, &item->remote);
	p->step = upload_parts_first(p);
	b = upload_begun_of(p, true);
	if (b == NULL)
		return;
	p->step = is_usable(p, b) ? PART_LIST : PART_ABORT;
	p->id = xstrdup(b->id);
	mem_replace(&p->key, b->key);
}

/* In one piece, it starts from the beginning. */
void
upload_parts_leave(struct parts *p)
{
	p->item->goes_whole = true;
	p->is_over = true;
	upload_make_ready(p->u, p->item, clock_mono_ms());
	upload_parts_end(p);
}

void
upload_parts_give_up(struct upload *u)
{
	for (struct parts *p = u->open, *next; p; p = next) {
		next = p->next;
		upload_parts_end(p);
	}
}

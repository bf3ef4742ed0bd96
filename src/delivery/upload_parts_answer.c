#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

enum { MIB = 1024 * 1024 };

/* Answers: false is a failure, with *e. */

static bool
take_end(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	(void)e;
	upload_parts_unlist(p);
	mem_replace(&p->id, NULL);
	free(p->key);
	p->key = upload_part_ops(p)->key(&p->u->deps->journal->progress,
	    &p->item->remote);
	p->step = PART_BEGIN;
	return true;
}

/* The store does not support parts, or not all that they need. */
static bool
take_unfit(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	/* The upload is gone already. */
	if ((call->step == PART_URLS || call->step == PART_PUT) &&
	    p->step != PART_PUT)
		return true;
	/* It may be complete, so it cannot be sent another way. */
	if (p->is_completing)
		return false;
	p->item->goes_whole = true;
	if (*e->text)
		log_warn("%s: %s; sending it in one piece",
		    p->item->artifact->path, e->text);
	p->step = PART_ABORT;
	if (p->id == NULL)
		upload_parts_leave(p);
	return true;
}

static bool
take_urls(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	(void)err_set(e, ERR_TEMPORARY,
	    "the server gave a URL that has expired");
	return p->step != PART_PUT ||
	    upload_part_has_url(p, call->number - 1) || take_unfit(call, e);
}

/* Others given at the same time have expired, too. */
static bool
take_expired(struct call *call, struct err *e)
{
	struct parts *p = call->parts;
	struct part *part = &p->all[call->number - 1];

	if (part->was_refused)
		return take_unfit(call, e);
	part->was_refused = true;
	upload_parts_forget_urls(p, part->url_ms);
	if (call->number <= p->next_part)
		p->next_part = call->number - 1;
	return true;
}

/* After --force, unfinished uploads are not resumed. */
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
	upload_parts_send(call->parts);
	return true;
}

/* The list has a part beyond the end of the file. */
static bool
refuse_list(struct parts *p, struct err *e)
{
	p->step = PART_ABORT;
	if (!p->is_begun)
		return true;
	/* The file did not shrink since: the next list may show the same. */
	p->is_doubtful = true;
	(void)err_set(e, ERR_TEMPORARY,
	    "the server lists part %zu, which was never sent", p->last);
	return false;
}

/* A store can refuse to assemble a file from fewer parts than it has. */
static bool
take_list(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	if (p->last >
	    upload_parts_of(p->item->flight->size, upload_part_bytes(p)))
		return refuse_list(p, e);
	upload_parts_send(p);
	for (size_t i = 0; p->hashed == p->n && i < p->n; i++) {
		if (!p->all[i].is_stored || upload_part_is_stored(p, i))
			continue;
		p->is_doubtful = true;
		(void)err_set(e, ERR_TEMPORARY,
		    "the server accepted part %zu, but lists another or none",
		    i + 1);
		return false;
	}
	return true;
}

static bool
take_more(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	if (p->last > call->number)
		return upload_call(p, PART_LIST, p->last, e) == 0;
	(void)err_set(e, ERR_TEMPORARY, "the list of parts goes in circles");
	return false;
}

/* Without a list, rely on the journal. */
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
	/* The upload is gone already. */
	if (p->step != PART_PUT)
		return true;
	digest_to_hex(part->md5, PART_MD5_BYTES, md5);
	upload_parts_list(p, call->number, call->etag);
	part->is_stored = p->is_unlisted = true;
	part->was_refused = false;
	journal_note(p->u->deps->journal,
	    (struct event){
		.kind = EVENT_PART_STORED,
		.path = p->item->artifact->path,
		.count = (int64_t)call->number,
		.size = upload_part_size(p, call->number - 1),
		.etag = call->etag,
		.md5 = md5,
		.sha256 = *part->sha256 ? part->sha256 : NULL,
	    });
	/* It makes progress, as long as stored parts remain. */
	if (!p->is_doubtful)
		p->item->retry = (struct retry){ 0 };
	p->u->futility = 0;
	p->u->has_moved = true;
	return true;
}

/* A store that accepts fewer parts gets larger ones. */
static bool
take_limit(struct call *call, struct err *e)
{
	struct parts *p = call->parts;
	size_t most = call->number - 1;
	int64_t mib;

	/* The upload is gone already. */
	if (p->id == NULL)
		return true;
	if (most == 0)
		return false;
	mib = (p->item->flight->size - 1) / (int64_t)most / MIB + 1;
	/* Other active parts are refused as well. */
	if (mib * MIB <= p->part_bytes)
		return true;
	log_warn("%s: %s; sending parts of %lld MiB instead",
	    p->item->artifact->path, e->text, (long long)mib);
	p->part_bytes = mib * MIB;
	upload_parts_hash_again(p);
	p->step = PART_ABORT;
	return true;
}

/*
 * The file is assembled: is it ours?  Ceph 16 returns no ETag, others one that
 * is not an MD5: then the list decides.
 */
static bool
take_whole(struct call *call, struct err *e)
{
	struct item *item = call->parts->item;
	struct upload *u = call->parts->u;
	int64_t now = clock_mono_ms();
	autofree char *id = call->made
	    ? xstrdup(call->made)
	    : xasprintf("%s%s", call->etag ? call->etag : "",
		  item->remote.path);

	(void)e;
	call->parts->is_over = true;
	if (call->made || (item->whole && strcmp(id, item->whole) == 0)) {
		upload_log_place(item, call->answer, call->path);
		upload_stored(u, item, id, call->path);
		return true;
	}
	upload_doubt(item, now + item->flight->request.answer_timeout_ms);
	item->is_completed = item->is_accepted = true;
	item->status = 200;
	text_list_add(&u->made, item->whole ? item->whole : "");
	upload_ask(u, item, now);
	return true;
}

/* Completed or aborted?  The list of files tells. */
static bool
take_loss(struct call *call, struct err *e)
{
	struct parts *p = call->parts;

	if (p->step == PART_BEGIN)
		return true;
	/* It may lose an upload it has just begun once, but not twice. */
	p->item->goes_whole |=
	    p->is_begun && p->item->was_lost && upload_part_ops(p)->gives_urls;
	p->item->was_lost |= p->is_begun;
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
	[PART_BEGIN] = { [PART_DONE] = take_begun, [PART_UNFIT] = take_unfit },
	[PART_LIST] = { [PART_DONE] = take_list,
	    [PART_MORE] = take_more,
	    [PART_REFUSED] = take_journal,
	    [PART_UNFIT] = take_unfit,
	    [PART_GONE] = take_loss },
	[PART_URLS] = { [PART_DONE] = take_urls,
	    [PART_GONE] = take_loss,
	    [PART_UNFIT] = take_unfit },
	[PART_PUT] = { [PART_DONE] = take_part,
	    [PART_EXPIRED] = take_expired,
	    [PART_UNFIT] = take_unfit,
	    [PART_GONE] = take_loss,
	    [PART_MANY] = take_limit },
	[PART_COMPLETE] = { [PART_DONE] = take_whole,
	    [PART_UNFIT] = take_unfit,
	    [PART_GONE] = take_loss },
	[PART_ABORT] = { [PART_DONE] = take_end,
	    [PART_REFUSED] = take_end,
	    [PART_GONE] = take_end },
};

/* Where to continue after a failure. */
static void
step_back(struct parts *p, const struct call *call, enum part_outcome outcome,
    const struct http_answer *answer)
{
	if (call->step == PART_BEGIN) {
		p->step = upload_parts_first(p);
		p->u->totals->has_strays |= upload_part_ops(p)->finds &&
		    answer->outcome != HTTP_NOT_DONE;
	}
	if (call->step == PART_PUT && call->number <= p->next_part)
		p->next_part = call->number - 1;
	if (call->step != PART_COMPLETE)
		return;
	p->is_doubtful = true;
	p->step = outcome == PART_BAD ? PART_ABORT : PART_LIST;
	p->item->goes_whole |= outcome == PART_BAD && p->item->was_bad &&
	    upload_part_ops(p)->gives_urls;
	p->item->was_bad |= outcome == PART_BAD;
	p->is_completing |=
	    outcome != PART_BAD && answer->outcome != HTTP_NOT_DONE;
}

void
upload_parts_ended(struct call *call, const struct http_answer *answer)
{
	struct parts *p = call->parts;
	struct err e;
	enum part_outcome outcome = upload_call_judge(call, answer, &e);

	p->item->is_aborted |=
	    call->step == PART_ABORT && outcome != PART_FAILED;
	/* In one piece it can be sent whether or not that worked. */
	if (call->step == PART_ABORT && p->item->goes_whole)
		outcome = PART_DONE;
	if (outcome == PART_FAILED || !answers[call->step][outcome] ||
	    !answers[call->step][outcome](call, &e)) {
		step_back(p, call, outcome, answer);
		upload_parts_fail(p, call, answer, &e);
	}
	upload_call_free(call);
	if (p->is_over || p->is_ending)
		upload_parts_end(p);
}

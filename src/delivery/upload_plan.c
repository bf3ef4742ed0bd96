#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/upload_internal.h"

bool
upload_is_stored(const struct progress *p, const struct artifact *a)
{
	const struct fact *fact = progress_fact(p, a->path);

	/*
	 * If the file cannot be read, its size after redaction is unknown.
	 * Version 0.1.0 recorded no stamps and reformatted what it redacted.
	 */
	return fact && fact->is_stored &&
	    (fact->size == a->size || a->is_unreadable ||
		(a->is_json && fact->stamp == 0)) &&
	    fact_is_of(fact, a->stamp, a->mtime_ns);
}

bool
upload_is_selected(const struct text_list *only, const struct artifact *a)
{
	return only == NULL || only->n == 0 || recording_matches(only, a->path);
}

/*
 * Another version, but with the same bytes?  1 or 0, or -1 with *e when that
 * cannot be determined.
 */
static int
is_same_content(const struct recording *rec, const struct artifact *a,
    const struct fact *fact, struct err *e)
{
	char hex[DIGEST_HEX_BYTES];

	if (fact->sha256 == NULL || fact->size != a->size)
		return 0;
	if (flight_hash_artifact(rec, a, hex, e) == -1)
		return -1;
	return strcmp(hex, fact->sha256) == 0;
}

/*
 * It was stored and has changed.  A file that cannot be read is examined again
 * when it is to be sent.
 */
static void
reconsider(const struct recording *rec, struct journal *j,
    const struct artifact *a, const struct fact *fact)
{
	struct fact now = *fact;
	struct err ignored;
	int is_same = is_same_content(rec, a, fact, &ignored);

	now.mtime_ns = a->mtime_ns;
	now.stamp = a->stamp;
	if (is_same == 1)
		upload_restate(j, &now, fact->id, fact->is_whole);
	if (is_same != 0)
		return;
	log_info("%s: has changed since it was stored", a->path);
	upload_note_record(j, EVENT_SUPERSEDED, a->path, fact->id, fact->size);
}

void
upload_refresh(const struct recording *rec, struct journal *j)
{
	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		const struct fact *fact = progress_fact(&j->progress, a->path);

		if (fact && fact->is_stored && !a->is_unreadable &&
		    !upload_is_stored(&j->progress, a))
			reconsider(rec, j, a, fact);
	}
}

/* Is the artifact the version that an earlier run sent?  -1 as above. */
static int
is_what_was_sent(struct upload *u, const struct artifact *a,
    const struct fact *fact, struct err *e)
{
	/* A stamp includes the size. */
	if (fact_is_of(fact, a->stamp, a->mtime_ns) &&
	    (fact->stamp || fact->is_sending || fact->size == a->size))
		return 1;
	return fact->is_sending
	    ? 0
	    : is_same_content(u->deps->recording, a, fact, e);
}

/*
 * An earlier run may have sent it.  Clocks of two hosts differ, so the server's
 * time starts now.  If a run ended while sending another version, that is
 * noted, or this run's orderly end would hide it.
 */
static int
recall_unknown(struct upload *u, struct item *item, const struct fact *fact,
    struct err *e)
{
	const struct artifact *a = item->artifact;
	int is_same = is_what_was_sent(u, a, fact, e);

	if (is_same == -1)
		return -1;
	item->is_rewritten |= !is_same;
	item->is_accepted = fact->status / 100 == 2 && is_same;
	item->absent_from_ms = clock_mono_ms();
	if (fact->is_sending || destination_may_be_storing(fact->status))
		item->absent_from_ms +=
		    destination_patience_ms(u->deps->to.policy, a->size);
	log_info("%s: may be stored already; asking the server before "
		 "sending it again",
	    a->path);
	item->status = fact->is_sending ? 0 : fact->status;
	if (fact->is_unknown)
		mem_replace(&item->sha256, fact->sha256);
	if (fact->is_sending && !is_same)
		journal_note(u->deps->journal,
		    (struct event){
			.kind = EVENT_UNKNOWN,
			.path = a->path,
			.size = fact->size,
			.mtime_ns = fact->mtime_ns,
			.stamp = fact->stamp,
		    });
	return 0;
}

struct item *
upload_add_item(struct upload *u, const struct progress *p,
    const struct artifact *a)
{
	struct item *item = &u->items[u->n];

	item->artifact = a;
	item->size = a->size;
	item->mtime_ns = a->mtime_ns;
	item->stamp = a->stamp;
	destination_name(&item->remote, u->deps->to.policy, p, a->path);
	if (item->remote.is_renamed && progress_fact(p, a->path) == NULL)
		log_info(
		    "%s: not every server keeps this name; storing it as %s",
		    a->path, item->remote.path);
	u->n++;
	if (item->size > FLIGHT_SMALL_BYTES)
		mimetype_be_thrifty(u->mimetype);
	return item;
}

/*
 * The scan could not read it: neither its size on the server nor its private
 * members are known.  If it can be opened now, another scan tells.
 */
static int
look_again(struct upload *u, struct item *item, struct err *e)
{
	struct stat st;
	autoclose int fd = recording_open_artifact(u->deps->recording,
	    item->artifact->path, &st, e);

	if (fd != -1)
		item->state = ITEM_STALE;
	return fd == -1 ? -1 : 0;
}

/* Apply what is known about it.  -1 with *e when that cannot be determined. */
static int
recall(struct upload *u, struct item *item, struct err *e)
{
	const struct progress *p = &u->deps->journal->progress;
	const struct fact *fact = progress_fact(p, item->artifact->path);

	if (fact && fact->is_stored)
		return err_set(e, ERR_TEMPORARY,
		    "has changed, but cannot be compared now");
	item->is_rewritten = fact ? fact->has_older : p->is_forced;
	item->is_unknown = fact && (fact->is_unknown || fact->is_sending);
	if (item->artifact->is_unreadable)
		return look_again(u, item, e);
	return item->is_unknown ? recall_unknown(u, item, fact, e) : 0;
}

static void
ask(struct upload *u, struct item *item)
{
	item->is_fresh = !item->is_unknown;
	upload_ask(u, item, clock_mono_ms());
}

static void
plan_artifact(struct upload *u, const struct artifact *a)
{
	const struct progress *p = &u->deps->journal->progress;
	struct err e;
	struct item *item;

	if (!upload_is_selected(u->deps->only, a) || upload_is_stored(p, a))
		return;
	item = upload_add_item(u, p, a);
	if (recall(u, item, &e) == -1)
		upload_fail(u, item, &e);
	else if (item->state != ITEM_STALE)
		ask(u, item);
}

static enum certainty
certainty_of(const struct journal *j)
{
	if ((j->is_degraded && !j->is_peeking) || j->was_cut_off)
		return CERTAIN_LOST;
	return j->has_history ? CERTAIN : CERTAIN_NOT;
}

void
upload_plan(struct upload *u)
{
	const struct recording *rec = u->deps->recording;
	struct err stopped;

	upload_refresh(rec, u->deps->journal);
	u->certainty = certainty_of(u->deps->journal);
	u->items = xcalloc(rec->n, sizeof(*u->items));
	for (size_t i = 0; i < rec->n && stop_check(&stopped) == 0; i++)
		plan_artifact(u, &rec->artifacts[i]);
}

void
upload_free(struct upload *u)
{
	for (size_t i = 0; i < u->n; i++) {
		remote_name_free(&u->items[i].remote);
		free(u->items[i].whole);
		free(u->items[i].kept_as);
		free(u->items[i].type);
		free(u->items[i].sha256);
		free(u->items[i].err);
	}
	free(u->items);
	free(u->waiting);
	text_list_free(&u->headers);
	text_list_free(&u->made);
	inventory_free(&u->inventory);
	mimetype_close(u->mimetype);
}

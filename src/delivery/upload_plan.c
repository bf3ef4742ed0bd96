#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/upload_internal.h"
#include "journal/schedule.h"

bool
upload_is_stored(const struct progress *p, const struct artifact *a)
{
	const struct fact *fact = progress_fact(p, a->path);

	return fact && fact->is_stored && fact->size == a->size &&
	    fact->mtime_ns == a->mtime_ns;
}

bool
upload_is_selected(const struct text_list *only, const struct artifact *a)
{
	return only == NULL || only->n == 0 || recording_matches(only, a->path);
}

/*
 * Touched but with the same bytes?  1 or 0, or -1 with *e when that cannot be
 * told.
 */
static int
is_same_content(struct upload *u, const struct artifact *a,
    const struct fact *fact, struct err *e)
{
	char hex[DIGEST_HEX_BYTES];

	if (fact->sha256 == NULL || fact->size != a->size)
		return 0;
	if (flight_hash_artifact(u->deps->recording, a, hex, e) == -1)
		return -1;
	return strcmp(hex, fact->sha256) == 0;
}

/* It was stored once, and is not what it was.  -1 as above. */
static int
reconsider(struct upload *u, const struct artifact *a, struct fact *fact,
    struct err *e)
{
	/* Applying an event replaces the strings that it borrows. */
	autofree char *id = fact->id ? xstrdup(fact->id) : NULL;
	autofree char *type = fact->type ? xstrdup(fact->type) : NULL;
	autofree char *sha256 = fact->sha256 ? xstrdup(fact->sha256) : NULL;
	struct event ev = { .path = a->path, .id = id };
	int is_same = is_same_content(u, a, fact, e);

	if (is_same == -1)
		return -1;
	if (is_same) {
		ev.kind = EVENT_STORED;
		ev.size = a->size;
		ev.mtime_ns = a->mtime_ns;
		ev.type = type;
		ev.sha256 = sha256;
	} else {
		ev.kind = EVENT_SUPERSEDED;
		log_info("%s: has changed since it was stored", a->path);
	}
	journal_note(u->deps->journal, ev);
	return 0;
}

/* Is the artifact another version than the one that an earlier run sent? */
static bool
is_rewritten(const struct artifact *a, const struct fact *fact)
{
	return a->mtime_ns != fact->mtime_ns ||
	    (!fact->is_sending && a->size != fact->size);
}

/*
 * An earlier run may have sent it.  That one ended in mid-sending is put on
 * record as an unknown outcome, else this run's orderly end would hide it.
 * When may a list that does not show it be believed?
 */
static void
recall_unknown(struct upload *u, struct item *item, const struct fact *fact)
{
	const struct artifact *a = item->artifact;
	int64_t patience =
	    filestore_answer_timeout_ms(u->deps->filestore, a->size);
	int64_t age;

	item->is_unknown = true;
	item->is_rewritten = is_rewritten(a, fact);
	if (fact->is_sending)
		journal_note(u->deps->journal,
		    (struct event){
			.kind = EVENT_UNKNOWN,
			.path = a->path,
			.size = a->size,
			/* 1 is no time that a file has: another version. */
			.mtime_ns = item->is_rewritten ? 1 : a->mtime_ns,
		    });
	age = clock_unix_ms() - fact->unknown_ms;
	age = age < 0 ? 0 : age > patience ? patience : age;
	item->absent_from_ms = clock_mono_ms() + patience - age;
	log_info("%s: may be stored already; asking the server before it is "
		 "sent again",
	    a->path);
}

static int
compare_remote(const void *a, const void *b)
{
	return strcmp((*(struct item *const *)a)->remote.path,
	    (*(struct item *const *)b)->remote.path);
}

static struct item *
add_item(struct upload *u, const struct artifact *a)
{
	const struct progress *p = &u->deps->journal->progress;
	struct item *item = &u->items[u->n];

	item->artifact = a;
	item->size = a->size;
	item->mtime_ns = a->mtime_ns;
	remote_name_make(&item->remote, p->room, p->session, a->path);
	if (item->remote.is_renamed)
		log_warn("%s: the server cannot take this name; there it is "
			 "%s",
		    a->path, item->remote.path);
	u->by_path[u->n++] = item;
	if (item->size > FLIGHT_SMALL_BYTES)
		mimetype_be_thrifty(u->mimetype);
	return item;
}

/* A proxy that answers 500 to big files must not cost terabytes. */
static bool
pause_item(struct upload *u, struct item *item, const struct fact *fact)
{
	int64_t until_ms = schedule_artifact_ms(fact);
	char text[CLOCK_TEXT_BYTES];
	struct err e;

	if (!u->deps->obeys_pauses || until_ms <= clock_unix_ms())
		return false;
	clock_rfc3339(until_ms, text);
	(void)err_set(&e, ERR_TEMPORARY,
	    "sent in %lld runs and answered 5xx each time; next try after %s",
	    (long long)fact->refusals, text);
	upload_fail(u, item, &e);
	return true;
}

static void
plan_artifact(struct upload *u, const struct artifact *a)
{
	const struct progress *p = &u->deps->journal->progress;
	struct fact *fact = progress_fact(p, a->path);
	struct err e;
	struct item *item;

	if (!upload_is_selected(u->deps->only, a))
		return;
	if (fact && fact->is_stored && !upload_is_stored(p, a) &&
	    reconsider(u, a, fact, &e) == -1) {
		upload_fail(u, add_item(u, a), &e);
		return;
	}
	if (upload_is_stored(p, a))
		return;
	item = add_item(u, a);
	if (fact && pause_item(u, item, fact))
		return;
	if (fact && (fact->is_unknown || fact->is_sending))
		recall_unknown(u, item, fact);
	item->is_fresh = !item->is_unknown;
	upload_ask(u, item, clock_mono_ms());
}

void
upload_plan(struct upload *u)
{
	const struct recording *rec = u->deps->recording;
	struct err stopped;

	u->items = xcalloc(rec->n, sizeof(*u->items));
	u->by_path = xcalloc(rec->n, sizeof(struct item *));
	for (size_t i = 0; i < rec->n && stop_check(&stopped) == 0; i++)
		plan_artifact(u, &rec->artifacts[i]);
	if (u->n > 0)
		qsort(u->by_path, u->n, sizeof(struct item *), compare_remote);
}

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

static void
note_lost(struct journal *j, const char *path, const char *id, int64_t size)
{
	/* It may belong to the fact, which is replaced. */
	autofree char *copy = id ? xstrdup(id) : NULL;

	journal_note(j,
	    (struct event){ EVENT_LOST, .path = path, .id = copy,
		.size = size });
}

void
upload_restate(struct journal *j, const struct fact *fact, const char *id,
    bool is_whole)
{
	journal_note(j,
	    (struct event){
		.kind = EVENT_STORED,
		.path = fact->path,
		.size = fact->size,
		.mtime_ns = fact->mtime_ns,
		.stamp = fact->stamp,
		.type = fact->type,
		.sha256 = fact->sha256,
		.id = id,
		.is_whole = is_whole,
	    });
}

/* Remember the id that proves it from now on. */
static void
note_found(struct journal *j, const struct fact *fact,
    const struct remote_record *record)
{
	if (record->id == NULL ||
	    (fact->id && strcmp(fact->id, record->id) == 0))
		return;
	log_info("%s: the server has it as %s", fact->path, record->id);
	upload_restate(j, fact, record->id, fact->is_whole);
}

/* Whatever is there of it is no longer valid. */
static void
lose_all(struct journal *j, const struct inventory *inv,
    const struct artifact *a, const char *path)
{
	const struct fact *fact = progress_fact(&j->progress, a->path);
	const struct remote_record *known =
	    inventory_find_id(inv, fact ? fact->id : NULL);
	size_t n;
	const struct remote_record *records = inventory_find(inv, path, &n);

	if (known || n == 0)
		note_lost(j, a->path, known ? known->id : NULL,
		    known ? known->size : 0);
	for (size_t i = 0; i < n; i++)
		note_lost(j, a->path, records[i].id, records[i].size);
}

/* A list may lag: believe what was stored just now. */
static bool
is_recent(const struct upload_deps *deps, const struct artifact *a,
    const struct fact *fact)
{
	return clock_unix_ms() - fact->stored_ms <=
	    destination_patience_ms(deps->to.policy, a->size);
}

/* As after a lost answer, to give the server its time. */
static void
doubt(const struct upload_deps *deps, const struct artifact *a,
    const struct fact *fact)
{
	log_warn("%s: was stored, but the server no longer lists it", a->path);
	journal_note(deps->journal,
	    (struct event){
		.kind = EVENT_UNKNOWN,
		.path = a->path,
		.size = fact->size,
		.mtime_ns = fact->mtime_ns,
		.stamp = fact->stamp,
		.sha256 = fact->sha256,
	    });
}

static void
recheck_artifact(const struct upload_deps *deps, const struct inventory *inv,
    const struct artifact *a, bool is_forced)
{
	const struct progress *p = &deps->journal->progress;
	const struct fact *fact = progress_fact(p, a->path);
	const struct remote_record *record;
	struct remote_name remote;
	bool is_other = false;

	if (!is_forced && !upload_is_stored(p, a))
		return;
	destination_name(&remote, deps->to.policy, p, a->path);
	if (is_forced) {
		lose_all(deps->journal, inv, a, remote.path);
	} else if ((record = inventory_has(inv, fact, remote.path, fact->size,
			&is_other)) != NULL) {
		note_found(deps->journal, fact, record);
	} else if (is_recent(deps, a, fact) &&
	    inventory_find_id(inv, fact->id) == NULL) {
		log_info("%s: not listed yet, but it was stored just now",
		    a->path);
	} else if (is_other) {
		log_warn("%s: was stored, but now has another size on the "
			 "server",
		    a->path);
		lose_all(deps->journal, inv, a, remote.path);
	} else {
		doubt(deps, a, fact);
	}
	remote_name_free(&remote);
}

int
upload_recheck(const struct upload_deps *deps, bool is_forced, struct err *e)
{
	const struct recording *rec = deps->recording;
	struct inventory inv;
	bool is_refused;
	int result = inventory_read(&inv, &deps->to, &deps->journal->progress,
	    &is_refused, e);

	if (result == -1 && is_refused) {
		log_warn("list: %s; relying on the journal for what is stored",
		    e->text);
		result = 0;
	}
	for (size_t i = 0; i < rec->n && result == 0; i++)
		if ((!is_refused || is_forced) &&
		    upload_is_selected(deps->only, &rec->artifacts[i]))
			recheck_artifact(deps, &inv, &rec->artifacts[i],
			    is_forced);
	journal_commit(deps->journal);
	inventory_free(&inv);
	return result == -1 ? err_wrap(e, "list") : 0;
}

static int
compare_kept(const void *a, const void *b)
{
	return strcmp((*(const struct item *const *)a)->kept_as,
	    (*(const struct item *const *)b)->kept_as);
}

/* Is one of them there, in place of the other? */
static void
check_replaced(struct journal *j, const struct inventory *inv,
    const struct item *a, const struct item *b)
{
	const struct fact *fact =
	    progress_fact(&j->progress, a->artifact->path);
	const struct fact *other =
	    progress_fact(&j->progress, b->artifact->path);
	const struct remote_record *record =
	    inventory_find_id(inv, fact ? fact->id : NULL);
	const struct remote_record *there =
	    inventory_find_id(inv, other ? other->id : NULL);

	if (record && other && !there)
		note_found(j, other, record);
	else if (there && fact && !record)
		note_found(j, fact, there);
}

void
upload_find_replaced(struct upload *u)
{
	autofree const struct item **kept =
	    xcalloc(u->n + 1, sizeof(struct item *));
	struct journal *j = u->deps->journal;
	struct inventory inv = { 0 };
	bool is_refused, is_shared = false;
	struct err ignored;
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		if (u->items[i].state == ITEM_STORED && u->items[i].kept_as)
			kept[n++] = &u->items[i];
	qsort(kept, n, sizeof(struct item *), compare_kept);
	for (size_t i = 1; i < n && !is_shared; i++)
		is_shared = compare_kept(&kept[i - 1], &kept[i]) == 0;
	if (is_shared &&
	    inventory_read(&inv, &u->deps->to, &j->progress, &is_refused,
		&ignored) == 0)
		for (size_t i = 1; i < n; i++)
			for (size_t k = i; k > 0 &&
			     compare_kept(&kept[k - 1], &kept[i]) == 0;)
				check_replaced(j, &inv, kept[--k], kept[i]);
	inventory_free(&inv);
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp((*(const struct fact *const *)a)->id,
	    (*(const struct fact *const *)b)->id);
}

static int
name_shared(const char *a, const char *b, struct err *e)
{
	bool is_first = strcmp(a, b) < 0;

	return err_set(e, ERR_PERMANENT,
	    "the server keeps one file for %s and %s: rename one of them, and "
	    "upload both again",
	    is_first ? a : b, is_first ? b : a);
}

int
upload_check_shared(const struct recording *rec, struct journal *j,
    struct err *e)
{
	autofree const struct fact **stored =
	    xcalloc(rec->n + 1, sizeof(struct fact *));
	size_t n = 0;
	int result = 0;

	for (size_t i = 0; i < rec->n; i++) {
		const struct fact *fact =
		    progress_fact(&j->progress, rec->artifacts[i].path);

		if (fact && fact->is_stored && fact->id)
			stored[n++] = fact;
	}
	qsort(stored, n, sizeof(struct fact *), compare_ids);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1;
		     k < n && compare_ids(&stored[i], &stored[k]) == 0;)
			k++;
		if (k - i > 1 && result == 0)
			result = name_shared(stored[i]->path,
			    stored[i + 1]->path, e);
		/* It is unknown which of them the server has. */
		for (size_t m = i; k - i > 1 && m < k; m++)
			note_lost(j, stored[m]->path, stored[m]->id,
			    stored[m]->size);
	}
	return result;
}

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

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
		upload_note_record(j, EVENT_LOST, a->path,
		    known ? known->id : NULL, known ? known->size : 0);
	for (size_t i = 0; i < n; i++)
		upload_note_record(j, EVENT_LOST, a->path, records[i].id,
		    records[i].size);
}

/*
 * A list may lag: believe what was stored just now.  A moment to come, by the
 * clock of another host, is not now.
 */
static bool
is_recent(const struct upload_deps *deps, const struct artifact *a,
    const struct fact *fact)
{
	int64_t age_ms = clock_unix_ms() - fact->stored_ms;

	return age_ms >= 0 &&
	    age_ms <= destination_patience_ms(deps->to.policy, a->size);
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

/* What several artifacts may share: a path or an id at the server. */
struct shared {
	const char *text;
	const struct fact *fact;
};

static int
compare_shared(const void *a, const void *b)
{
	return strcmp(((const struct shared *)a)->text,
	    ((const struct shared *)b)->text);
}

static size_t
end_of_group(const struct shared *all, size_t n, size_t i)
{
	size_t end = i + 1;

	while (end < n && compare_shared(&all[i], &all[end]) == 0)
		end++;
	return end;
}

/* Those that are not there were replaced by one that is. */
static void
note_replaced(struct journal *j, const struct inventory *inv,
    const struct shared *group, size_t n)
{
	const struct remote_record *record = NULL;

	for (size_t i = 0; i < n && record == NULL; i++)
		record = inventory_find_id(inv, group[i].fact->id);
	for (size_t i = 0; i < n && record; i++)
		if (inventory_find_id(inv, group[i].fact->id) == NULL)
			note_found(j, group[i].fact, record);
}

void
upload_find_replaced(struct upload *u)
{
	autofree struct shared *kept = xcalloc(u->n, sizeof(*kept));
	struct journal *j = u->deps->journal;
	struct inventory inv = { 0 };
	bool is_refused, is_shared = false;
	struct err ignored;
	size_t n = 0;

	for (size_t i = 0; i < u->n; i++)
		if (u->items[i].state == ITEM_STORED && u->items[i].kept_as)
			kept[n++] = (struct shared){ u->items[i].kept_as,
				progress_fact(&j->progress,
				    u->items[i].artifact->path) };
	qsort(kept, n, sizeof(*kept), compare_shared);
	for (size_t i = 1; i < n && !is_shared; i++)
		is_shared = compare_shared(&kept[i - 1], &kept[i]) == 0;
	if (is_shared &&
	    inventory_read(&inv, &u->deps->to, &j->progress, &is_refused,
		&ignored) == 0)
		for (size_t i = 0, end; i < n; i = end) {
			end = end_of_group(kept, n, i);
			if (end - i > 1)
				note_replaced(j, &inv, &kept[i], end - i);
		}
	inventory_free(&inv);
}

/* It is unknown which of them the server has. */
static int
lose_shared(struct journal *j, const struct shared *group, size_t n,
    struct err *e)
{
	const char *a = group[0].fact->path, *b = group[1].fact->path;
	bool is_first = strcmp(a, b) < 0;

	for (size_t i = 0; i < n; i++)
		upload_note_record(j, EVENT_LOST, group[i].fact->path,
		    group[i].fact->id, group[i].fact->size);
	return err_set(e, ERR_PERMANENT,
	    "the server keeps one file for %s and %s: rename one of them, and "
	    "upload both again",
	    is_first ? a : b, is_first ? b : a);
}

int
upload_check_shared(const struct recording *rec, struct journal *j,
    struct err *e)
{
	autofree struct shared *stored = xcalloc(rec->n, sizeof(*stored));
	size_t n = 0;
	int result = 0;

	for (size_t i = 0; i < rec->n; i++) {
		const struct fact *fact =
		    progress_fact(&j->progress, rec->artifacts[i].path);

		if (fact && fact->is_stored && fact->id)
			stored[n++] = (struct shared){ fact->id, fact };
	}
	qsort(stored, n, sizeof(*stored), compare_shared);
	for (size_t i = 0, end; i < n; i = end) {
		end = end_of_group(stored, n, i);
		if (end - i > 1)
			result = lose_shared(j, &stored[i], end - i, e);
	}
	return result;
}

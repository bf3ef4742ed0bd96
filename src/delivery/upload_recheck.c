#include "base/clock.h"
#include "base/log.h"
#include "delivery/upload_internal.h"

static void
note_lost(struct journal *j, const struct artifact *a,
    const struct remote_record *record)
{
	journal_note(j,
	    (struct event){
		.kind = EVENT_LOST,
		.path = a->path,
		.id = record ? record->id : NULL,
		.size = record ? record->size : 0,
	    });
}

/* What is there of it counts no more, whatever it is. */
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
		note_lost(j, a, known);
	for (size_t i = 0; i < n; i++)
		note_lost(j, a, &records[i]);
}

/*
 * A list may lag: what was stored just now is believed, and the rest is in
 * doubt as after an answer that was lost, so that the server has its time.
 */
static void
doubt(const struct upload_deps *deps, const struct artifact *a,
    const struct fact *fact)
{
	int64_t age = clock_unix_ms() - fact->stored_ms;

	if (age <= filestore_answer_timeout_ms(deps->filestore, a->size)) {
		log_info("%s: not listed yet, but it was stored just now",
		    a->path);
		return;
	}
	log_warn("%s: was stored, and the server does not list it any more",
	    a->path);
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
	struct remote_name remote;
	bool is_other = false;

	if (!is_forced && !upload_is_stored(p, a))
		return;
	remote_name_make(&remote, p->room, p->session, a->path);
	if (is_forced) {
		lose_all(deps->journal, inv, a, remote.path);
	} else if (inventory_has(inv, fact, remote.path, fact->size,
		       &is_other)) {
		log_debug("%s: the server has it", a->path);
	} else if (is_other) {
		log_warn("%s: was stored, and the server has another size of "
			 "it now",
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
	const struct inventory_deps asking = {
		.http = deps->http,
		.filestore = deps->filestore,
		.auth = deps->auth,
		.retry = deps->retry,
	};
	struct inventory inv;
	bool is_refused;
	int result = inventory_read(&inv, &asking, &deps->journal->progress,
	    &is_refused, e);

	if (result == -1 && is_refused) {
		log_warn("list: %s; what the journal has as stored is "
			 "believed",
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

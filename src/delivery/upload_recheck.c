#include "base/log.h"
#include "delivery/upload_internal.h"
#include "remote/inventory.h"

/* What is there under its path counts no more, whatever it is. */
static void
note_lost(struct journal *j, const struct artifact *a,
    const struct remote_record *records, size_t n)
{
	struct event ev = { .kind = EVENT_LOST, .path = a->path };

	if (n == 0)
		journal_note(j, ev);
	for (size_t i = 0; i < n; i++) {
		ev.id = records[i].id;
		journal_note(j, ev);
	}
}

/* Where the server does not say the size, its record has to do. */
static bool
is_good(const struct remote_record *record, const struct artifact *a)
{
	return record->size == -1 || record->size == a->size;
}

static void
compare(struct journal *j, const struct artifact *a,
    const struct remote_record *records, size_t n)
{
	bool is_there = false;

	for (size_t i = 0; i < n; i++)
		is_there |= is_good(&records[i], a);
	if (is_there)
		return;
	note_lost(j, a, records, n);
	log_warn("%s: was stored, and the server %s", a->path,
	    n == 0 ? "has lost it" : "has another size of it now");
}

static void
recheck_artifact(const struct upload_deps *deps, const struct inventory *inv,
    const struct artifact *a, bool is_forced)
{
	const struct progress *p = &deps->journal->progress;
	struct remote_name remote;
	const struct remote_record *records;
	size_t n;

	remote_name_make(&remote, p->room, p->session, a->path);
	records = inventory_find(inv, remote.path, &n);
	remote_name_free(&remote);
	if (is_forced)
		note_lost(deps->journal, a, records, n);
	else if (upload_is_stored(p, a))
		compare(deps->journal, a, records, n);
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

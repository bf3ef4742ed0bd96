#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/upload_internal.h"

bool
upload_is_stored(const struct progress *p, const struct artifact *a)
{
	const struct fact *fact = progress_fact(p, a->path);

	return fact && fact->is_stored && fact->size == a->size &&
	    fact->mtime_ns == a->mtime_ns;
}

/* Touched but with the same bytes: still stored. */
static bool
is_same_content(struct upload *u, const struct artifact *a,
    const struct fact *fact, struct err *e)
{
	autoclose int fd = -1;
	char hex[DIGEST_HEX_BYTES];
	struct digest *d;
	struct stat st;

	if (fact->sha256 == NULL || fact->size != a->size)
		return false;
	if (a->is_redacted && a->content.data) {
		d = digest_new();
		digest_add(d, a->content.data, a->content.len);
		digest_hex(d, hex);
		digest_free(d);
	} else {
		fd = recording_open_artifact(u->deps->recording, a->path, &st,
		    e);
		if (fd == -1 || flight_hash_file(fd, hex, e) == -1)
			return false;
	}
	return strcmp(hex, fact->sha256) == 0;
}

/* It was stored once, and is not what it was. */
static void
reconsider(struct upload *u, const struct artifact *a, struct fact *fact)
{
	struct err ignored;
	struct event ev = { .path = a->path, .id = fact->id };

	if (is_same_content(u, a, fact, &ignored)) {
		ev.kind = EVENT_STORED;
		ev.size = a->size;
		ev.mtime_ns = a->mtime_ns;
		ev.type = fact->type;
		ev.sha256 = fact->sha256;
	} else {
		ev.kind = EVENT_SUPERSEDED;
		log_info("%s: has changed since it was stored", a->path);
	}
	/* Applying it replaces the strings it borrows. */
	autofree char *id = ev.id ? xstrdup(ev.id) : NULL;
	autofree char *type = ev.type ? xstrdup(ev.type) : NULL;
	autofree char *sha256 = ev.sha256 ? xstrdup(ev.sha256) : NULL;

	ev.id = id;
	ev.type = type;
	ev.sha256 = sha256;
	journal_note(u->deps->journal, ev);
}

static bool
has_to_be_sent(struct upload *u, const struct artifact *a)
{
	const struct progress *p = &u->deps->journal->progress;
	struct fact *fact = progress_fact(p, a->path);

	if (fact && fact->is_stored && !upload_is_stored(p, a))
		reconsider(u, a, fact);
	return !upload_is_stored(p, a);
}

/* When may a list that does not show it be believed? */
static void
recall_unknown(struct upload *u, struct item *item, const struct fact *fact)
{
	int64_t patience = filestore_answer_timeout_ms(u->deps->filestore,
	    item->artifact->size);
	int64_t age = 0;

	if (fact->is_unknown && !fact->is_sending)
		age = clock_unix_ms() - fact->unknown_ms;
	age = age < 0 ? 0 : age > patience ? patience : age;
	item->is_unknown = true;
	item->absent_from_ms = clock_mono_ms() + patience - age;
	log_info("%s: may be stored already; asking the server before it is "
		 "sent again",
	    item->artifact->path);
}

static int
compare_remote(const void *a, const void *b)
{
	return strcmp((*(struct item *const *)a)->remote.path,
	    (*(struct item *const *)b)->remote.path);
}

static void
add_item(struct upload *u, const struct artifact *a)
{
	const struct progress *p = &u->deps->journal->progress;
	const struct fact *fact = progress_fact(p, a->path);
	struct item *item = &u->items[u->n];

	item->artifact = a;
	item->size = a->size;
	item->mtime_ns = a->mtime_ns;
	remote_name_make(&item->remote, p->room, p->session, a->path);
	if (item->remote.is_renamed)
		log_warn("%s: the server cannot take this name; there it is "
			 "%s",
		    a->path, item->remote.path);
	if (fact && (fact->is_unknown || fact->is_sending))
		recall_unknown(u, item, fact);
	item->is_fresh = !item->is_unknown;
	upload_ask(u, item, clock_mono_ms());
	u->by_path[u->n++] = item;
}

void
upload_plan(struct upload *u)
{
	const struct recording *rec = u->deps->recording;

	u->items = xcalloc(rec->n, sizeof(*u->items));
	u->by_path = xcalloc(rec->n, sizeof(struct item *));
	for (size_t i = 0; i < rec->n; i++)
		if (has_to_be_sent(u, &rec->artifacts[i]))
			add_item(u, &rec->artifacts[i]);
	if (u->n > 0)
		qsort(u->by_path, u->n, sizeof(struct item *), compare_remote);
}

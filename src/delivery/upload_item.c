#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

/*
 * After a failure, and in a visit of a sweep, one is sent alone, a small one
 * where there is one, until one is stored: what fails then costs little.
 */
bool
upload_is_cautious(const struct upload *u)
{
	return u->totals->sent == 0 &&
	    (u->deps->journal->progress.failures > 0 ||
		u->deps->retry->tries == 1);
}

void
upload_note(struct upload *u, const struct item *item, enum event_kind kind)
{
	journal_note(u->deps->journal,
	    (struct event){ .kind = kind, .path = item->artifact->path });
}

void
upload_fail(struct upload *u, struct item *item, const struct err *e)
{
	if (item->err == NULL)
		item->err = xmalloc(sizeof(*item->err));
	if (item->err != e)
		*item->err = *e;
	item->state = ITEM_FAILED;
	u->totals->failed++;
	log_error("%s: %s", item->artifact->path, item->err->text);
}

void
upload_make_ready(struct upload *u, struct item *item, int64_t due_ms)
{
	item->state = ITEM_READY;
	item->due_ms = due_ms;
	if (item->is_fresh && item->retry.failures == 0)
		return;
	item->is_fresh = false;
	xgrow((void **)&u->waiting, &u->cap_waiting, u->n_waiting + 1,
	    sizeof(struct item *));
	u->waiting[u->n_waiting++] = item;
}

void
upload_ask(struct upload *u, struct item *item, int64_t list_due_ms)
{
	item->state = ITEM_ASK;
	u->n_ask++;
	if (u->was_list_read && list_due_ms < u->list_began_ms + LIST_PAUSE_MS)
		list_due_ms = u->list_began_ms + LIST_PAUSE_MS;
	if (list_due_ms < u->list_due_ms)
		u->list_due_ms = list_due_ms;
}

char *
upload_type_of(struct upload *u, const struct artifact *a)
{
	struct err ignored;
	struct stat st;
	autoclose int fd =
	    recording_open_artifact(u->deps->recording, a->path, &st, &ignored);

	return fd == -1 ? NULL : xstrdup(mimetype_of(u->mimetype, fd, a->path));
}

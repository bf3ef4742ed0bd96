#include <stdlib.h>

#include "base/mem.h"
#include "base/stop.h"
#include "delivery/upload_internal.h"

/* One complete list is enough: what it leaves open stays in doubt. */
static int
ask(struct upload *u, struct err *e)
{
	while (
	    u->n_ask > 0 && !u->was_list_read && u->list_due_ms != INT64_MAX) {
		struct http_transfer *t;

		stop_sleep_until(u->list_due_ms);
		if (stop_check(e) == -1)
			return -1;
		upload_list_start(u);
		/* There may be several pages. */
		while (u->is_listing &&
		    (t = http_next(u->deps->to.http, INT64_MAX)) != NULL) {
			upload_list_done(u, http_answer_of(t));
			http_release(t);
		}
		if (stop_check(e) == -1)
			return -1;
	}
	return 0;
}

static void
add(struct preview *p, enum preview_verdict verdict, const char *path,
    const char *type, const char *why, int64_t size)
{
	xgrow((void **)&p->rows, &p->cap, p->n + 1, sizeof(*p->rows));
	p->rows[p->n++] = (struct preview_row){
		.verdict = verdict,
		.path = xstrdup(path),
		.type = xstrdup(type),
		.why = xstrdup(why),
		.size = size,
	};
}

static enum preview_verdict
verdict_of(const struct item *item)
{
	if (item == NULL || item->state == ITEM_STORED)
		return PREVIEW_THERE;
	if (item->state == ITEM_FAILED)
		return PREVIEW_FAIL;
	return item->state == ITEM_ASK ? PREVIEW_DOUBT : PREVIEW_SEND;
}

static void
add_row(struct upload *u, const struct artifact *a, const struct item *item,
    struct preview *preview)
{
	autofree char *type = upload_type_of(u, a);
	enum preview_verdict verdict = verdict_of(item);
	const char *why = NULL;

	if (!upload_is_selected(u->deps->only, a)) {
		verdict = PREVIEW_SKIP;
		why = "not selected";
	} else if (verdict == PREVIEW_FAIL) {
		why = item->err->text;
	} else if (verdict == PREVIEW_DOUBT) {
		why = "an earlier run may have sent it; a later list decides";
	}
	add(preview, verdict, a->path, type, why, a->size);
}

static void
add_rows(struct upload *u, struct preview *preview)
{
	const struct recording *rec = u->deps->recording;
	size_t k = 0;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		bool has_item = k < u->n && u->items[k].artifact == a;

		add_row(u, a, has_item ? &u->items[k] : NULL, preview);
		k += has_item;
	}
	for (size_t i = 0; i < rec->n_skipped; i++)
		add(preview, PREVIEW_SKIP, rec->skipped[i].path, NULL,
		    rec->skipped[i].why, -1);
}

int
upload_preview(const struct upload_deps *deps, struct preview *preview,
    struct err *e)
{
	struct upload_totals totals = { 0 };
	struct upload u = {
		.deps = deps,
		.totals = &totals,
		.mimetype = mimetype_open(),
		.list_due_ms = INT64_MAX,
	};
	int result;

	upload_plan(&u);
	result = ask(&u, e);
	if (result == 0)
		add_rows(&u, preview);
	upload_free(&u);
	return result;
}

size_t
preview_count(const struct preview *p, enum preview_verdict verdict)
{
	size_t count = 0;

	for (size_t i = 0; i < p->n; i++)
		count += p->rows[i].verdict == verdict;
	return count;
}

void
preview_free(struct preview *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->rows[i].path);
		free(p->rows[i].type);
		free(p->rows[i].why);
	}
	free(p->rows);
	free(p->then);
	*p = (struct preview){ 0 };
}

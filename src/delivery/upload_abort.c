#include "base/log.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"
#include "remote/part_request.h"

static void
found(void *ctx, const struct part_record *record)
{
	(void)ctx, (void)record;
}

/* An upload that is gone need not be aborted. */
int
upload_abort(const struct destination *to, const char *key, const char *id,
    struct err *e)
{
	const struct part_call call = { .step = PART_ABORT,
		.key = key,
		.id = id };
	enum part_outcome outcome = part_request_run(to, &call, found, NULL, e);

	return outcome <= PART_MORE || outcome == PART_GONE ? 0 : -1;
}

void
upload_abort_rest(struct upload *u, const struct item *item)
{
	const struct begun *b =
	    progress_begun(&u->deps->journal->progress, item->artifact->path);
	struct err e;

	if (b == NULL || item->parts || item->is_completed ||
	    item->is_aborted || u->deps->journal->is_peeking)
		return;
	if (upload_abort(&u->deps->to, b->key, b->id, &e) == -1)
		log_warn("%s: parts of it remain in the store: %s", b->path,
		    e.text);
}

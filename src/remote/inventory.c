#include "remote/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "remote/request.h"

struct reading {
	struct inventory *inventory;
	const struct inventory_deps *deps;
	const struct progress *progress;
	char *prefix; /* "/room/session/" */
	struct auth_use use;
	struct text_list headers;
	struct listing listing;
	bool is_refused;
};

void
inventory_free(struct inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++) {
		free(inv->records[i].path);
		free(inv->records[i].id);
	}
	free(inv->records);
	*inv = (struct inventory){ 0 };
}

static void
on_found(void *ctx, const struct remote_file *file)
{
	const struct reading *r = ctx;
	struct inventory *inv = r->inventory;

	if (strncmp(file->path, r->prefix, strlen(r->prefix)) != 0)
		return;
	if (progress_is_superseded(r->progress, file->id)) {
		inv->outdated++;
		return;
	}
	xgrow((void **)&inv->records, &inv->cap, inv->n + 1,
	    sizeof(*inv->records));
	inv->records[inv->n++] = (struct remote_record){
		.path = xstrdup(file->path),
		.id = file->id ? xstrdup(file->id) : NULL,
		.size = file->size,
	};
}

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct reading *r = ctx;

	inventory_free(r->inventory);
	listing_free(&r->listing);
	text_list_free(&r->headers);
	if (auth_add_header(r->deps->auth, AUTH_FILE_SERVICE, &r->use,
		&r->headers, e) == -1)
		return -1;
	listing_prepare(&r->listing, r->deps->filestore,
	    r->progress->meeting_id, &r->headers);
	r->listing.found = on_found;
	r->listing.ctx = r;
	*request = r->listing.request;
	return 0;
}

static bool
is_mended(void *ctx, const struct http_answer *answer)
{
	struct reading *r = ctx;

	return auth_is_mended(r->deps->auth, &r->use, answer->status);
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct reading *r = ctx;

	(void)answer;
	return json_stream_end(&r->listing.stream, e) == -1
	    ? err_wrap(e, "the answer")
	    : 0;
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct reading *r = ctx;

	r->is_refused = listing_is_refused(answer->status);
	/* A server that cannot list will not learn it from a repeat. */
	if (r->is_refused && e->class != ERR_REFUSED)
		e->class = ERR_CONFIG;
}

static int
compare_records(const void *a, const void *b)
{
	return strcmp(((const struct remote_record *)a)->path,
	    ((const struct remote_record *)b)->path);
}

int
inventory_read(struct inventory *inv, const struct inventory_deps *deps,
    const struct progress *p, bool *is_refused, struct err *e)
{
	autofree char *prefix = xasprintf("/%s/%s/", p->room, p->session);
	struct reading r = {
		.inventory = inv,
		.deps = deps,
		.progress = p,
		.prefix = prefix,
	};
	const struct request request = {
		.what = "list",
		.prepare = prepare,
		.accept = accept_answer,
		.is_mended = is_mended,
		.refine = refine,
		.ctx = &r,
	};
	int result;

	*inv = (struct inventory){ 0 };
	result = request_run(&request, deps->http, deps->retry, e);
	*is_refused = result == -1 && r.is_refused;
	listing_free(&r.listing);
	text_list_free(&r.headers);
	if (inv->n > 0)
		qsort(inv->records, inv->n, sizeof(*inv->records),
		    compare_records);
	return result;
}

struct remote_record *
inventory_find(const struct inventory *inv, const char *path, size_t *n)
{
	const struct remote_record key = { .path = (char *)path };
	struct remote_record *found = inv->n == 0
	    ? NULL
	    : bsearch(&key, inv->records, inv->n, sizeof(key), compare_records);
	struct remote_record *end = inv->records + inv->n;

	*n = 0;
	if (found == NULL)
		return NULL;
	while (found > inv->records && strcmp(found[-1].path, path) == 0)
		found--;
	while (found + *n < end && strcmp(found[*n].path, path) == 0)
		++*n;
	return found;
}

#include "remote/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "remote/request.h"

enum { LIST_BYTES = 256 * 1024 * 1024 };

/* Reading */

static void
forget_reading(struct inventory *inv)
{
	buf_free(&inv->stream.pending);
	mem_replace(&inv->url, NULL);
	mem_replace(&inv->prefix, NULL);
	text_list_free(&inv->known);
}

void
inventory_free(struct inventory *inv)
{
	forget_reading(inv);
	for (size_t i = 0; i < inv->n; i++) {
		free(inv->records[i].path);
		free(inv->records[i].id);
	}
	free(inv->records);
	free(inv->by_id);
	*inv = (struct inventory){ 0 };
}

static int
compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
add_known(void *ctx, const struct fact *fact)
{
	struct inventory *inv = ctx;

	if (fact->id)
		text_list_add(&inv->known, fact->id);
}

static bool
is_known(const struct inventory *inv, const char *id)
{
	return id && inv->known.n > 0 &&
	    bsearch(&id, inv->known.items, inv->known.n, sizeof(char *),
		compare_strings);
}

static int
on_record(void *ctx, const json_t *json, struct err *e)
{
	struct inventory *inv = ctx;
	const char *path = json_member_string(json, "path");
	autofree char *id = filestore_record_id(json);
	int64_t size = json_member_number(json, "size", -1);
	autofree char *rooted = path == NULL
	    ? xstrdup("")
	    : xasprintf("%s%s", *path == '/' ? "" : "/", path);

	bool is_foreign =
	    strncmp(rooted, inv->prefix, strlen(inv->prefix)) != 0;
	bool has_session =
	    !is_foreign || strcasestr(rooted, inv->progress->session) != NULL;

	(void)e;
	if (!has_session && !is_known(inv, id))
		return 0;
	inv->n_foreign += is_foreign;
	inv->is_renaming |= !has_session;
	if (progress_is_superseded(inv->progress, id, size)) {
		inv->outdated++;
		return 0;
	}
	xgrow((void **)&inv->records, &inv->cap, inv->n + 1,
	    sizeof(*inv->records));
	inv->records[inv->n++] = (struct remote_record){
		.path = steal(&rooted),
		.id = steal(&id),
		.size = size,
	};
	return 0;
}

static int
feed(void *ctx, const char *data, size_t len, struct err *e)
{
	struct inventory *inv = ctx;

	return json_stream_feed(&inv->stream, data, len, e);
}

void
inventory_begin(struct inventory *inv, const struct filestore_policy *policy,
    const struct progress *p, const struct text_list *headers)
{
	autofree char *path =
	    xasprintf("/metadata?referenceId=%s", p->meeting_id);

	inventory_free(inv);
	inv->progress = p;
	inv->url = request_url(policy->url, path);
	inv->prefix = xasprintf("/%s/%s/", p->room, p->session);
	progress_each(p, add_known, inv);
	if (inv->known.n > 0)
		qsort(inv->known.items, inv->known.n, sizeof(char *),
		    compare_strings);
	inv->stream = (struct json_stream){
		.element = on_record,
		.ctx = inv,
	};
	inv->request = (struct http_request){
		.url = inv->url,
		.headers = headers,
		.answer_timeout_ms = policy->answer_timeout_ms,
		/* It may be long: what counts is that it moves. */
		.is_download = true,
		.answer_limit = LIST_BYTES,
		.sink = feed,
		.sink_ctx = inv,
		.owner = &inv->request,
	};
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct remote_record *)a)->path,
	    ((const struct remote_record *)b)->path);
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp((*(struct remote_record *const *)a)->id,
	    (*(struct remote_record *const *)b)->id);
}

static void
sort(struct inventory *inv)
{
	if (inv->n == 0)
		return;
	qsort(inv->records, inv->n, sizeof(*inv->records), compare_paths);
	inv->by_id = xcalloc(inv->n, sizeof(struct remote_record *));
	for (size_t i = 0; i < inv->n; i++)
		if (inv->records[i].id)
			inv->by_id[inv->n_ids++] = &inv->records[i];
	qsort(inv->by_id, inv->n_ids, sizeof(struct remote_record *),
	    compare_ids);
}

int
inventory_end(struct inventory *inv, const struct http_answer *answer,
    struct err *e)
{
	int result = 0;

	if (answer->outcome != HTTP_ANSWERED) {
		*e = answer->err;
		result = -1;
	} else if (json_stream_end(&inv->stream, e) == -1) {
		result = err_wrap(e, "%s: the answer", answer->what);
	} else {
		sort(inv);
	}
	forget_reading(inv);
	return result;
}

bool
inventory_is_refused(long status)
{
	return status == 401 || status == 403 || status == 404 ||
	    status == 405 || status == 501;
}

/* At once */

struct reading {
	struct inventory *inventory;
	const struct inventory_deps *deps;
	const struct progress *progress;
	struct auth_use use;
	struct text_list headers;
	bool is_refused;
};

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct reading *r = ctx;

	text_list_free(&r->headers);
	if (auth_add_header(r->deps->auth, AUTH_FILE_SERVICE, &r->use,
		&r->headers, e) == -1)
		return -1;
	inventory_begin(r->inventory, r->deps->filestore, r->progress,
	    &r->headers);
	*request = r->inventory->request;
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

	return inventory_end(r->inventory, answer, e);
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct reading *r = ctx;

	r->is_refused = inventory_is_refused(answer->status);
	/* A server that cannot list will not learn it from a repeat. */
	if (r->is_refused && e->class != ERR_REFUSED)
		e->class = ERR_CONFIG;
}

int
inventory_read(struct inventory *inv, const struct inventory_deps *deps,
    const struct progress *p, bool *is_refused, struct err *e)
{
	struct reading r = { .inventory = inv, .deps = deps, .progress = p };
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
	forget_reading(inv);
	text_list_free(&r.headers);
	return result;
}

/* Looking things up */

struct remote_record *
inventory_find(const struct inventory *inv, const char *path, size_t *n)
{
	const struct remote_record key = { .path = (char *)path };
	struct remote_record *found = inv->n == 0
	    ? NULL
	    : bsearch(&key, inv->records, inv->n, sizeof(key), compare_paths);
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

struct remote_record *
inventory_find_id(const struct inventory *inv, const char *id)
{
	const struct remote_record record = { .id = (char *)id };
	const struct remote_record *key = &record;
	struct remote_record **found = id == NULL || inv->n_ids == 0
	    ? NULL
	    : bsearch(&key, inv->by_id, inv->n_ids,
		  sizeof(struct remote_record *), compare_ids);

	return found ? *found : NULL;
}

static bool
is_of_size(const struct remote_record *record, int64_t size)
{
	return record->size == -1 || record->size == size;
}

/* In another case, or with something in front. */
static struct remote_record *
find_similar(const struct inventory *inv, const char *path, int64_t size)
{
	size_t len = strlen(path);

	for (size_t i = 0; inv->n_foreign > 0 && i < inv->n; i++) {
		struct remote_record *record = &inv->records[i];
		size_t extra = strlen(record->path);

		if (extra >= len && is_of_size(record, size) &&
		    strcasecmp(record->path + extra - len, path) == 0)
			return record;
	}
	return NULL;
}

struct remote_record *
inventory_has(const struct inventory *inv, const struct fact *fact,
    const char *path, int64_t size, bool *is_other)
{
	struct remote_record *record =
	    inventory_find_id(inv, fact ? fact->id : NULL);
	size_t n;

	if (is_other)
		*is_other = record != NULL;
	if (record && is_of_size(record, size))
		return record;
	record = inventory_find(inv, path, &n);
	if (is_other)
		*is_other |= n > 0;
	for (size_t i = 0; i < n; i++)
		if (is_of_size(&record[i], size))
			return &record[i];
	return find_similar(inv, path, size);
}

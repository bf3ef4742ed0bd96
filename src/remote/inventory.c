#include "remote/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "remote/request.h"

enum {
	MIB = 1024 * 1024,
	LIST_BYTES = 256 * MIB, /* of a page */
	RECORD_MIB = 128,       /* all records of a recording */
	ENTRY = sizeof(void *), /* of by_id and by_name */
};

/* Reading */

static size_t
record_bytes(const struct remote_record *record)
{
	return sizeof(*record) + strlen(record->path) +
	    (record->listed ? strlen(record->listed) : 0) +
	    (record->id ? strlen(record->id) : 0);
}

/* Drop the records of the page being read. */
static void
forget_page(struct inventory *inv)
{
	inv->outdated = inv->outdated_before;
	for (; inv->n > inv->n_before; inv->n--) {
		struct remote_record *record = &inv->records[inv->n - 1];

		inv->bytes -= record_bytes(record);
		free(record->path);
		free(record->listed);
		free(record->id);
	}
}

static void
keep_page(struct inventory *inv)
{
	inv->n_before = inv->n;
	inv->outdated_before = inv->outdated;
}

static void
forget_reading(struct inventory *inv)
{
	keep_page(inv);
	if (inv->ops)
		inv->ops->page_close(inv);
	mem_replace(&inv->url, NULL);
	mem_replace(&inv->folder, NULL);
	text_list_free(&inv->known);
}

void
inventory_free(struct inventory *inv)
{
	forget_reading(inv);
	inv->n_before = 0;
	forget_page(inv);
	free(inv->records);
	free(inv->by_id);
	free(inv->by_name);
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

/* If the id depends on the content, an outdated id can be valid again. */
static bool
is_made_again(const struct inventory *inv, const char *id)
{
	return inv->made && id && text_list_has(inv->made, id);
}

void
inventory_add(struct inventory *inv, const char *path, const char *id,
    int64_t size)
{
	bool is_foreign = strncmp(path, inv->folder, strlen(inv->folder)) != 0;
	bool has_session =
	    !is_foreign || strcasestr(path, inv->progress->session) != NULL;
	struct remote_name name;

	if (!has_session && !is_known(inv, id))
		return;
	inv->n_foreign += is_foreign;
	inv->is_renaming |= !has_session;
	if (progress_is_superseded(inv->progress, id, size) &&
	    !is_made_again(inv, id)) {
		inv->outdated++;
		return;
	}
	/* feed() reports it. */
	if (inv->bytes > (size_t)RECORD_MIB * MIB)
		return;
	xgrow((void **)&inv->records, &inv->cap, inv->n + 1,
	    sizeof(*inv->records));
	remote_name_make_listed(&name, inv->folder, path);
	inv->records[inv->n++] = (struct remote_record){
		.path = name.path,
		.listed = name.is_renamed ? xstrdup(path) : NULL,
		.is_known = is_known(inv, id),
		.id = xstrdup(id),
		.size = size,
	};
	inv->bytes += record_bytes(&inv->records[inv->n - 1]);
}

static int
feed(void *ctx, const char *data, size_t len, struct err *e)
{
	struct inventory *inv = ctx;

	if (inv->ops->page_add(inv, data, len, &inv->form) == 0) {
		if (inv->bytes <= (size_t)RECORD_MIB * MIB)
			return 0;
		(void)err_set(&inv->form, ERR_CONFIG,
		    "has more than %d MiB of records of one recording",
		    RECORD_MIB);
	}
	*e = inv->form;
	return -1;
}

/* Prepare the request for the page at inv->url. */
static void
begin_page(struct inventory *inv)
{
	forget_page(inv);
	inv->form = (struct err){ 0 };
	inv->ops->page_close(inv);
	inv->request.url = inv->url;
}

void
inventory_begin(struct inventory *inv, const struct destination_policy *policy,
    const struct progress *p, const struct text_list *headers,
    const struct text_list *made)
{
	inventory_free(inv);
	inv->made = made;
	inv->ops = policy->ops;
	inv->progress = p;
	inv->url = inv->ops->list_url(policy, p);
	inv->folder = inv->ops->folder(policy, p);
	progress_each(p, add_known, inv);
	if (inv->known.n > 0)
		qsort(inv->known.items, inv->known.n, sizeof(char *),
		    compare_strings);
	inv->request = (struct http_request){
		.headers = headers,
		.service = policy->ops->service,
		.answer_timeout_ms = policy->answer_timeout_ms,
		/* It may be long, as long as data keeps coming. */
		.is_download = true,
		.answer_limit = LIST_BYTES,
		.sink = feed,
		.sink_ctx = inv,
		.owner = &inv->request,
	};
	begin_page(inv);
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

static int
compare_names(const void *a, const void *b)
{
	return strcasecmp(basename((*(struct remote_record *const *)a)->path),
	    basename((*(struct remote_record *const *)b)->path));
}

static void
sort(struct inventory *inv)
{
	if (inv->n == 0)
		return;
	qsort(inv->records, inv->n, sizeof(*inv->records), compare_paths);
	inv->by_id = xcalloc(inv->n, ENTRY);
	inv->by_name = xcalloc(inv->n, ENTRY);
	for (size_t i = 0; i < inv->n; i++) {
		inv->by_name[i] = &inv->records[i];
		if (inv->records[i].id)
			inv->by_id[inv->n_ids++] = &inv->records[i];
	}
	qsort(inv->by_id, inv->n_ids, ENTRY, compare_ids);
	qsort(inv->by_name, inv->n, ENTRY, compare_names);
}

/* If our folder's name contains the secret, its keys need not be hidden. */
static bool
is_secret(const struct inventory *inv, const struct http_answer *answer,
    const char *id)
{
	autofree char *etag = NULL;

	if (id == NULL || !http_has_secret(answer, id))
		return false;
	if (!http_has_secret(answer, inv->folder))
		return true;
	etag = xstrndup(id, strcspn(id, "/"));
	return http_has_secret(answer, etag);
}

static void
forget_id(struct remote_record *record)
{
	mem_replace(&record->id, NULL);
	record->is_known = false;
}

static void
mask_path(struct remote_record *record, const struct http_answer *answer)
{
	const char *said = record->listed ? record->listed : record->path;
	autofree char *shown = http_masked(answer, said, strlen(said));

	if (strcmp(shown, said) != 0)
		mem_replace(&record->listed, shown);
}

/* A page was read; 1 when there is another. */
static int
end_page(struct inventory *inv, const struct http_answer *answer, bool is_shown,
    struct err *e)
{
	char *next = NULL;

	if (inv->ops->page_end(inv, answer, &next, e) == -1) {
		inv->form = *e;
		return -1;
	}
	for (size_t i = inv->n_before; i < inv->n; i++) {
		if (is_secret(inv, answer, inv->records[i].id))
			forget_id(&inv->records[i]);
		if (is_shown)
			mask_path(&inv->records[i], answer);
	}
	if (next == NULL)
		return 0;
	keep_page(inv);
	free(inv->url);
	inv->url = next;
	begin_page(inv);
	return 1;
}

/* Describe a refusal, or an answer that is not a list. */
static void
explain(const struct inventory *inv, const struct http_answer *answer,
    struct err *e)
{
	if (answer->outcome != HTTP_ANSWERED && inv->ops->explain)
		inv->ops->explain(answer, e);
	if (inv->form.class == ERR_NONE)
		return;
	(void)request_not_understood(answer, inv->form.text, e);
	(void)err_wrap(e, "%s", answer->what);
	e->class = inv->form.class;
}

static int
end(struct inventory *inv, const struct http_answer *answer, bool is_shown,
    struct err *e)
{
	int result = -1;

	if (answer->outcome == HTTP_ANSWERED)
		result = end_page(inv, answer, is_shown, e);
	else
		*e = answer->err;
	explain(inv, answer, e);
	if (result == 0) {
		sort(inv);
		forget_reading(inv);
	}
	return result;
}

int
inventory_end(struct inventory *inv, const struct http_answer *answer,
    struct err *e)
{
	return end(inv, answer, false, e);
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
	int result; /* of inventory_end() */
	bool is_refused;
};

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct inventory *inv = ((struct reading *)ctx)->inventory;

	(void)e;
	inv->request.headers = request->headers;
	begin_page(inv);
	*request = inv->request;
	return 0;
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct reading *r = ctx;

	r->result = end(r->inventory, answer, true, e);
	return r->result == -1 ? -1 : 0;
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct reading *r = ctx;

	explain(r->inventory, answer, e);
	r->is_refused = inventory_is_refused(answer->status);
	/* A server without a list will not have one on repeat. */
	if (r->is_refused && e->class != ERR_REFUSED)
		e->class = ERR_CONFIG;
}

int
inventory_read(struct inventory *inv, const struct destination *from,
    const struct progress *p, bool *is_refused, struct err *e)
{
	struct reading r = { .inventory = inv };
	const struct request request = {
		.what = "list",
		.destination = from,
		.prepare = prepare,
		.accept = accept_answer,
		.refine = refine,
		.ctx = &r,
	};
	int result;

	*inv = (struct inventory){ 0 };
	inventory_begin(inv, from->policy, p, NULL, NULL);
	do
		result = request_run(&request, from->http, from->retry, e);
	while (result == 0 && r.result == 1);
	*is_refused = result == -1 && r.is_refused;
	forget_reading(inv);
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

/* May it be an artifact of this size whose id we do not know? */
static bool
is_free(const struct remote_record *record, int64_t size)
{
	return !record->is_known && !record->is_claimed &&
	    is_of_size(record, size);
}

/* With a prefix, or else in another case. */
static struct remote_record *
find_similar(const struct inventory *inv, const char *path, int64_t size)
{
	const struct remote_record named = { .path = (char *)path };
	const struct remote_record *key = &named;
	struct remote_record *similar = NULL, **stop = inv->by_name + inv->n;
	struct remote_record **at = inv->n_foreign == 0
	    ? NULL
	    : bsearch(&key, inv->by_name, inv->n, ENTRY, compare_names);
	size_t len = strlen(path);

	while (at && at > inv->by_name && compare_names(at - 1, &key) == 0)
		at--;
	for (; at && at < stop && compare_names(at, &key) == 0; at++) {
		size_t extra = strlen((*at)->path);
		const char *end = (*at)->path + extra - len;

		if (extra < len || !is_free(*at, size) ||
		    strcasecmp(end, path) != 0)
			continue;
		if (strcmp(end, path) == 0)
			return *at;
		similar = *at;
	}
	return similar;
}

struct remote_record *
inventory_has(const struct inventory *inv, const struct fact *fact,
    const char *path, int64_t size, bool *is_other)
{
	struct remote_record *record =
	    inventory_find_id(inv, fact ? fact->id : NULL);
	struct remote_record *found = NULL;
	size_t n;

	if (is_other)
		*is_other = record != NULL;
	if (record && is_of_size(record, size))
		return record;
	record = inventory_find(inv, path, &n);
	if (is_other)
		*is_other |= n > 0;
	for (size_t i = 0; i < n && found == NULL; i++)
		if (is_free(&record[i], size))
			found = &record[i];
	if (found == NULL)
		found = find_similar(inv, path, size);
	if (found)
		found->is_claimed = true;
	return found;
}

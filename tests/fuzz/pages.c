#include "fuzz.h"

#include <inttypes.h>
#include <string.h>

static void
add_record(struct fuzz_list *l, const struct remote_record *record)
{
	size_t n;

	must(strcasestr(record->path, "s"));
	must(inventory_find(&l->inv, record->path, &n) != NULL && n > 0);
	must(record->id == NULL ||
	    strcmp(inventory_find_id(&l->inv, record->id)->id, record->id) ==
		0);
	(void)buf_addf(&l->records, "%s|%s|%" PRId64 "\n", record->path,
	    record->id ? record->id : "", record->size);
}

void
fuzz_list_read(struct fuzz_list *l, const struct destination_policy *policy,
    const char *data, size_t len, size_t piece)
{
	static const struct text_list no_headers;
	const struct http_answer answer = { .outcome = HTTP_ANSWERED,
		.status = 200,
		.total = -1,
		.what = (char *)"GET" };
	const struct progress p = { .room = (char *)"r",
		.session = (char *)"s",
		.meeting_id = (char *)"1" };
	struct http_request *request = &l->inv.request;

	*l = (struct fuzz_list){ 0 };
	inventory_begin(&l->inv, policy, &p, &no_headers, NULL);
	for (size_t i = 0; l->rc == 0 && i < len; i += piece)
		l->rc = request->sink(request->sink_ctx, data + i,
		    len - i < piece ? len - i : piece, &l->e);
	if (l->rc == 0)
		l->rc = inventory_end(&l->inv, &answer, &l->e);
	must(l->rc >= 0 || l->e.class == ERR_TEMPORARY ||
	    l->e.class == ERR_CONFIG);
	must(l->rc >= 0 || *l->e.text);
	must(l->rc < 1 || strncmp(request->url, "http://s/", 9) == 0);
	for (size_t i = 0; l->rc == 0 && i < l->inv.n; i++)
		add_record(l, &l->inv.records[i]);
}

void
fuzz_list_free(struct fuzz_list *l)
{
	inventory_free(&l->inv);
	buf_free(&l->records);
}

void
fuzz_list_same(struct fuzz_list *whole, const struct destination_policy *policy,
    const char *data, size_t len, size_t piece)
{
	struct fuzz_list pieces;

	fuzz_list_read(whole, policy, data, len, len + 1);
	fuzz_list_read(&pieces, policy, data, len, piece);
	must(whole->rc == pieces.rc);
	must(strcmp(buf_str(&whole->records), buf_str(&pieces.records)) == 0);
	/* If XML has two mistakes, expat may report either. */
	must(policy->ops == &s3 || strcmp(whole->e.text, pieces.e.text) == 0);
	must(whole->rc != 1 ||
	    strcmp(whole->inv.request.url, pieces.inv.request.url) == 0);
	fuzz_list_free(&pieces);
}

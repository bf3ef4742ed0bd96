#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "remote/s3_internal.h"

#define TOKEN "continuation-token="

struct reader {
	struct xml *xml;
	struct inventory *inventory;
	char *key, *etag, *token; /* of the current element */
	int64_t size;
	bool is_list, is_cut;
};

static void
forget_object(struct reader *r)
{
	mem_replace(&r->key, NULL);
	mem_replace(&r->etag, NULL);
	r->size = -1;
}

/* An id is the object's ETag and key: new content means a new id. */
static void
add_object(struct reader *r)
{
	autofree char *path = xasprintf("/%s", r->key ? r->key : "");
	autofree char *id = s3_id(r->etag, path);

	if (r->key)
		inventory_add(r->inventory, path, id, r->size);
	forget_object(r);
}

static void
take_etag(struct reader *r, const char *text)
{
	free(r->etag);
	r->etag = s3_etag(text);
}

static void
on_element(void *ctx, const char *path, const char *text)
{
	static const char root[] = "ListBucketResult";
	struct reader *r = ctx;

	if (strncmp(path, root, sizeof(root) - 1) != 0)
		return;
	path += sizeof(root) - 1;
	if (*path == '\0')
		r->is_list = true;
	else if (strcmp(path, "/Contents/Key") == 0)
		mem_replace(&r->key, text);
	else if (strcmp(path, "/Contents/Size") == 0)
		r->size = strtoll(text, NULL, 10);
	else if (strcmp(path, "/Contents/ETag") == 0)
		take_etag(r, text);
	else if (strcmp(path, "/Contents") == 0)
		add_object(r);
	else if (strcmp(path, "/IsTruncated") == 0)
		r->is_cut = strcmp(text, "true") == 0;
	else if (strcmp(path, "/NextContinuationToken") == 0)
		mem_replace(&r->token, text);
}

int
s3_page_add(struct inventory *inv, const char *data, size_t len, struct err *e)
{
	struct reader *r = inv->reader;

	if (r == NULL) {
		inv->reader = r = xcalloc(1, sizeof(*r));
		r->inventory = inv;
		r->size = -1;
	}
	if (r->xml == NULL && (r->xml = xml_open(on_element, r, e)) == NULL)
		return -1;
	return xml_add(r->xml, data, len, e);
}

/* The parameter comes first: the others begin with l and p. */
static char *
next_url(const char *url, const char *token)
{
	autofree char *encoded = text_percent_encode(token, "");
	size_t len = strcspn(url, "?") + 1;
	const char *rest = url + len;

	if (strncmp(rest, TOKEN, strlen(TOKEN)) == 0)
		rest += strcspn(rest, "&") + 1;
	return xasprintf("%.*s" TOKEN "%s&%s", (int)len, url, encoded, rest);
}

/* By the next page's token, hashed as in json_stream. */
static bool
is_circle(struct page *page, const char *token)
{
	page->count++;
	page->print = 0;
	for (; *token; token++)
		page->print = (page->print ^ (unsigned char)*token) *
		    UINT64_C(0x100000001b3);
	return page_is_circle(page);
}

int
s3_page_end(struct inventory *inv, const struct http_answer *answer,
    char **next, struct err *e)
{
	const struct reader *r;

	(void)answer;
	if (s3_page_add(inv, "", 0, e) == -1)
		return -1;
	r = inv->reader;
	if (xml_end(r->xml, e) == -1)
		return -1;
	if (!r->is_list || (r->is_cut && r->token == NULL))
		return err_set(e, ERR_CONFIG, "is not the list of a bucket");
	if (r->is_cut && is_circle(&inv->page, r->token))
		return err_set(e, ERR_CONFIG, "goes in circles");
	if (r->is_cut)
		*next = next_url(inv->url, r->token);
	return 0;
}

void
s3_page_close(struct inventory *inv)
{
	struct reader *r = inv->reader;

	if (r == NULL)
		return;
	xml_free(r->xml);
	forget_object(r);
	free(r->token);
	free(r);
	inv->reader = NULL;
}

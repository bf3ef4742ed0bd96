#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

enum { MOST_PARTS = 10000, ANSWER_BYTES = 4 * 1024 * 1024 };

size_t
upload_parts_of(int64_t size, int64_t part_bytes)
{
	return (size_t)((size - 1) / part_bytes) + 1;
}

int64_t
upload_part_bytes(const struct parts *p)
{
	const struct begun *b = upload_begun_of(p, false);
	int64_t usual = p->item->flight->part_bytes;
	int64_t had = b ? b->part_bytes : p->largest;

	return p->part_bytes ? p->part_bytes : had > usual ? had : usual;
}

int64_t
upload_part_size(const struct parts *p, size_t i)
{
	int64_t left = p->item->flight->size - (int64_t)i * p->part_bytes;

	return left < p->part_bytes ? left : p->part_bytes;
}

int64_t
upload_parts_stored(const struct item *item)
{
	const struct parts *p = item->parts;
	int64_t bytes = 0;

	for (size_t i = 0; i < p->n; i++)
		if (p->all[i].is_stored)
			bytes += upload_part_size(p, i);
	return bytes;
}

const struct begun *
upload_begun_of(const struct parts *p, bool any)
{
	const struct begun *b = progress_begun(&p->u->deps->journal->progress,
	    p->item->artifact->path);

	return b && (any || (p->id && strcmp(b->id, p->id) == 0)) ? b : NULL;
}

bool
upload_part_is_stored(const struct parts *p, size_t i)
{
	const struct begun *b = upload_begun_of(p, false);
	const char *listed = p->all[i].listed;
	const char *etag = b && i < b->n ? b->parts[i].etag : NULL;
	char md5[DIGEST_HEX_BYTES];

	digest_to_hex(p->all[i].md5, PART_MD5_BYTES, md5);
	return listed &&
	    (strcmp(listed, md5) == 0 ||
		(etag && strcmp(listed, etag) == 0 &&
		    strcmp(b->parts[i].md5, md5) == 0));
}

void
upload_parts_reserve(struct parts *p, size_t n)
{
	size_t had = p->cap;

	xgrow((void **)&p->all, &p->cap, n, sizeof(*p->all));
	if (p->cap > had)
		memset(&p->all[had], 0, (p->cap - had) * sizeof(*p->all));
}

void
upload_parts_list(struct parts *p, size_t number, const char *etag)
{
	upload_parts_reserve(p, number);
	mem_replace(&p->all[number - 1].listed, etag);
	if (number > p->last)
		p->last = number;
}

void
upload_parts_unlist(struct parts *p)
{
	for (size_t i = 0; i < p->cap; i++)
		mem_replace(&p->all[i].listed, NULL);
	p->last = 0;
	p->largest = 0;
}

static void
note_listed(struct parts *p, const struct part_record *record)
{
	if (record->etag == NULL || record->number < 1 ||
	    record->number > MOST_PARTS)
		return;
	upload_parts_list(p, record->number, record->etag);
	if (record->size > p->largest)
		p->largest = record->size;
}

static void
found(void *ctx, const struct part_record *record)
{
	struct call *call = ctx;
	struct parts *p = call->parts;
	const char *path = p->item->remote.path;

	if (call->step == PART_LIST)
		note_listed(p, record);
	else if (record->etag)
		mem_replace(&call->etag, record->etag);
	else if (record->id &&
	    (call->step == PART_BEGIN ||
		(record->path && strcmp(record->path, path) == 0)))
		mem_replace(&p->id, record->id);
}

enum part_outcome
upload_call_judge(struct call *call, const struct http_answer *answer,
    struct err *e)
{
	const struct part_ops *ops =
	    call->parts->u->deps->to.policy->ops->parts;
	enum part_outcome outcome =
	    ops->judge(call->step, answer, found, call, e);

	if (call->step == PART_PUT)
		call->parts->all[call->number - 1].is_flying = false;
	if (outcome != PART_DONE || call->step != PART_BEGIN || call->parts->id)
		return outcome;
	(void)request_not_understood(answer, "names no upload", e);
	return PART_FAILED;
}

static ssize_t
read_part(void *ctx, char *to, size_t len, struct err *e)
{
	struct call *call = ctx;
	ssize_t n =
	    flight_read(call->parts->item->flight, call->offset, to, len, e);

	call->offset += n > 0 ? n : 0;
	return n;
}

static int
check_part(void *ctx, struct err *e)
{
	const struct call *call = ctx;

	return flight_recheck(call->parts->item->flight, e);
}

static void
carry_part(struct call *call)
{
	struct parts *p = call->parts;
	struct part *part = &p->all[call->number - 1];
	autofree char *md5 = digest_base64(part->md5, PART_MD5_BYTES);
	autofree char *header = xasprintf("content-md5: %s", md5);

	part->is_flying = true;
	text_list_add(&call->headers, header);
	call->offset = (int64_t)(call->number - 1) * p->part_bytes;
	call->part = (struct http_body){
		.size = upload_part_size(p, call->number - 1),
		.read = read_part,
		.check = check_part,
		.ctx = call,
	};
	call->request.body = &call->part;
	call->request.content_type = "application/octet-stream";
}

/* The id that the parts make, where their ETags are their MD5s. */
static char *
whole_of(const struct parts *p, const struct part_ops *ops)
{
	autofree unsigned char(*md5s)[PART_MD5_BYTES] =
	    xcalloc(p->n, sizeof(*md5s));
	char hex[DIGEST_HEX_BYTES];

	for (size_t i = 0; i < p->n; i++) {
		memcpy(md5s[i], p->all[i].md5, sizeof(md5s[i]));
		digest_to_hex(md5s[i], sizeof(md5s[i]), hex);
		if (strcmp(hex, p->all[i].listed) != 0)
			return NULL;
	}
	return ops->whole((const unsigned char(*)[PART_MD5_BYTES])md5s, p->n,
	    p->item->remote.path);
}

static void
carry_text(struct call *call, const char *text)
{
	request_text_init(&call->text, text);
	call->request.body = &call->text.body;
	digest_once(text, strlen(text), call->sha256);
	call->request.sha256 = call->sha256;
}

static void
carry_list(struct call *call, const struct part_ops *ops)
{
	struct parts *p = call->parts;
	autofree const char **etags = xcalloc(p->n, sizeof(*etags));

	for (size_t i = 0; i < p->n; i++)
		etags[i] = p->all[i].listed;
	call->body = ops->body(etags, p->n);
	carry_text(call, call->body);
	free(p->item->whole);
	p->item->whole = whole_of(p, ops);
	/* It may send blanks for minutes: what counts is that it moves. */
	call->request.is_download = true;
	call->request.content_type = "application/xml";
}

void
upload_call(struct parts *p, enum part_step step, size_t number,
    const char *path)
{
	struct upload *u = p->u;
	const struct destination *to = &u->deps->to;
	const struct part_ops *ops = to->policy->ops->parts;
	struct call *call = xcalloc(1, sizeof(*call));
	struct http_request *request = &call->request;
	struct err ignored;

	call->next = u->calls;
	u->calls = call;
	call->parts = p;
	call->step = step;
	call->number = number;
	call->started_ms = clock_mono_ms();
	call->url = ops->url(to->policy,
	    &(const struct part_call){ step, path, p->id, number },
	    &request->method);
	request->url = call->url;
	request->headers = &call->headers;
	request->content_type = p->item->flight->type;
	request->answer_limit = ANSWER_BYTES;
	request->answer_timeout_ms = destination_patience_ms(to->policy,
	    step == PART_COMPLETE ? p->item->flight->size : p->part_bytes);
	request->owner = p->item;
	if (step == PART_BEGIN)
		carry_text(call, "");
	if (step == PART_PUT)
		carry_part(call);
	if (step == PART_COMPLETE)
		carry_list(call, ops);
	p->in_air++;
	u->n_flying++;
	u->n_media_flying += p->item->artifact->is_media;
	/* Signing cannot fail. */
	(void)to->policy->ops->authorize(to, request, &p->item->auth_use,
	    &call->headers, &ignored);
	http_start(to->http, request);
}

struct call *
upload_call_of(const struct upload *u, const struct http_transfer *t)
{
	struct call *call = u->calls;

	while (call && &call->request != http_request_of(t))
		call = call->next;
	return call;
}

void
upload_call_free(struct call *call)
{
	struct upload *u = call->parts->u;
	struct call **link = &u->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	call->parts->in_air--;
	u->n_flying--;
	u->n_media_flying -= call->parts->item->artifact->is_media;
	free(call->url);
	free(call->etag);
	free(call->body);
	text_list_free(&call->headers);
	free(call);
}

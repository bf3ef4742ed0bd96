#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "delivery/upload_internal.h"

enum {
	MOST_URLS = 16, /* at once, because they expire */
	ANSWER_BYTES = 4 * 1024 * 1024,
};

const struct part_ops *
upload_part_ops(const struct parts *p)
{
	return p->u->deps->to.policy->ops->parts;
}

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

	if (b && upload_part_ops(p)->gives_urls)
		return had;
	return p->part_bytes ? p->part_bytes : had > usual ? had : usual;
}

int64_t
upload_part_size(const struct parts *p, size_t i)
{
	int64_t left = p->item->flight->size - (int64_t)i * p->part_bytes;

	return left < p->part_bytes ? left : p->part_bytes;
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

void
upload_parts_forget_urls(struct parts *p, int64_t given_until_ms)
{
	for (size_t i = 0; i < p->cap; i++)
		if (p->all[i].url_ms <= given_until_ms && !p->all[i].is_flying)
			mem_replace(&p->all[i].url, NULL);
}

bool
upload_part_has_url(const struct parts *p, size_t i)
{
	const struct part *part = &p->all[i];

	return part->url && clock_mono_ms() < part->url_end_ms;
}

void
upload_parts_hash_again(struct parts *p)
{
	p->hashed = 0;
	for (size_t i = 0; i < p->cap; i++)
		p->all[i].is_summed = false;
	flight_hash_again(p->item->flight);
}

/* The server's answer to the beginning gives the part size. */
static void
note_begun(struct parts *p, const struct part_record *record)
{
	mem_replace(&p->id, record->id);
	upload_parts_forget_urls(p, INT64_MAX);
	p->good_ms = record->good_ms;
	if (record->size == 0 || record->size == p->part_bytes)
		return;
	p->part_bytes = record->size;
	upload_parts_hash_again(p);
}

/* They belong to the URLs of the same answer, not to earlier ones. */
static void
note_headers(struct parts *p, const struct text_list *given)
{
	bool is_same = p->headers.n == given->n;

	for (size_t i = 0; is_same && i < given->n; i++)
		is_same = strcmp(p->headers.items[i], given->items[i]) == 0;
	if (is_same)
		return;
	for (size_t i = 0; i < p->cap; i++)
		mem_replace(&p->all[i].url, NULL);
	text_list_free(&p->headers);
	for (size_t i = 0; i < given->n; i++)
		text_list_add(&p->headers, given->items[i]);
}

static void
note_url(struct parts *p, const struct part_record *record)
{
	struct part *part = &p->all[record->number - 1];

	note_headers(p, record->headers);
	mem_replace(&part->url, record->url);
	part->url_ms = clock_mono_ms();
	part->url_end_ms =
	    p->good_ms > 0 ? part->url_ms + p->good_ms : INT64_MAX;
}

static void
note_whole(struct call *call, const struct part_record *record)
{
	mem_replace(&call->made, record->id);
	mem_replace(&call->path, record->path);
}

static void
note_listed(struct parts *p, const struct part_record *record)
{
	if (record->etag == NULL || record->number < 1 ||
	    record->number > PARTS_MOST)
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

	if (call->step == PART_LIST)
		note_listed(p, record);
	else if (call->step == PART_URLS && p->id)
		note_url(p, record);
	else if (record->etag)
		mem_replace(&call->etag, record->etag);
	else if (call->step == PART_COMPLETE)
		note_whole(call, record);
	else if (record->id && call->step == PART_BEGIN)
		note_begun(p, record);
	else if (record->id && record->path &&
	    strcmp(record->path, p->item->remote.path) == 0)
		mem_replace(&p->id, record->id);
}

static struct part_call
call_of(const struct call *call)
{
	struct parts *p = call->parts;
	const struct item *item = p->item;

	return (struct part_call){
		.step = call->step,
		.key = p->key,
		.id = p->id,
		.number = call->number,
		.progress = &p->u->deps->journal->progress,
		.name = &item->remote,
		.type = item->flight->type,
		.size = p->u->deps->is_ahead ? -1 : item->flight->size,
		.sha256 = call->step == PART_COMPLETE ? flight_hex(item->flight)
						      : NULL,
		.etags = call->etags,
		.n = call->n,
	};
}

enum part_outcome
upload_call_judge(struct call *call, const struct http_answer *answer,
    struct err *e)
{
	struct parts *p = call->parts;
	const struct part_call what = call_of(call);
	enum part_outcome outcome =
	    upload_part_ops(p)->judge(p->u->deps->to.policy, &what, answer,
		found, call, e);

	call->answer = answer;
	p->is_asking &= call->step != PART_URLS;
	if (call->step == PART_PUT)
		p->all[call->number - 1].is_flying = false;
	if (outcome != PART_DONE || call->step != PART_BEGIN || p->id)
		return outcome;
	(void)request_not_understood(answer, "has no upload id", e);
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

/* With a URL given by the store, send only the headers given with it. */
static void
address_part(struct call *call)
{
	struct parts *p = call->parts;
	const struct part *part = &p->all[call->number - 1];
	autofree char *md5 = NULL, *header = NULL;

	if (upload_part_ops(p)->gives_urls) {
		call->url = xstrdup(part->url);
		call->request.method = "PUT";
		call->request.is_bare = true;
		call->request.service = HTTP_PARTS;
		for (size_t i = 0; i < p->headers.n; i++)
			text_list_add(&call->headers, p->headers.items[i]);
		return;
	}
	md5 = digest_base64(part->md5, PART_MD5_BYTES);
	header = xasprintf("content-md5: %s", md5);
	text_list_add(&call->headers, header);
	call->request.content_type = "application/octet-stream";
}

static void
carry_part(struct call *call)
{
	struct parts *p = call->parts;

	address_part(call);
	call->offset = (int64_t)(call->number - 1) * p->part_bytes;
	call->part = (struct http_body){
		.size = upload_part_size(p, call->number - 1),
		.read = read_part,
		.check = check_part,
		.ctx = call,
	};
	call->request.body = &call->part;
}

/* The id of the object made of the parts, if their ETags are MD5s. */
static char *
whole_of(const struct parts *p)
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
	return upload_part_ops(p)->whole(
	    (const unsigned char(*)[PART_MD5_BYTES])md5s, p->n,
	    p->item->remote.path);
}

static void
prepare_completion(struct call *call)
{
	struct parts *p = call->parts;

	call->etags = xcalloc(p->n, sizeof(*call->etags));
	for (size_t i = 0; i < p->n; i++)
		call->etags[i] = p->all[i].listed;
	call->n = p->n;
	free(p->item->whole);
	p->item->whole = upload_part_ops(p)->whole ? whole_of(p) : NULL;
	/* It may send blanks for minutes, as long as data keeps coming. */
	call->request.is_download = true;
}

static void
carry_text(struct call *call, const struct part_call *what)
{
	call->body = upload_part_ops(call->parts)
			 ->body(what, &call->request.content_type);
	if (call->body == NULL)
		return;
	request_text_init(&call->text, call->body);
	call->request.body = &call->text.body;
	digest_once(call->body, strlen(call->body), call->sha256);
	call->request.sha256 = call->sha256;
}

static int
address(struct call *call, struct err *e)
{
	struct parts *p = call->parts;
	const struct destination *to = &p->u->deps->to;
	struct part_call what;

	if (call->step == PART_COMPLETE)
		prepare_completion(call);
	if (call->step == PART_PUT)
		carry_part(call);
	what = call_of(call);
	if (call->url == NULL)
		call->url = upload_part_ops(p)->url(to->policy, &what,
		    &call->request.method);
	call->request.url = call->url;
	if (call->step != PART_PUT)
		carry_text(call, &what);
	return call->request.is_bare
	    ? 0
	    : to->policy->ops->authorize(to, &call->request, &p->item->auth_use,
		  &call->headers, e);
}

static size_t
urls_from(const struct parts *p, size_t number)
{
	size_t left = p->n - (number - 1);

	return left < MOST_URLS ? left : MOST_URLS;
}

static void
free_call(struct call *call)
{
	free(call->url);
	free(call->etag);
	free(call->path);
	free(call->made);
	free(call->etags);
	free(call->body);
	text_list_free(&call->headers);
	free(call);
}

int
upload_call(struct parts *p, enum part_step step, size_t number, struct err *e)
{
	struct upload *u = p->u;
	const struct destination_policy *policy = u->deps->to.policy;
	struct call *call = xcalloc(1, sizeof(*call));

	*call = (struct call){
		.request = {
			.headers = &call->headers,
			.service = policy->ops->service,
			.answer_limit = ANSWER_BYTES,
			.answer_timeout_ms = destination_patience_ms(policy,
			    step == PART_COMPLETE ? p->item->flight->size
						  : p->part_bytes),
			.owner = p->item,
		},
		.parts = p,
		.step = step,
		.number = number,
		.n = step == PART_URLS ? urls_from(p, number) : 0,
		.started_ms = clock_mono_ms(),
	};
	if (address(call, e) == -1) {
		free_call(call);
		return -1;
	}
	if (step == PART_PUT)
		p->all[number - 1].is_flying = true;
	p->is_asking |= step == PART_URLS;
	p->in_air++;
	u->n_flying++;
	u->n_media_flying += p->item->artifact->is_media;
	http_start(u->deps->to.http, &call->request);
	return 0;
}

void
upload_call_free(struct call *call)
{
	struct upload *u = call->parts->u;

	call->parts->in_air--;
	u->n_flying--;
	u->n_media_flying -= call->parts->item->artifact->is_media;
	free_call(call);
}

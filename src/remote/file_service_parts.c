#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/json_stream.h"
#include "remote/file_service_internal.h"
#include "remote/parts_offer.h"
#include "remote/request.h"

/*
 * The extension of the API: files are sent in parts, to URLs provided by the
 * service.  See jibri-finalize-api(7).
 */

enum {
	USUAL_BYTES = 8 * 1024 * 1024,
	LEAST_BYTES = 64 * 1024,
	MOST_ID = 512,
	MOST_GOOD_S = 365 * 24 * 3600, /* what is valid for longer is valid
					  forever */
};
static const int64_t most_bytes = 5LL * 1024 * 1024 * 1024;

static int64_t
part_bytes(const struct destination_policy *policy, int64_t size)
{
	const struct file_service_policy *p = &policy->file;

	return p->parts == WANTED_NO || size <= p->parts_from ||
		parts_offer_is(p->offer, PARTS_REFUSED)
	    ? 0
	    : USUAL_BYTES;
}

static enum part_offer
offer(const struct destination_policy *policy)
{
	return parts_offer_look(policy->file.offer);
}

/* Room and meeting are sent on completion. */
static bool
is_placed_early(const struct destination_policy *policy)
{
	return policy->file.parts != WANTED_NO &&
	    !parts_offer_is(policy->file.offer, PARTS_REFUSED);
}

/* The meeting id, which is in the paths of its requests, and the place. */
static char *
key_of(const struct progress *p, const struct remote_name *name)
{
	autofree char *id =
	    p->meeting_id ? text_percent_encode(p->meeting_id, "") : NULL;

	return xasprintf("%s%s", id ? id : "-", name->path);
}

static bool
is_open(const char *key)
{
	return strncmp(key, "-/", 2) == 0;
}

static bool
continues(const char *begun, const char *key)
{
	return is_open(begun) || strcmp(begun, key) == 0;
}

/* Requests */

static char *
part_url(const struct destination_policy *policy, const struct part_call *call,
    const char **method)
{
	static const struct {
		const char *method, *tail;
	} rows[] = {
		[PART_BEGIN] = { "POST", "" },
		[PART_LIST] = { "GET", "" },
		[PART_URLS] = { "POST", "/parts" },
		[PART_COMPLETE] = { "POST", "/complete" },
		[PART_ABORT] = { "DELETE", "" },
	};
	bool is_placing = call->step == PART_BEGIN ||
	    (call->step == PART_COMPLETE && is_open(call->key));
	autofree char *parent =
	    is_placing ? remote_name_folder(call->name) : NULL;
	autofree char *query =
	    is_placing ? text_percent_encode(parent, "/") : NULL;
	autofree char *id =
	    call->id ? text_percent_encode(call->id, "") : xstrdup("");
	autofree char *path =
	    xasprintf("/files/structured/%.*s/uploads%s%s%s%s%s",
		(int)strcspn(call->key, "/"), call->key, *id ? "/" : "",
		call->step == PART_BEGIN ? "" : id, rows[call->step].tail,
		query ? "?path=" : "", query ? query : "");

	*method = rows[call->step].method;
	return request_url(policy->file.url, path);
}

static json_t *
begin_of(const struct part_call *call)
{
	return json_pack("{s:s,s:s,s:o}", "filename", call->name->filename,
	    "mimeType", call->type, "size",
	    call->size < 0 ? json_null() : json_integer(call->size));
}

static json_t *
numbers_of(const struct part_call *call)
{
	json_t *numbers = json_array();

	for (size_t i = 0; i < call->n; i++)
		(void)json_array_append_new(numbers,
		    json_integer((json_int_t)call->number + (json_int_t)i));
	return json_pack("{s:o}", "numbers", numbers);
}

static json_t *
completion_of(const struct part_call *call)
{
	json_t *parts = json_array();

	for (size_t i = 0; i < call->n; i++)
		(void)json_array_append_new(parts,
		    json_pack("{s:I,s:s}", "number", (json_int_t)i + 1, "etag",
			call->etags[i]));
	return json_pack("{s:o,s:I,s:s*,s:s*}", "parts", parts, "size",
	    (json_int_t)call->size, "sha256", call->sha256, "meetingId",
	    is_open(call->key) ? call->progress->meeting_id : NULL);
}

static char *
part_body(const struct part_call *call, const char **type)
{
	autojson json_t *json = call->step == PART_BEGIN ? begin_of(call)
	    : call->step == PART_URLS                    ? numbers_of(call)
	    : call->step == PART_COMPLETE                ? completion_of(call)
							 : NULL;

	*type = "application/json";
	return json ? json_dumps(json, JSON_COMPACT) : NULL;
}

/* Answers */

struct reading {
	const struct destination_policy *policy;
	const struct part_call *call;
	const struct http_answer *answer;
	void (*found)(void *ctx, const struct part_record *);
	void *ctx;
};

/* It does not do what it offered: send the file in one piece. */
static enum part_outcome
unfit(const struct reading *r)
{
	parts_offer_say(r->policy->file.offer, PARTS_REFUSED);
	return PART_UNFIT;
}

static enum part_outcome
not_understood(const struct reading *r, const char *what, struct err *e)
{
	/* An answer with URLs is not shown. */
	if (r->call->step == PART_URLS)
		(void)err_set(e, ERR_CONFIG, "HTTP %ld, and the answer %s",
		    r->answer->status, what);
	else
		(void)request_not_understood(r->answer, what, e);
	return unfit(r);
}

/* Would a repeat not help?  401 is about the credentials. */
static bool
is_final(const struct http_answer *answer)
{
	long status = answer->status;

	return status == 501 ||
	    ((status / 100 == 3 || status / 100 == 4) && status != 401 &&
		status != 408 && status != 425 && status != 429 &&
		!answer->was_unexpected);
}

/*
 * A service that does not know the path may answer with any refusal, or
 * redirect to a login page; 500 and 501 come from the application itself.  A
 * service that has accepted one before is asked again.
 */
static enum part_outcome
refuse_begin(const struct reading *r, struct err *e)
{
	struct parts_offer *o = r->policy->file.offer;
	long status = r->answer->status;
	bool is_known = parts_offer_is(o, PARTS_TAKEN);
	bool is_absent = status == 404 || status == 405 || status == 501;
	bool is_passing = !is_final(r->answer) && status != 500;

	if (parts_offer_is(o, PARTS_ASKED))
		parts_offer_say(o, PARTS_UNKNOWN);
	if (!is_absent && (is_known || is_passing))
		return PART_FAILED;
	if (!is_known && status != 500)
		parts_offer_say(o, PARTS_REFUSED);
	*e = (struct err){ 0 };
	return PART_UNFIT;
}

static enum part_outcome
read_begin(const struct reading *r, const json_t *json, struct err *e)
{
	const json_t *record = json_unwrap(json, "uploadId");
	autofree char *id =
	    request_answer_id(r->answer, json_object_get(record, "uploadId"));
	int64_t bytes = json_member_number(record, "partSize", 0);
	int64_t good_s = json_member_number(record, "expiresIn", 0);

	if (id == NULL || strlen(id) > MOST_ID)
		return not_understood(r, "has no upload id", e);
	r->found(r->ctx,
	    &(struct part_record){
		.id = id,
		.size = bytes,
		.good_ms =
		    good_s > 0 && good_s <= MOST_GOOD_S ? good_s * 1000 : 0,
	    });
	if (bytes < LEAST_BYTES || bytes > most_bytes ||
	    (r->call->size > 0 && (r->call->size - 1) / bytes >= PARTS_MOST))
		return not_understood(r, "has an invalid partSize", e);
	parts_offer_say(r->policy->file.offer, PARTS_TAKEN);
	return PART_DONE;
}

static enum part_outcome
read_urls(const struct reading *r, const json_t *json, struct err *e)
{
	const json_t *record = json_unwrap(json, "urls");
	const json_t *urls = json_object_get(record, "urls");
	struct text_list headers = { 0 };
	enum part_outcome outcome = PART_DONE;

	if (!json_is_object(urls) ||
	    !file_service_headers(json_object_get(record, "headers"), &headers))
		outcome = not_understood(r, "has no URLs and headers", e);
	for (size_t i = 0; outcome == PART_DONE && i < r->call->n; i++) {
		size_t number = r->call->number + i;
		autofree char *name = xasprintf("%zu", number);
		const char *url = json_member_string(urls, name);

		if (url == NULL && i > 0)
			continue;
		if (file_service_may_go_to(&r->policy->file, url, e))
			r->found(r->ctx,
			    &(struct part_record){ .number = number,
				.url = (char *)url,
				.headers = &headers });
		else
			outcome = unfit(r);
	}
	text_list_free(&headers);
	return outcome;
}

static enum part_outcome
read_list(const struct reading *r, const json_t *json, struct err *e)
{
	const json_t *parts =
	    json_object_get(json_unwrap(json, "parts"), "parts");
	size_t i;
	const json_t *part;

	if (!json_is_array(parts))
		return not_understood(r, "is not a list of parts", e);
	json_array_foreach(parts, i, part)
	{
		int64_t number = json_member_number(part, "number", 0);
		const char *said = json_member_string(part, "etag");
		autofree char *etag = said ? http_etag(said) : NULL;

		r->found(r->ctx,
		    &(struct part_record){
			.number = number > 0 ? (size_t)number : 0,
			.etag = etag,
			.size = json_member_number(part, "size", 0),
		    });
	}
	return PART_DONE;
}

static enum part_outcome
read_record(const struct reading *r, struct err *e)
{
	autofree char *id = NULL;
	autofree char *path = NULL;

	if (file_service_record(r->answer, r->call->size, &id, &path, e) == -1)
		return PART_FAILED;
	r->found(r->ctx, &(struct part_record){ .id = id, .path = path });
	return PART_DONE;
}

static enum part_outcome
read_part(const struct reading *r, struct err *e)
{
	if (r->answer->etag == NULL || *r->answer->etag == '\0' ||
	    !text_is_utf8(r->answer->etag))
		return not_understood(r, "has no ETag", e);
	r->found(r->ctx, &(struct part_record){ .etag = r->answer->etag });
	return PART_DONE;
}

static enum part_outcome
read_answer(const struct reading *r, struct err *e)
{
	enum part_step step = r->call->step;
	autojson json_t *json = NULL;

	if (step == PART_ABORT)
		return PART_DONE;
	if (step == PART_PUT)
		return read_part(r, e);
	if (step == PART_COMPLETE)
		return read_record(r, e);
	json = request_answer_json(r->answer, e);
	if (json == NULL && step == PART_URLS)
		return not_understood(r, "is not JSON", e);
	if (json == NULL && step == PART_BEGIN) {
		*e = (struct err){ 0 };
		return unfit(r);
	}
	if (json == NULL)
		return e->class == ERR_TEMPORARY ? PART_FAILED : unfit(r);
	return step == PART_BEGIN ? read_begin(r, json, e)
	    : step == PART_URLS   ? read_urls(r, json, e)
				  : read_list(r, json, e);
}

/* A new upload can be begun. */
static enum part_outcome
gone(struct err *e)
{
	e->class = ERR_TEMPORARY;
	return PART_GONE;
}

/* Answers of the storage behind a URL: 403 means that the URL expired. */
static enum part_outcome
refuse_part(const struct reading *r, struct err *e)
{
	long status = r->answer->status;

	if (status == 403)
		return PART_EXPIRED;
	if (status == 404)
		return gone(e);
	return e->class == ERR_TEMPORARY || e->class == ERR_INTERRUPTED ||
		r->answer->was_unexpected
	    ? PART_FAILED
	    : unfit(r);
}

static enum part_outcome
refuse(const struct reading *r, struct err *e)
{
	enum part_step step = r->call->step;
	long status = r->answer->status;

	*e = r->answer->err;
	if (step == PART_BEGIN)
		return refuse_begin(r, e);
	if (step == PART_PUT)
		return refuse_part(r, e);
	if (status == 404)
		return gone(e);
	if (step == PART_COMPLETE && (status == 409 || status == 422))
		return e->class = ERR_TEMPORARY, PART_BAD;
	if (!is_final(r->answer))
		return PART_FAILED;
	/* Listing and aborting are optional. */
	return step == PART_LIST || step == PART_ABORT ? PART_REFUSED
						       : unfit(r);
}

static enum part_outcome
judge(const struct destination_policy *policy, const struct part_call *call,
    const struct http_answer *answer,
    void (*found)(void *ctx, const struct part_record *), void *ctx,
    struct err *e)
{
	const struct reading r = { policy, call, answer, found, ctx };
	enum part_outcome outcome;

	*e = (struct err){ 0 };
	/* A refusal names its request already. */
	if (answer->outcome != HTTP_ANSWERED)
		return refuse(&r, e);
	outcome = read_answer(&r, e);
	if (outcome != PART_DONE && *e->text)
		(void)err_wrap(e, "%s", answer->what);
	return outcome;
}

/* Limits what an interruption costs; a POST has one connection, too. */
const struct part_ops file_service_parts = {
	.gives_urls = true,
	.at_once = 2,
	.bytes = part_bytes,
	.offer = offer,
	.is_placed_early = is_placed_early,
	.key = key_of,
	.continues = continues,
	.url = part_url,
	.body = part_body,
	.judge = judge,
};

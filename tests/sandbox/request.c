#include "request.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "answer.h"
#include "ending.h"
#include "parts.h"
#include "s3.h"
#include "service.h"
#include "shape.h"
#include "text.h"

#define BODY_KEPT_MAX (1024 * 1024)

/* So that a fault that depends on the file's name strikes near its position. */
#define UNDECIDED_PIECE_BYTES 512

/* How much the sender can send while nobody reads. */
#define SLOW_RECEIVE_BYTES 16384

struct peer {
	unsigned number;
	unsigned requests;
};

void
request_connection(void *cls, struct MHD_Connection *connection, void **peer,
    enum MHD_ConnectionNotificationCode code)
{
	struct sandbox *box = cls;
	struct peer *p = *peer;

	(void)connection;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		free(p);
		*peer = NULL;
		return;
	}
	p = text_must(calloc(1, sizeof(*p)));
	pthread_mutex_lock(&box->lock);
	p->number = ++box->last_connection;
	pthread_mutex_unlock(&box->lock);
	*peer = p;
}

void *
request_open(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct sandbox *box = cls;
	struct request *req = text_must(calloc(1, sizeof(*req)));
	struct peer *peer = MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT)
				->socket_context;

	atomic_fetch_add(&box->active, 1);
	req->box = box;
	req->connection = connection;
	req->socket = MHD_get_connection_info(connection,
	    MHD_CONNECTION_INFO_CONNECTION_FD)
			  ->connect_fd;
	req->connection_number = peer->number;
	req->is_reused = ++peer->requests > 1;
	req->raw_target = text_copy(uri, strlen(uri));
	pthread_mutex_lock(&box->lock);
	req->n = ++box->last_request;
	pthread_mutex_unlock(&box->lock);
	return req;
}

void
request_close(void *cls, struct MHD_Connection *connection, void **request,
    enum MHD_RequestTerminationCode code)
{
	struct request *req = *request;

	(void)cls;
	(void)connection;
	(void)code;
	if (req == NULL)
		return;
	*request = NULL;
	if (!req->is_settled)
		request_settle(req, 0);
	upload_free(req->upload);
	json_decref(req->record);
	target_release(&req->target);
	free(req->raw_target);
	free(req->method);
	free(req->body);
	atomic_fetch_sub(&req->box->active, 1);
	free(req);
}

const char *
request_header(const struct request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND,
	    name);
}

struct webhook_proofs
request_proofs(const struct request *req)
{
	struct webhook_headers headers = {
		.secret = request_header(req, "X-Webhook-Secret"),
		.signature = request_header(req, "X-Webhook-Signature"),
		.id = request_header(req, "webhook-id"),
		.timestamp = request_header(req, "webhook-timestamp"),
		.standard = request_header(req, "webhook-signature"),
	};

	return webhook_verify(&headers, req->body, req->body_kept,
	    req->box->set.secret, req->box->set.secret_previous);
}

static enum MHD_Result
header_collect(void *object, enum MHD_ValueKind kind, const char *key,
    size_t key_bytes, const char *value, size_t value_bytes)
{
	autojson json_t *name = text_json(key, key_bytes);
	autofree char *lower =
	    text_copy(json_string_value(name), json_string_length(name));
	autofree char *joined = NULL;
	const json_t *before;

	(void)kind;
	for (char *p = lower; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	before = json_object_get(object, lower);
	if (before == NULL) {
		json_object_set_new(object, lower,
		    text_json(value, value_bytes));
		return MHD_YES;
	}
	joined = text_format("%s, %.*s", json_string_value(before),
	    (int)value_bytes, value);
	json_object_set_new(object, lower, text_json_or_null(joined));
	return MHD_YES;
}

/* The headers of a request; the caller frees them. */
static json_t *
headers_describe(const struct request *req)
{
	json_t *headers = text_must(json_object());

	if (req->has_begun)
		MHD_get_connection_values_n(req->connection, MHD_HEADER_KIND,
		    header_collect, headers);
	return headers;
}

static void
webhook_log(const struct request *req, unsigned status)
{
	struct webhook_proofs proofs = request_proofs(req);
	autojson json_t *line =
	    json_pack("{s:i,s:o,s:o,s:i,s:b,s:b,s:b,s:b,s:b}", "n", (int)req->n,
		"body", text_json(req->body, req->body_kept), "headers",
		headers_describe(req), "status", (int)status, "acked",
		status / 100 == 2, "stored", req->is_stored, "secretOk",
		proofs.is_secret_ok, "signatureOk", proofs.is_signature_ok,
		"standardOk", proofs.is_standard_ok);

	text_append_line("webhooks.jsonl", text_must(line));
}

void
request_settle(struct request *req, unsigned status)
{
	autojson json_t *line = NULL;

	if (req->upload != NULL)
		upload_end(req->upload);
	line = text_must(json_pack(
	    "{s:i,s:s,s:o,s:o,s:i,s:b,s:o,s:I,s:o,s:o,s:i,s:b}", "n",
	    (int)req->n, "stage", target_stage_name(req->target.stage),
	    "method", text_json_or_null(req->method), "target",
	    text_json_or_null(req->raw_target), "connection",
	    (int)req->connection_number, "reused", req->is_reused, "headers",
	    headers_describe(req), "bodyBytes", (json_int_t)req->body_bytes,
	    "part", upload_describe(req->upload), "fault",
	    req->fault.spelling[0] != '\0' ? json_string(req->fault.spelling)
					   : json_null(),
	    "status", (int)status, "stored", req->is_stored));
	pthread_mutex_lock(&req->box->lock);
	if (req->target.stage == STAGE_WEBHOOK && req->is_body_complete)
		webhook_log(req, status);
	text_append_line("requests.jsonl", line);
	pthread_mutex_unlock(&req->box->lock);
	req->is_settled = true;
}

/* The text that a fault's MATCH is compared with; NULL while unknown. */
static const char *
subject(const struct request *req)
{
	if (req->target.stage == STAGE_WEBHOOK && !req->is_body_complete)
		return NULL;
	if (req->target.stage == STAGE_WEBHOOK)
		return req->body;
	if (req->upload == NULL || req->target.stage == STAGE_PART)
		return req->raw_target;
	if (req->upload->filename != NULL)
		return req->upload->filename;
	return req->is_body_complete || req->upload->disposition ? "" : NULL;
}

/* The place in the body where the fault strikes. */
static unsigned long long
strike_position(const struct request *req)
{
	if (!req->is_fault_known ||
	    req->fault.kind->moment != FAULT_AT_POSITION)
		return ~0ULL;
	if (!req->fault.is_percent)
		return req->fault.number;
	if (req->declared_bytes < 0)
		return ~0ULL;
	return (unsigned long long)((double)req->declared_bytes *
	    (double)req->fault.number / 100);
}

/* The sender must have something left to send when it strikes. */
static bool
holds_back(const struct request *req)
{
	return req->fault.kind->is_slow ||
	    (req->fault.kind->moment == FAULT_AT_POSITION &&
		(req->declared_bytes < 0 ||
		    strike_position(req) <
			(unsigned long long)req->declared_bytes));
}

static void
fault_look(struct request *req)
{
	struct sandbox *box = req->box;
	int small = SLOW_RECEIVE_BYTES;

	if (req->is_fault_known)
		return;
	pthread_mutex_lock(&box->lock);
	fault_refresh(&box->faults);
	req->is_fault_known = fault_decide(&box->faults, req->target.stage,
	    subject(req), req->is_reused, request_header(req, "Expect") != NULL,
	    &req->fault);
	pthread_mutex_unlock(&box->lock);
	if (holds_back(req))
		setsockopt(req->socket, SOL_SOCKET, SO_RCVBUF, &small,
		    sizeof(small));
}

/* End it before its body is complete, with a good answer. */
static enum MHD_Result
request_cut(struct request *req)
{
	struct answer answer = { .fd = -1 };
	enum MHD_Result result;

	service_pretend(req, &answer);
	result = ending_run(req, &answer);
	answer_release(&answer);
	return result;
}

static bool
keeps_body(const struct request *req)
{
	return req->target.stage == STAGE_WEBHOOK ||
	    req->target.stage == STAGE_TOKEN ||
	    req->target.stage == STAGE_BEGIN ||
	    req->target.stage == STAGE_URLS ||
	    req->target.stage == STAGE_COMPLETE;
}

/* With --s3 there is no file-service. */
static void
find_target(struct request *req, const char *method)
{
	enum stage stage;

	target_parse(&req->target, req->box->set.prefix, method,
	    req->raw_target);
	stage = req->target.stage;
	req->is_s3 = req->box->set.s3_key != NULL && stage != STAGE_LOOKUP &&
	    stage != STAGE_WEBHOOK && stage != STAGE_TOKEN &&
	    stage != STAGE_HEALTH;
	if (req->is_s3) {
		req->target.stage = STAGE_OTHER;
		s3_parse(req);
	} else if (stage == STAGE_OTHER && req->box->set.part_bytes > 0) {
		parts_parse(req);
	}
}

static struct upload *
upload_of(const struct request *req)
{
	const char *type = request_header(req, "Content-Type");
	enum stage stage = req->target.stage;
	long long keep = req->box->set.keep_bytes;

	if (stage != STAGE_UPLOAD && stage != STAGE_PART)
		return NULL;
	/* A part of a file. */
	if (req->is_parts)
		return upload_begin_raw(req->n, "part", NULL, -1);
	return req->is_s3
	    ? upload_begin_raw(req->n, req->target.argument, type, keep)
	    : upload_begin(req->n, type, keep);
}

static enum MHD_Result
request_begin(struct request *req, const char *method)
{
	const char *length = request_header(req, "Content-Length");
	enum MHD_Result result = MHD_YES;

	req->has_begun = true;
	req->begun_ms = text_now_ms();
	req->method = text_copy(method, strlen(method));
	req->declared_bytes = length != NULL ? strtoll(length, NULL, 10) : -1;
	find_target(req, method);
	req->upload = upload_of(req);
	if (keeps_body(req))
		req->body = text_copy("", 0);
	fault_look(req);
	req->can_queue = true;
	if (req->is_fault_known && req->fault.kind->moment == FAULT_AT_HEADER)
		result = request_cut(req);
	req->can_queue = false;
	return result;
}

static size_t
piece_bytes(const struct request *req, size_t n)
{
	unsigned long long left = strike_position(req) - req->body_bytes;
	unsigned long long tenth = req->fault.number / 10 + 1;

	if (n > left)
		n = (size_t)left;
	if (!req->is_fault_known && n > UNDECIDED_PIECE_BYTES)
		n = UNDECIDED_PIECE_BYTES;
	if (req->fault.kind->is_slow && n > tenth)
		n = (size_t)tenth;
	return n;
}

static void
body_keep(struct request *req, const char *data, size_t n)
{
	if (n > BODY_KEPT_MAX - req->body_kept)
		n = BODY_KEPT_MAX - req->body_kept;
	req->body = text_must(realloc(req->body, req->body_kept + n + 1));
	memcpy(req->body + req->body_kept, data, n);
	req->body_kept += n;
	req->body[req->body_kept] = '\0';
}

static void
body_take(struct request *req, const char *data, size_t n)
{
	if (req->upload != NULL)
		upload_feed(req->upload, data, n);
	else if (keeps_body(req))
		body_keep(req, data, n);
	req->body_bytes += n;
	if (req->fault.kind->is_slow)
		text_pause((double)n / (double)req->fault.number);
	if (subject(req) != NULL)
		fault_look(req);
}

static enum MHD_Result
request_body(struct request *req, const char *data, size_t *left)
{
	while (*left > 0) {
		size_t n = piece_bytes(req, *left);

		body_take(req, data, n);
		data += n;
		*left -= n;
		if (req->fault.kind->moment == FAULT_AT_HEADER ||
		    req->body_bytes >= strike_position(req))
			return request_cut(req);
	}
	return MHD_YES;
}

static enum MHD_Result
request_finish(struct request *req)
{
	struct answer answer = { .fd = -1 };
	enum MHD_Result result;
	enum fault_storing storing;

	req->is_body_complete = true;
	req->can_queue = true;
	if (req->upload != NULL)
		upload_end(req->upload);
	fault_look(req);
	storing = req->fault.kind->storing;
	service_answer(req, &answer);
	if (storing == FAULT_WAITS_AND_STORES)
		text_pause(req->fault.seconds);
	if (storing == FAULT_STORES || storing == FAULT_WAITS_AND_STORES)
		service_apply(req, &answer);
	shape_answer(req, &answer);
	result = ending_run(req, &answer);
	/* Not earlier: the log needs the upload. */
	if (storing == FAULT_STORES_LATER)
		service_apply_later(req);
	answer_release(&answer);
	return result;
}

enum MHD_Result
request_handle(void *cls, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *data,
    size_t *data_bytes, void **request)
{
	struct request *req = *request;

	(void)cls;
	(void)connection;
	(void)url;
	(void)version;
	if (!req->has_begun)
		return request_begin(req, method);
	if (*data_bytes > 0)
		return request_body(req, data, data_bytes);
	return request_finish(req);
}

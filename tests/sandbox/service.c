#include "service.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parts.h"
#include "s3.h"
#include "shape.h"
#include "store.h"
#include "text.h"
#include "token.h"
#include "uploads.h"

struct late_upload {
	struct sandbox *box;
	struct upload *upload;
	json_t *record;
	double seconds;
};

static void
answer_lookup(struct request *req, struct answer *a)
{
	autofree char *text = text_read("rooms.json", NULL);
	autojson json_t *rooms =
	    json_loads(text != NULL ? text : "{}", 0, NULL);
	json_t *id = json_object_get(rooms, req->target.argument);

	if (rooms == NULL)
		answer_error(a, 500, "rooms.json is not JSON");
	else if (id == NULL)
		answer_error(a, 404, "unknown room");
	else
		answer_json(a, 200,
		    json_pack("{s:O,s:s}", "id", id, "roomName",
			req->target.argument));
}

static void
answer_list(struct request *req, struct answer *a)
{
	autofree char *id = target_query(&req->target, "referenceId");

	if (id == NULL || *id == '\0')
		answer_error(a, 400, "no referenceId");
	else
		answer_json(a, 200, store_list(req->box, id));
}

static void
answer_upload(struct request *req, struct answer *a)
{
	autofree char *path = target_query(&req->target, "path");
	autofree char *folder = path != NULL ? store_folder(path) : NULL;
	unsigned status;
	const char *problem =
	    upload_problem(req->upload, req->box->set.max_file_bytes, &status);

	if (problem != NULL) {
		answer_error(a, status, problem);
		return;
	}
	if (folder == NULL) {
		answer_error(a, 400, "bad path");
		return;
	}
	req->record =
	    store_record(req->box, req->target.argument, folder, req->upload);
	answer_json(a, 200, store_public(req->record));
}

static void
answer_download(struct request *req, struct answer *a)
{
	const char *type = NULL;
	int fd = store_open(req->box, shape_id(req->box, req->target.argument),
	    &type);

	if (fd == -1)
		answer_error(a, 404, "unknown file");
	else
		answer_file(a, type, fd);
}

static void
answer_webhook(struct request *req, struct answer *a)
{
	struct webhook_proofs proofs = request_proofs(req);
	bool is_proved = proofs.is_secret_ok || proofs.is_signature_ok ||
	    proofs.is_standard_ok;
	bool is_denied = request_header(req, "X-Webhook-Secret") != NULL &&
	    !proofs.is_secret_ok;
	const char *type = request_header(req, "Content-Type");
	const char *problem = webhook_problem(req->body, req->body_kept);

	if (req->box->set.secret != NULL && (is_denied || !is_proved))
		answer_error(a, 401, "wrong secret");
	else if (type == NULL || strncasecmp(type, "application/json", 16) != 0)
		answer_error(a, 415, "the content is not application/json");
	else if (problem != NULL)
		answer_error(a, 400, problem);
	else
		answer_json(a, 200, json_pack("{s:b}", "success", 1));
}

static void
answer_health(struct request *req, struct answer *a)
{
	(void)req;
	answer_json(a, 200, json_pack("{s:s}", "status", "UP"));
}

static void
answer_other(struct request *req, struct answer *a)
{
	(void)req;
	answer_error(a, 404, "no such path");
}

static const struct service {
	void (*answer)(struct request *, struct answer *);
	bool wants_token;
} services[STAGE_COUNT] = {
	[STAGE_OTHER] = { answer_other, false },
	[STAGE_LOOKUP] = { answer_lookup, true },
	[STAGE_LIST] = { answer_list, true },
	[STAGE_UPLOAD] = { answer_upload, true },
	[STAGE_DOWNLOAD] = { answer_download, true },
	[STAGE_WEBHOOK] = { answer_webhook, false },
	[STAGE_HEALTH] = { answer_health, false },
	[STAGE_TOKEN] = { token_answer, false },
	[STAGE_BEGIN] = { parts_begin, true },
	[STAGE_URLS] = { parts_urls, true },
	[STAGE_PART] = { parts_put, false },
	[STAGE_PARTS] = { parts_list, true },
	[STAGE_COMPLETE] = { parts_complete, true },
	[STAGE_ABORT] = { parts_abort, true },
};

static bool
has_token(const struct request *req)
{
	const char *sent = request_header(req, "Authorization");

	if (req->box->set.token == NULL && req->box->set.client == NULL)
		return true;
	if (sent == NULL || strncmp(sent, "Bearer ", 7) != 0)
		return false;
	return token_is_good(req->box, sent + 7) ||
	    (req->box->set.token != NULL &&
		strcmp(sent + 7, req->box->set.token) == 0);
}

void
service_answer(struct request *req, struct answer *a)
{
	const struct service *service = &services[req->target.stage];

	pthread_mutex_lock(&req->box->lock);
	if (req->is_s3)
		s3_answer(req, a);
	else if (req->target.refusal != 0)
		answer_error(a, req->target.refusal, req->target.reason);
	else if (service->wants_token && !has_token(req))
		answer_error(a, 401, "unauthorized");
	else
		service->answer(req, a);
	pthread_mutex_unlock(&req->box->lock);
}

static void
pretend_upload(struct request *req, struct answer *a)
{
	autofree char *path = target_query(&req->target, "path");
	json_t *record = text_must(json_pack("{s:I,s:s,s:s}", "id",
	    (json_int_t)req->box->next_id, "mimeType",
	    "application/octet-stream", "uploadedAt", "2025-01-05T14:30:22Z"));
	long long size =
	    upload_expected_bytes(req->upload, req->declared_bytes);
	const char *name = req->upload->filename;

	if (name != NULL) {
		autofree char *whole =
		    text_format("%s%s", path != NULL ? path : "/", name);

		json_object_set_new(record, "filename", json_string(name));
		json_object_set_new(record, "path", json_string(whole));
	}
	if (size >= 0)
		json_object_set_new(record, "size", json_integer(size));
	answer_json(a, 200, record);
}

void
service_pretend(struct request *req, struct answer *a)
{
	if (req->is_s3) {
		answer_text(a, 200, "application/xml", "", 0);
		a->headers = text_format("ETag: \"%032d\"", 0);
	} else if (req->is_parts) {
		parts_pretend(req, a);
	} else if (req->upload != NULL) {
		pthread_mutex_lock(&req->box->lock);
		pretend_upload(req, a);
		pthread_mutex_unlock(&req->box->lock);
	} else if (req->target.stage == STAGE_WEBHOOK)
		answer_json(a, 200, json_pack("{s:b}", "success", 1));
	else
		service_answer(req, a);
}

void
service_apply(struct request *req, struct answer *a)
{
	if (req->target.stage == STAGE_WEBHOOK)
		req->is_stored = a->status == 200;
	pthread_mutex_lock(&req->box->lock);
	if (req->is_s3)
		s3_apply(req);
	else if (req->is_parts)
		parts_apply(req, a);
	else if (req->record != NULL) {
		store_add(req->box, req->record, req->upload);
		answer_json(a, 200, store_public(req->record));
		req->is_stored = true;
	}
	pthread_mutex_unlock(&req->box->lock);
}

static void *
late_store(void *arg)
{
	struct late_upload *late = arg;
	struct sandbox *box = late->box;

	text_pause(late->seconds);
	pthread_mutex_lock(&box->lock);
	store_add(box, late->record, late->upload);
	pthread_mutex_unlock(&box->lock);
	json_decref(late->record);
	upload_free(late->upload);
	free(late);
	atomic_fetch_sub(&box->active, 1);
	return NULL;
}

void
service_apply_later(struct request *req)
{
	struct late_upload *late;
	pthread_t thread;

	if (req->record == NULL || req->upload == NULL)
		return;
	if (req->is_parts) {
		pthread_mutex_lock(&req->box->lock);
		uploads_remove(req->box, req->target.upload);
		pthread_mutex_unlock(&req->box->lock);
	}
	late = text_must(malloc(sizeof(*late)));
	*late = (struct late_upload){ req->box, req->upload, req->record,
		req->fault.seconds };
	req->upload = NULL;
	req->record = NULL;
	atomic_fetch_add(&req->box->active, 1);
	if (pthread_create(&thread, NULL, late_store, late) != 0)
		sandbox_die("cannot create a thread");
	pthread_detach(thread);
}

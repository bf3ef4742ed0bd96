#include "parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parts_s3.h"
#include "store.h"
#include "text.h"
#include "uploads.h"

#define NUMBERS_MAX 16

/* --- which request is it? ------------------------------------------------- */

#define BASE "/files/structured/*/uploads"

/* In a path, `*` is one segment that is not empty. */
static const struct route {
	enum stage stage;
	const char *method;
	const char *path;
} routes[] = {
	{ STAGE_BEGIN, "POST", BASE },
	{ STAGE_PARTS, "GET", BASE "/*" },
	{ STAGE_ABORT, "DELETE", BASE "/*" },
	{ STAGE_URLS, "POST", BASE "/*/parts" },
	{ STAGE_COMPLETE, "POST", BASE "/*/complete" },
	{ STAGE_PART, "PUT", "/storage/*/*" },
};

struct segment {
	const char *at;
	size_t bytes;
};

static bool
route_fits(const char *pattern, const char *path, const char *end,
    struct segment *stars)
{
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '*') {
			if (path == end || *path++ != *pattern)
				return false;
			continue;
		}
		stars->at = path;
		while (path < end && *path != '/')
			path++;
		stars->bytes = (size_t)(path - stars->at);
		if (stars++->bytes == 0)
			return false;
	}
	return path == end;
}

/* The route of the path, preferably with this method, and its arguments. */
static const struct route *
route_find(const char *method, const char *path, struct segment stars[2])
{
	const char *end = path + strcspn(path, "?");
	const struct route *found = NULL;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		struct segment seen[2] = { 0 };

		if (!route_fits(routes[i].path, path, end, seen))
			continue;
		found = &routes[i];
		memcpy(stars, seen, sizeof(seen));
		if (strcmp(method, routes[i].method) == 0)
			break;
	}
	return found;
}

static char *
segment_decode(struct segment s)
{
	return s.at != NULL ? target_decode(s.at, s.bytes) : NULL;
}

void
parts_parse(struct request *req)
{
	struct target *t = &req->target;
	const char *prefix = req->box->set.prefix;
	const char *path = req->raw_target + strlen(prefix);
	struct segment stars[2] = { 0 };
	const struct route *route;
	size_t meeting;

	if (strncmp(req->raw_target, prefix, strlen(prefix)) != 0)
		return;
	if (strncmp(path, "/file-service/", 14) == 0)
		path += 13;
	route = route_find(req->method, path, stars);
	if (route == NULL)
		return;
	meeting = route->stage == STAGE_PART ? 1 : 0;
	req->is_parts = true;
	t->stage = route->stage;
	t->argument = segment_decode(stars[meeting]);
	t->upload = segment_decode(stars[1 - meeting]);
	/*
	 * The id is a segment, possibly with characters that are illegal in a
	 * path.
	 */
	if (t->refusal != 404)
		return;
	t->refusal = 0;
	if (strcmp(req->method, route->method) != 0) {
		t->refusal = 405;
		t->reason = "method not allowed";
	} else if (t->argument == NULL ||
	    (t->upload == NULL && t->stage != STAGE_BEGIN)) {
		t->refusal = 400;
		t->reason = "bad escape in the path";
	}
}

/* --- what they have in common --------------------------------------------- */

json_t *
parts_upload(const struct request *req, struct answer *a)
{
	json_t *up = json_object_get(req->box->uploads, req->target.upload);
	const char *meeting = json_string_value(json_object_get(up, "meeting"));

	if (up != NULL &&
	    (req->target.stage == STAGE_PART ||
		strcmp(meeting, req->target.argument) == 0))
		return up;
	answer_error(a, 404, "unknown upload");
	return NULL;
}

json_t *
parts_upload_renewed(const struct request *req, struct answer *a)
{
	json_t *up = parts_upload(req, a);

	if (up != NULL && parts_s3_is_used(req->box) &&
	    !parts_s3_renew(req, up, a))
		return NULL;
	return up;
}

static bool
is_json(const char *type)
{
	size_t n = strlen("application/json");

	return type != NULL && strncasecmp(type, "application/json", n) == 0 &&
	    (type[n] == '\0' || type[n] == ';' || type[n] == ' ');
}

json_t *
parts_body(const struct request *req, struct answer *a, const char *fmt, ...)
{
	autojson json_t *body = NULL;
	json_error_t error;
	int rc;
	va_list ap;

	if (!is_json(request_header(req, "Content-Type"))) {
		answer_error(a, 415, "the content is not application/json");
		return NULL;
	}
	body = json_loadb(req->body, req->body_kept, JSON_REJECT_DUPLICATES,
	    &error);
	if (body == NULL) {
		answer_error(a, 400, error.text);
		return NULL;
	}
	va_start(ap, fmt);
	rc = json_vunpack_ex(body, &error, JSON_STRICT, fmt, ap);
	va_end(ap);
	if (rc == -1)
		answer_error(a, 400, error.text);
	return rc == -1 ? NULL : json_incref(body);
}

/* --- begin ---------------------------------------------------------------- */

/* Without slashes: Tomcat refuses them in a path even when encoded. */
static char *
id_new(const struct request *req)
{
	return text_format("up +%u?#%%=&;\xc3\xbc", req->n);
}

/* The problem, with its status, or NULL. */
static const char *
begin_problem(const struct request *req, const char *name, const json_t *size,
    unsigned *status)
{
	const struct settings *set = &req->box->set;
	autofree char *path = target_query(&req->target, "path");
	autofree char *folder = path != NULL ? store_folder(path) : NULL;
	long long bytes = json_integer_value(size);

	*status = 400;
	if (folder == NULL)
		return "bad path";
	if (upload_name_problem(name) != NULL)
		return upload_name_problem(name);
	if (!json_is_null(size) && (!json_is_integer(size) || bytes < 0))
		return "bad size";
	if ((bytes - 1) / set->part_bytes >= PARTS_MAX)
		return "more than 10000 parts";
	*status = 413;
	if (set->max_file_bytes >= 0 && bytes > set->max_file_bytes)
		return "file too large";
	return NULL;
}

static json_t *
begin_answer(const struct request *req)
{
	const struct settings *set = &req->box->set;
	autofree char *id = id_new(req);
	double told =
	    set->parts_told_s < 0 ? set->parts_life_s : set->parts_told_s;

	return json_pack("{s:s,s:I,s:I}", "uploadId", id, "partSize",
	    (json_int_t)set->part_bytes, "expiresIn", (json_int_t)told);
}

void
parts_begin(struct request *req, struct answer *a)
{
	autofree char *path = target_query(&req->target, "path");
	const char *name, *type, *problem;
	json_t *size;
	unsigned status;
	autojson json_t *body = parts_body(req, a, "{s:s,s:s,s:o}", "filename",
	    &name, "mimeType", &type, "size", &size);

	if (body == NULL)
		return;
	problem = begin_problem(req, name, size, &status);
	if (problem != NULL) {
		answer_error(a, status, problem);
		return;
	}
	req->record = text_must(json_pack("{s:s,s:s,s:s,s:s,s:O,s:{}}",
	    "meeting", req->target.argument, "path", path, "filename", name,
	    "type", type, "size", size, "parts"));
	answer_json(a, 201, begin_answer(req));
}

/* --- urls ----------------------------------------------------------------- */

/* How many parts there can be. */
static long long
parts_most(const struct request *req, const json_t *up)
{
	long long bytes = json_integer_value(json_object_get(up, "size"));

	return bytes > 0 ? (bytes - 1) / req->box->set.part_bytes + 1
			 : PARTS_MAX;
}

/* Add the URL of a part; false if its number is invalid or repeated. */
static bool
url_add(const struct request *req, const json_t *up, json_t *urls,
    const json_t *number)
{
	long long n = json_integer_value(number);
	autofree char *key = text_format("%lld", n);
	autofree char *url = NULL;

	if (!json_is_integer(number) || n < 1 || n > parts_most(req, up) ||
	    json_object_get(urls, key) != NULL)
		return false;
	url = parts_s3_is_used(req->box)
	    ? parts_s3_url(req, up, n)
	    : parts_url(req, req->target.upload, n);
	json_object_set_new(urls, key, json_string(url));
	return true;
}

void
parts_urls(struct request *req, struct answer *a)
{
	const json_t *up = parts_upload_renewed(req, a);
	json_t *numbers, *urls;
	autojson json_t *body = up != NULL
	    ? parts_body(req, a, "{s:o}", "numbers", &numbers)
	    : NULL;
	autojson json_t *all = text_must(json_pack("{s:{}}", "urls"));
	const char *value;
	autofree char *header = parts_header(&req->box->set, &value);
	size_t n;

	if (body == NULL)
		return;
	urls = json_object_get(all, "urls");
	n = json_array_size(numbers);
	for (size_t i = 0; i < n; i++)
		if (!url_add(req, up, urls, json_array_get(numbers, i)))
			n = 0;
	if (n == 0 || n > NUMBERS_MAX) {
		answer_error(a, 400, "bad numbers");
		return;
	}
	if (header != NULL)
		json_object_set_new(all, "headers",
		    json_pack("{s:s}", header, value));
	answer_json(a, 200, json_incref(all));
}

/* --- part, list, abort ---------------------------------------------------- */

/* For a client that takes it for an MD5, one in three is not. */
static char *
etag_of(const struct request *req)
{
	const struct upload *up = req->upload;

	if (strtoll(req->target.argument, NULL, 10) % 3 != 0)
		return text_copy(up->md5, strlen(up->md5));
	return text_format("part,%s;<\\%u>", req->target.argument, req->n);
}

void
parts_put(struct request *req, struct answer *a)
{
	autofree char *etag = etag_of(req);

	if (!parts_url_is_good(req, a) || parts_upload(req, a) == NULL)
		return;
	if (req->upload->failure != NULL) {
		answer_error(a, 500, req->upload->failure);
		return;
	}
	answer_text(a, 200, "text/plain", "", 0);
	a->headers = text_format("ETag: \"%s\"", etag);
}

void
parts_list(struct request *req, struct answer *a)
{
	json_t *up = parts_upload_renewed(req, a);
	json_t *list = text_must(json_array());
	const char *number;
	json_t *part;

	json_object_foreach(json_object_get(up, "parts"), number, part)
	{
		long long n = strtoll(number, NULL, 10);
		autofree char *etag = text_format(n % 2 == 0 ? "\"%s\"" : "%s",
		    json_string_value(json_object_get(part, "etag")));

		json_array_append_new(list,
		    json_pack("{s:I,s:O,s:s}", "number", (json_int_t)n, "size",
			json_object_get(part, "size"), "etag", etag));
	}
	if (up != NULL)
		answer_json(a, 200, json_pack("{s:O}", "parts", list));
	json_decref(list);
}

void
parts_abort(struct request *req, struct answer *a)
{
	if (parts_upload(req, a) != NULL)
		answer_text(a, 204, "application/json", "", 0);
}

/* --- doing what the answers say ------------------------------------------- */

void
parts_pretend(const struct request *req, struct answer *a)
{
	if (req->target.stage == STAGE_BEGIN) {
		answer_json(a, 201, begin_answer(req));
	} else if (req->target.stage == STAGE_PART) {
		answer_text(a, 200, "text/plain", "", 0);
		a->headers = text_format("ETag: \"%032d\"", 0);
	} else {
		answer_json(a, 200, json_pack("{s:{},s:[]}", "urls", "parts"));
	}
}

static void
apply_begin(struct request *req, struct answer *a)
{
	autofree char *id = id_new(req);

	if (parts_s3_is_used(req->box) && !parts_s3_begin(req, req->record, a))
		return;
	uploads_add(req->box, id, req->record);
	req->is_stored = true;
}

static void
apply_abort(struct request *req, struct answer *a)
{
	const json_t *up = parts_upload(req, a);

	if (up == NULL ||
	    (parts_s3_is_used(req->box) && !parts_s3_abort(req, up, a)))
		return;
	uploads_remove(req->box, req->target.upload);
	req->is_stored = true;
}

static void
apply_complete(struct request *req, struct answer *a)
{
	/* Another request may have completed it while this one waited. */
	if (parts_upload(req, a) == NULL)
		return;
	store_add(req->box, req->record, req->upload);
	uploads_remove(req->box, req->target.upload);
	answer_json(a, 200, store_public(req->record));
	req->is_stored = true;
}

static void
apply_part(struct request *req)
{
	autofree char *etag = etag_of(req);

	req->is_stored = uploads_add_part(req->box, req->target.upload,
	    req->target.argument, req->upload, etag);
}

void
parts_apply(struct request *req, struct answer *a)
{
	if (a->status / 100 != 2)
		return;
	if (req->target.stage == STAGE_BEGIN)
		apply_begin(req, a);
	else if (req->target.stage == STAGE_PART)
		apply_part(req);
	else if (req->target.stage == STAGE_COMPLETE)
		apply_complete(req, a);
	else if (req->target.stage == STAGE_ABORT)
		apply_abort(req, a);
}

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "parts.h"
#include "parts_s3.h"
#include "store.h"
#include "text.h"
#include "uploads.h"

/* The members of a complete; the body and the upload own the strings. */
struct completion {
	const json_t *up;
	json_t *sent; /* the parts */
	json_int_t size;
	const char *sha256; /* or NULL */
	const char *meeting;
	char *folder;
};

/* Where the file goes; an upload for meeting "-" learns it only now. */
static const char *
place_problem(const struct request *req, struct completion *c)
{
	autofree char *path = target_query(&req->target, "path");
	bool is_late = strcmp(req->target.argument, "-") == 0;
	const char *begun = json_string_value(json_object_get(c->up, "path"));

	if (is_late && (c->meeting == NULL || *c->meeting == '\0'))
		return "no meetingId";
	if (!is_late && c->meeting != NULL)
		return "a meetingId, though it is known";
	if (is_late && path == NULL)
		return "no path";
	if (!is_late && path != NULL)
		return "a path, though it is known";
	if (!is_late)
		c->meeting = req->target.argument;
	c->folder = store_folder(is_late ? path : begun);
	return c->folder == NULL ? "bad path" : NULL;
}

static const char *
form_problem(const struct completion *c)
{
	if (json_array_size(c->sent) == 0)
		return "no parts";
	if (json_array_size(c->sent) > PARTS_MAX)
		return "too many parts";
	if (c->size < 0)
		return "bad size";
	if (c->sha256 != NULL &&
	    (strlen(c->sha256) != 64 ||
		strspn(c->sha256, "0123456789abcdef") != 64))
		return "bad sha256";
	return NULL;
}

/* Are they equal, with quotes or without? */
static bool
is_etag(const char *sent, const char *own)
{
	size_t n = strlen(sent);

	if (n >= 2 && sent[0] == '"' && sent[n - 1] == '"') {
		sent++;
		n -= 2;
	}
	return strlen(own) == n && memcmp(sent, own, n) == 0;
}

/* Check part n, and add its size. */
static const char *
part_problem(const struct request *req, const struct completion *c, size_t n,
    long long *bytes)
{
	autofree char *key = text_format("%zu", n);
	const json_t *part =
	    json_object_get(json_object_get(c->up, "parts"), key);
	long long size = json_integer_value(json_object_get(part, "size"));
	json_int_t number;
	const char *etag;

	if (json_unpack_ex(json_array_get(c->sent, n - 1), NULL, JSON_STRICT,
		"{s:I,s:s}", "number", &number, "etag", &etag) == -1)
		return "";
	if (number != (json_int_t)n)
		return "the numbers are not 1, 2, 3...";
	if (part == NULL)
		return "a part is missing";
	if (!is_etag(etag, json_string_value(json_object_get(part, "etag"))))
		return "an etag is wrong";
	if (size > req->box->set.part_bytes || size == 0 ||
	    (size < req->box->set.part_bytes && n < json_array_size(c->sent)))
		return "a part has a wrong size";
	*bytes += size;
	return NULL;
}

/* Do the parts make up the file?  NULL, or the problem and the status. */
static const char *
parts_problem(const struct request *req, const struct completion *c,
    unsigned *status)
{
	const json_t *begun = json_object_get(c->up, "size");
	const char *problem = NULL;
	long long bytes = 0;

	*status = 409;
	for (size_t n = 1; n <= json_array_size(c->sent); n++) {
		problem = part_problem(req, c, n, &bytes);
		if (problem != NULL)
			break;
	}
	if (problem != NULL && *problem == '\0') {
		*status = 400;
		return "bad parts";
	}
	if (problem != NULL)
		return problem;
	*status = 422;
	if (bytes != c->size ||
	    (json_is_integer(begun) && json_integer_value(begun) != bytes))
		return "the size is wrong";
	*status = 413;
	if (req->box->set.max_file_bytes >= 0 &&
	    bytes > req->box->set.max_file_bytes)
		return "file too large";
	return NULL;
}

/* Does the file stay at S3, being too large to keep here? */
static bool
is_left(const struct request *req, const struct completion *c)
{
	return parts_s3_is_used(req->box) && req->box->set.keep_bytes >= 0 &&
	    c->size > req->box->set.keep_bytes;
}

/* S3 cannot undo it, so only if the answer will be a success. */
static bool
assemble_s3(struct request *req, const struct completion *c, struct answer *a)
{
	bool is_stored = req->fault.kind->storing != FAULT_STORES_NOTHING;

	if (is_stored &&
	    !parts_s3_complete(req, c->up, json_array_size(c->sent),
		!is_left(req, c), a))
		return false;
	if (!is_stored || is_left(req, c))
		req->upload->bytes = c->size;
	return true;
}

static void
assemble_own(struct request *req, const struct completion *c)
{
	for (size_t n = 1; n <= json_array_size(c->sent); n++) {
		autofree char *key = text_format("%zu", n);

		uploads_append(req->target.upload, key, req->upload);
	}
}

static bool
assemble(struct request *req, const struct completion *c, struct answer *a)
{
	const char *name =
	    json_string_value(json_object_get(c->up, "filename"));
	const char *type = json_string_value(json_object_get(c->up, "type"));

	req->upload =
	    upload_begin_raw(req->n, name, type, req->box->set.keep_bytes);
	if (!parts_s3_is_used(req->box))
		assemble_own(req, c);
	else if (!assemble_s3(req, c, a))
		return false;
	upload_end(req->upload);
	if (req->upload->failure != NULL)
		answer_error(a, 500, req->upload->failure);
	return req->upload->failure == NULL;
}

static void
complete(struct request *req, const struct completion *c, struct answer *a)
{
	if (!assemble(req, c, a))
		return;
	if (c->sha256 != NULL && !is_left(req, c) &&
	    strcmp(c->sha256, req->upload->sha256) != 0) {
		answer_error(a, 422, "the sha256 is wrong");
		return;
	}
	req->record =
	    store_record(req->box, c->meeting, c->folder, req->upload);
	answer_json(a, 200, store_public(req->record));
}

void
parts_complete(struct request *req, struct answer *a)
{
	struct completion c = { .up = parts_upload_renewed(req, a) };
	autojson json_t *body = c.up != NULL
	    ? parts_body(req, a, "{s:o,s:I,s?s,s?s}", "parts", &c.sent, "size",
		  &c.size, "sha256", &c.sha256, "meetingId", &c.meeting)
	    : NULL;
	const char *problem;
	unsigned status = 400;

	if (body == NULL)
		return;
	problem = form_problem(&c);
	if (problem == NULL)
		problem = place_problem(req, &c);
	if (problem == NULL)
		problem = parts_problem(req, &c, &status);
	if (problem != NULL)
		answer_error(a, status, problem);
	else
		complete(req, &c, a);
	free(c.folder);
}

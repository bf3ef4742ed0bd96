#include "s3.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "store.h"
#include "text.h"

#define NAMESPACE "http://s3.amazonaws.com/doc/2006-03-01/"
#define LIST_MAX 1000

/* --- XML ------------------------------------------------------------------ */

void
s3_xml_begin(struct s3_xml *x, const char *root)
{
	x->f = text_must(open_memstream(&x->text, &x->bytes));
	fprintf(x->f,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<%s xmlns=\"%s\">",
	    root, strcmp(root, "Error") == 0 ? "" : NAMESPACE);
}

void
s3_xml_open(struct s3_xml *x, const char *name)
{
	fprintf(x->f, "<%s>", name);
}

void
s3_xml_close(struct s3_xml *x, const char *name)
{
	fprintf(x->f, "</%s>", name);
}

void
s3_xml_text(struct s3_xml *x, const char *name, const char *text)
{
	fprintf(x->f, "<%s>", name);
	for (; text != NULL && *text != '\0'; text++) {
		if (strchr("<>&\"", *text) != NULL || (*text & 0xe0) == 0)
			fprintf(x->f, "&#%d;", *text);
		else
			fputc(*text, x->f);
	}
	fprintf(x->f, "</%s>", name);
}

void
s3_xml_number(struct s3_xml *x, const char *name, long long n)
{
	fprintf(x->f, "<%s>%lld</%s>", name, n, name);
}

void
s3_xml_end(struct s3_xml *x, const char *root, struct answer *a)
{
	fprintf(x->f, "</%s>", root);
	if (fclose(x->f) != 0)
		sandbox_die("out of memory");
	answer_text(a, 200, "application/xml", x->text, x->bytes);
	free(x->text);
}

void
s3_error(struct answer *a, unsigned status, const char *code,
    const char *message)
{
	struct s3_xml x;

	s3_xml_begin(&x, "Error");
	s3_xml_text(&x, "Code", code);
	s3_xml_text(&x, "Message", message);
	s3_xml_text(&x, "RequestId", "0123456789ABCDEF");
	s3_xml_end(&x, "Error", a);
	a->status = status;
}

/* --- which request is it? ------------------------------------------------- */

/* Is there a parameter of this name, with or without a value? */
static bool
has_query(const struct target *t, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = t->query; *at != '\0'; at += strcspn(at, "&")) {
		at++;
		if (strncmp(at, name, n) == 0 && strchr("=&", at[n]) != NULL)
			return true;
	}
	return false;
}

/* The first row that fits. */
static const struct {
	enum stage stage;
	const char *method;
	bool has_key;
	const char *query; /* NULL: any */
} routes[] = {
	{ STAGE_BEGIN, "POST", true, "uploads" },
	{ STAGE_COMPLETE, "POST", true, "uploadId" },
	{ STAGE_PART, "PUT", true, "uploadId" },
	{ STAGE_UPLOAD, "PUT", true, NULL },
	{ STAGE_PARTS, "GET", true, "uploadId" },
	{ STAGE_DOWNLOAD, "GET", true, NULL },
	{ STAGE_HEAD, "HEAD", true, NULL },
	{ STAGE_ABORT, "DELETE", true, "uploadId" },
	{ STAGE_DELETE, "DELETE", true, NULL },
	{ STAGE_UPLOADS, "GET", false, "uploads" },
	{ STAGE_LIST, "GET", false, "list-type" },
	{ STAGE_BUCKET, "PUT", false, NULL },
};

static void
route_find(struct request *req)
{
	struct target *t = &req->target;
	bool has_key = t->argument != NULL && *t->argument != '\0';

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].method, req->method) != 0 ||
		    routes[i].has_key != has_key ||
		    (routes[i].query && !has_query(t, routes[i].query)))
			continue;
		t->stage = routes[i].stage;
		return;
	}
}

/* BUCKET of "BUCKET.s3.localhost:PORT", to be freed; NULL: path-style. */
static char *
host_bucket(const struct request *req)
{
	const char *host = request_header(req, "Host");
	const char *rest = host != NULL ? strstr(host, ".s3.localhost") : NULL;

	return rest != NULL ? text_copy(host, (size_t)(rest - host)) : NULL;
}

void
s3_parse(struct request *req)
{
	struct target *t = &req->target;
	const char *path = req->raw_target + (*req->raw_target == '/');
	size_t n = strcspn(path, "?");
	size_t bucket = strcspn(path, "/?");

	t->refusal = 0;
	t->bucket = host_bucket(req);
	if (t->bucket == NULL) {
		t->bucket = target_decode(path, bucket);
		bucket += path[bucket] == '/';
		path += bucket;
		n -= bucket;
	}
	free(t->argument);
	t->argument = target_decode(path, n);
	route_find(req);
}

/* --- objects -------------------------------------------------------------- */

static bool
has_bucket(const struct request *req)
{
	autofree char *path = text_format("buckets/%s",
	    req->target.bucket != NULL ? req->target.bucket : "?");
	struct stat st;

	return stat(path, &st) == 0;
}

static void
answer_bucket(struct request *req, struct answer *a)
{
	autofree char *path = text_format("buckets/%s", req->target.bucket);

	mkdir("buckets", 0755);
	if (mkdir(path, 0755) == -1 && errno != EEXIST)
		s3_error(a, 400, "InvalidBucketName", "what a name");
	else
		answer_text(a, 200, "application/xml", "", 0);
}

json_t *
s3_record(const struct request *req, const struct upload *up, const char *etag)
{
	const char *key = req->target.argument;
	const char *slash = strrchr(key, '/');
	autofree char *folder =
	    text_copy(key, slash != NULL ? (size_t)(slash - key) : 0);
	json_t *record = store_record(req->box, req->target.bucket, folder, up);
	autofree char *path = text_format("/%s", key);

	json_object_set_new(record, "path", json_string(path));
	json_object_set_new(record, "etag", json_string(etag));
	return record;
}

static void
answer_put(struct request *req, struct answer *a)
{
	const struct upload *up = req->upload;
	autofree char *folder = store_folder(req->target.argument);

	if (folder == NULL || strlen(req->target.argument) > 1024)
		s3_error(a, 400, "KeyTooLongError", "not in this sandbox");
	else if (up->failure != NULL)
		s3_error(a, 500, "InternalError", up->failure);
	else if (req->box->set.max_file_bytes >= 0 &&
	    up->bytes > req->box->set.max_file_bytes)
		s3_error(a, 400, "EntityTooLarge", "too large");
	else {
		req->record = s3_record(req, up, up->md5);
		answer_text(a, 200, "application/xml", "", 0);
		a->headers = text_format("ETag: \"%s\"", up->md5);
	}
}

/* The record of the request's key, which the caller frees; NULL: none. */
static json_t *
find(const struct request *req)
{
	autofree char *path = text_format("/%s", req->target.argument);
	autojson json_t *list = store_list(req->box, req->target.bucket);

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *record = json_array_get(list, i);

		if (strcmp(json_string_value(json_object_get(record, "path")),
			path) == 0)
			return json_incref(record);
	}
	return NULL;
}

static void
answer_get(struct request *req, struct answer *a)
{
	autojson json_t *record = find(req);
	autofree char *id = text_format("%lld",
	    (long long)json_integer_value(json_object_get(record, "id")));
	const char *type;
	int fd = record != NULL ? store_open(req->box, id, &type) : -1;

	if (fd == -1) {
		s3_error(a, 404, "NoSuchKey", "no such key");
		return;
	}
	answer_file(a, type, fd);
	a->headers = text_format("ETag: \"%s\"",
	    json_string_value(json_object_get(record, "etag")));
}

static void
answer_delete(struct request *req, struct answer *a)
{
	(void)req;
	answer_text(a, 204, "application/xml", "", 0);
}

static void
apply_delete(struct request *req)
{
	autojson json_t *record = find(req);
	autofree char *file = text_format("store/%s", req->target.argument);

	if (record != NULL)
		remove(file);
}

/* --- lists ---------------------------------------------------------------- */

size_t
s3_page_end(const struct request *req, const char *parameter, size_t from,
    size_t total)
{
	autofree char *text = target_query(&req->target, parameter);
	long long most = text != NULL ? strtoll(text, NULL, 10) : LIST_MAX;
	long long own = req->box->set.page_size;

	if (own > 0 && most > own)
		most = own;
	return total - from > (size_t)most ? from + (size_t)most : total;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(json_string_value(
			  json_object_get(*(json_t *const *)a, "path")),
	    json_string_value(json_object_get(*(json_t *const *)b, "path")));
}

/*
 * Those below the prefix and after the token, in order; the caller frees them.
 */
static json_t **
list_collect(const json_t *all, const char *prefix, const char *after,
    size_t *n)
{
	json_t **list =
	    text_must(calloc(json_array_size(all) + 1, sizeof(void *)));

	*n = 0;
	for (size_t i = 0; i < json_array_size(all); i++) {
		json_t *record = json_array_get(all, i);
		const char *key =
		    json_string_value(json_object_get(record, "path")) + 1;

		if (strncmp(key, prefix, strlen(prefix)) == 0 &&
		    strcmp(key, after) > 0)
			list[(*n)++] = record;
	}
	qsort(list, *n, sizeof(void *), by_path);
	return list;
}

static void
print_object(struct s3_xml *x, const json_t *record, bool is_encoded)
{
	const char *key =
	    json_string_value(json_object_get(record, "path")) + 1;
	autofree char *encoded = target_encode(key);
	autofree char *etag = text_format("\"%s\"",
	    json_string_value(json_object_get(record, "etag")));

	s3_xml_open(x, "Contents");
	s3_xml_text(x, "Key", is_encoded ? encoded : key);
	s3_xml_text(x, "LastModified",
	    json_string_value(json_object_get(record, "uploadedAt")));
	s3_xml_text(x, "ETag", etag);
	s3_xml_number(x, "Size",
	    json_integer_value(json_object_get(record, "size")));
	s3_xml_text(x, "StorageClass", "STANDARD");
	s3_xml_close(x, "Contents");
}

/* A token has characters that have to be encoded in a URL. */
static void
answer_list(struct request *req, struct answer *a)
{
	const struct target *t = &req->target;
	autofree char *prefix = target_query(t, "prefix");
	autofree char *token = target_query(t, "continuation-token");
	autofree char *encoding = target_query(t, "encoding-type");
	autojson json_t *all = store_list(req->box, t->bucket);
	size_t n;
	autofree json_t **list = list_collect(all, prefix ? prefix : "",
	    token != NULL && strncmp(token, "1+/=", 4) == 0 ? token + 4 : "",
	    &n);
	size_t end = s3_page_end(req, "max-keys", 0, n);
	struct s3_xml x;

	s3_xml_begin(&x, "ListBucketResult");
	s3_xml_text(&x, "Name", t->bucket);
	s3_xml_text(&x, "Prefix", prefix);
	if (encoding != NULL)
		s3_xml_text(&x, "EncodingType", encoding);
	s3_xml_number(&x, "KeyCount", (long long)end);
	s3_xml_text(&x, "IsTruncated", end < n ? "true" : "false");
	for (size_t i = 0; i < end; i++)
		print_object(&x, list[i], encoding != NULL);
	if (end < n && end > 0) {
		autofree char *next = text_format("1+/=%s",
		    json_string_value(json_object_get(list[end - 1], "path")) +
			1);

		s3_xml_text(&x, "NextContinuationToken", next);
	}
	s3_xml_end(&x, "ListBucketResult", a);
}

/* --- all of it ------------------------------------------------------------ */

static void (*const services[STAGE_COUNT])(struct request *,
    struct answer *) = {
	[STAGE_BUCKET] = answer_bucket,
	[STAGE_LIST] = answer_list,
	[STAGE_UPLOAD] = answer_put,
	[STAGE_DOWNLOAD] = answer_get,
	[STAGE_HEAD] = answer_get,
	[STAGE_DELETE] = answer_delete,
	[STAGE_BEGIN] = s3_begin,
	[STAGE_PART] = s3_part,
	[STAGE_PARTS] = s3_parts,
	[STAGE_COMPLETE] = s3_complete,
	[STAGE_ABORT] = s3_abort,
	[STAGE_UPLOADS] = s3_uploads,
};

void
s3_answer(struct request *req, struct answer *a)
{
	enum stage stage = req->target.stage;

	if (!s3_is_proved(req, a))
		return;
	if (services[stage] == NULL)
		s3_error(a, 405, "MethodNotAllowed", "not in this sandbox");
	else if (stage != STAGE_BUCKET && !has_bucket(req))
		s3_error(a, 404, "NoSuchBucket", "no such bucket");
	else
		services[stage](req, a);
	req->is_good = a->status / 100 == 2;
}

void
s3_apply(struct request *req)
{
	if (!req->is_good)
		return;
	if (req->record != NULL && req->upload != NULL)
		store_add(req->box, req->record, req->upload);
	if (req->target.stage == STAGE_DELETE)
		apply_delete(req);
	s3_apply_parts(req);
	req->is_stored = true;
}

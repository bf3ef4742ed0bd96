#include "parts_s3.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "parts.h"
#include "s3.h"
#include "sign.h"
#include "text.h"

/* Validity of the URLs for our own requests. */
#define OWN_LIFE_S 900
#define ASK_MAX_S 120L

bool
parts_s3_is_used(const struct sandbox *box)
{
	return box->set.parts_s3.url != NULL;
}

/* --- signed URLs ---------------------------------------------------------- */

/* A header to sign: its name in lower case and its line; or both NULL. */
struct extra {
	char *name, *line;
};

static void
extra_find(const struct settings *set, struct extra *extra)
{
	const char *value;

	*extra = (struct extra){ parts_header(set, &value), NULL };
	if (extra->name == NULL)
		return;
	for (char *p = extra->name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	extra->line = text_format("%s:%s\n", extra->name, value);
}

/* The query of a signed URL without its signature; the caller frees it. */
static char *
query_make(const struct settings *set, const char *date, const char *names,
    long long life_s, const char *query)
{
	autofree char *credential = text_format("%s/%.8s/%s/s3/aws4_request",
	    set->parts_s3.key, date, set->s3_region);
	autofree char *encoded = target_encode_all(credential);
	autofree char *encoded_names = target_encode_all(names);

	return text_format("?X-Amz-Algorithm=AWS4-HMAC-SHA256"
			   "&X-Amz-Credential=%s&X-Amz-Date=%s"
			   "&X-Amz-Expires=%lld&X-Amz-SignedHeaders=%s%s%s",
	    encoded, date, life_s, encoded_names, *query != '\0' ? "&" : "",
	    query);
}

/* Headers are signed by name. */
static char *
url_sign(const struct settings *set, struct signing *s, const char *host,
    const struct extra *extra, long long life_s)
{
	bool is_first = extra->name != NULL && strcmp(extra->name, "host") < 0;
	autofree char *names = extra->name == NULL ? text_format("host")
	    : is_first ? text_format("%s;host", extra->name)
		       : text_format("host;%s", extra->name);
	autofree char *headers =
	    text_format("%shost:%s\n%s", is_first ? extra->line : "", host,
		extra->line != NULL && !is_first ? extra->line : "");
	autofree char *query =
	    query_make(set, s->date, names, life_s, s->query);
	char signature[65];

	s->query = query;
	s->headers = headers;
	s->names = names;
	sign_request(s, signature);
	return text_format("%s%s%s&X-Amz-Signature=%s", set->parts_s3.url,
	    s->path, query, signature);
}

/* Each parameter of the query has a "=", as it is signed with one. */
static char *
url_make(const struct settings *set, const char *method, const char *key,
    const char *query, const struct extra *extra, long long life_s)
{
	const char *host = strstr(set->parts_s3.url, "://");
	autofree char *path = text_format("/%s/%s", set->parts_s3.bucket, key);
	char date[17], day[9];
	time_t now = time(NULL);
	struct tm tm;
	struct signing signing = {
		.method = method,
		.path = path,
		.query = query,
		.payload = "UNSIGNED-PAYLOAD",
		.date = date,
		.day = day,
		.region = set->s3_region,
		.secret = set->parts_s3.secret,
	};

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &tm);
	strftime(day, sizeof(day), "%Y%m%d", &tm);
	return url_sign(set, &signing, host != NULL ? host + 3 : "", extra,
	    life_s);
}

static const char *
member(const json_t *up, const char *name)
{
	return json_string_value(json_object_get(up, name));
}

char *
parts_s3_url(const struct request *req, const json_t *up, long long number)
{
	const struct settings *set = &req->box->set;
	autofree char *id = target_encode_all(member(up, "s3Id"));
	autofree char *query =
	    text_format("partNumber=%lld&uploadId=%s", number, id);
	long long life_s = (long long)(set->parts_life_s + 0.999);
	struct extra extra;
	char *url;

	extra_find(set, &extra);
	url = url_make(set, "PUT", member(up, "s3Key"), query, &extra,
	    life_s > 0 ? life_s : 1);
	free(extra.name);
	free(extra.line);
	return url;
}

/* --- requests to S3 ------------------------------------------------------- */

struct reply {
	struct upload *sink; /* takes the body; or NULL */
	long status;         /* 0: none */
	char *text;
	size_t bytes;
};

static void
reply_release(struct reply *r)
{
	free(r->text);
}

#define autoreply __attribute__((cleanup(reply_release)))

static size_t
reply_take(char *data, size_t size, size_t n, void *arg)
{
	struct reply *r = arg;

	n *= size;
	if (r->sink != NULL) {
		upload_feed(r->sink, data, n);
		return n;
	}
	r->text = text_must(realloc(r->text, r->bytes + n + 1));
	memcpy(r->text + r->bytes, data, n);
	r->bytes += n;
	r->text[r->bytes] = '\0';
	return n;
}

static void
curl_run(CURL *curl, const char *method, const char *url, const char *body,
    struct reply *r)
{
	struct curl_slist *headers =
	    curl_slist_append(curl_slist_append(NULL,
				  "Content-Type: application/xml"),
		"Expect:");

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, ASK_MAX_S);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, reply_take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, r);
	if (body != NULL)
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &r->status);
	curl_slist_free_all(headers);
}

/*
 * The text of an element of the reply, which the caller frees; NULL if there is
 * none.
 */
static char *
reply_element(const struct reply *r, const char *name)
{
	return r->text != NULL ? s3_element(r->text, r->text + r->bytes, name)
			       : NULL;
}

static unsigned
status_of(const char *code)
{
	static const char *const conflicts[] = { "InvalidPart",
		"InvalidPartOrder", "EntityTooSmall" };

	/* Ceph answers the latter for an upload, too. */
	if (strcmp(code, "NoSuchUpload") == 0 || strcmp(code, "NoSuchKey") == 0)
		return 404;
	for (size_t i = 0; i < sizeof(conflicts) / sizeof(*conflicts); i++)
		if (strcmp(code, conflicts[i]) == 0)
			return 409;
	return 502;
}

/* An error may come with 200, too; any failure becomes our answer. */
static bool
ask(const struct request *req, const json_t *up, const char *method,
    const char *query, const char *body, struct reply *r, struct answer *a)
{
	static const struct extra none;
	autofree char *url = url_make(&req->box->set, method,
	    member(up, "s3Key"), query, &none, OWN_LIFE_S);
	CURL *curl = text_must(curl_easy_init());
	autofree char *code = NULL, *reason = NULL;

	curl_run(curl, method, url, body, r);
	curl_easy_cleanup(curl);
	code = reply_element(r, "Code");
	if (r->status / 100 == 2 && code == NULL)
		return true;
	reason = text_format("S3 said %ld %s", r->status,
	    code != NULL ? code : "and no more");
	answer_error(a, status_of(code != NULL ? code : ""), reason);
	return false;
}

/* Its "uploadId=..."; the caller frees it. */
static char *
id_query(const json_t *up)
{
	autofree char *id = target_encode_all(member(up, "s3Id"));

	return text_format("uploadId=%s", id);
}

bool
parts_s3_begin(const struct request *req, json_t *up, struct answer *a)
{
	autoreply struct reply r = { 0 };
	autofree char *key = text_format("parts/%u", req->n);
	autofree char *id = NULL;

	json_object_set_new(up, "s3Key", json_string(key));
	if (!ask(req, up, "POST", "uploads=", "", &r, a))
		return false;
	id = reply_element(&r, "UploadId");
	if (id == NULL) {
		answer_error(a, 502, "S3 gave no id");
		return false;
	}
	json_object_set_new(up, "s3Id", json_string(id));
	return true;
}

bool
parts_s3_abort(const struct request *req, const json_t *up, struct answer *a)
{
	autoreply struct reply r = { 0 };
	autofree char *query = id_query(up);

	return ask(req, up, "DELETE", query, NULL, &r, a);
}

/* --- which parts are there? ----------------------------------------------- */

/* Every <Part> of one page. */
static void
page_take(const struct reply *r, json_t *parts)
{
	const char *at = r->text;

	while (at != NULL && (at = strstr(at, "<Part>")) != NULL) {
		const char *end = strstr(at, "</Part>");
		autofree char *number = NULL, *etag = NULL, *size = NULL;

		if (end == NULL)
			return;
		number = s3_element(at, end, "PartNumber");
		etag = s3_element(at, end, "ETag");
		size = s3_element(at, end, "Size");
		if (number != NULL && etag != NULL && size != NULL)
			json_object_set_new(parts, number,
			    json_pack("{s:s,s:I}", "etag", etag, "size",
				(json_int_t)strtoll(size, NULL, 10)));
		at = end;
	}
}

/* Add a page; *marker is where the next one begins, NULL after the last. */
static bool
page_ask(const struct request *req, const json_t *up, char **marker,
    json_t *parts, struct answer *a)
{
	autoreply struct reply r = { 0 };
	autofree char *id = id_query(up);
	autofree char *query = *marker == NULL
	    ? text_format("%s", id)
	    : text_format("part-number-marker=%s&%s", *marker, id);
	autofree char *is_cut = NULL;

	free(*marker);
	*marker = NULL;
	if (!ask(req, up, "GET", query, NULL, &r, a))
		return false;
	page_take(&r, parts);
	is_cut = reply_element(&r, "IsTruncated");
	if (is_cut != NULL && strcmp(is_cut, "true") == 0)
		*marker = reply_element(&r, "NextPartNumberMarker");
	return true;
}

bool
parts_s3_renew(const struct request *req, json_t *up, struct answer *a)
{
	autojson json_t *parts = text_must(json_object());
	char *marker = NULL;

	do {
		if (!page_ask(req, up, &marker, parts, a))
			return false;
	} while (marker != NULL);
	json_object_set(up, "parts", parts);
	return true;
}

/* --- complete ------------------------------------------------------------- */

static char *
completion_make(const json_t *up, size_t n)
{
	struct s3_xml x;
	struct answer a = { .fd = -1 };
	char *text;

	s3_xml_begin(&x, "CompleteMultipartUpload");
	for (size_t i = 1; i <= n; i++) {
		autofree char *number = text_format("%zu", i);
		const json_t *part =
		    json_object_get(json_object_get(up, "parts"), number);

		s3_xml_open(&x, "Part");
		s3_xml_text(&x, "PartNumber", number);
		s3_xml_text(&x, "ETag", member(part, "etag"));
		s3_xml_close(&x, "Part");
	}
	s3_xml_end(&x, "CompleteMultipartUpload", &a);
	text = text_copy(a.body, a.bytes);
	answer_release(&a);
	return text;
}

/* The file is stored here, so S3 need not keep it. */
static bool
fetch(const struct request *req, const json_t *up, struct answer *a)
{
	autoreply struct reply got = { .sink = req->upload };
	autoreply struct reply gone = { 0 };

	return ask(req, up, "GET", "", NULL, &got, a) &&
	    ask(req, up, "DELETE", "", NULL, &gone, a);
}

bool
parts_s3_complete(const struct request *req, const json_t *up, size_t n,
    bool is_fetched, struct answer *a)
{
	autoreply struct reply r = { 0 };
	autofree char *query = id_query(up);
	autofree char *body = completion_make(up, n);

	return ask(req, up, "POST", query, body, &r, a) &&
	    (!is_fetched || fetch(req, up, a));
}

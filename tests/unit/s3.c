#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/xml.h"
#include "remote/destination.h"
#include "remote/s3_sign.h"

/* The examples of the Amazon S3 API reference, of 24 May 2013. */
static void
test_examples(void **state)
{
	static char *const keys[] = {
		[S3_ACCESS_KEY] = (char *)"AKIAIOSFODNN7EXAMPLE",
		[S3_SECRET_KEY] =
		    (char *)"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		[S3_SESSION_TOKEN] = NULL,
	};
	static const struct {
		const char *method, *path, *payload;
		const char *parameters[5], *headers[3];
		const char *signed_headers, *signature;
	} rows[] = {
		{ "GET", "/test.txt", "", { NULL }, { "range: bytes=0-9" },
		    "host;range;x-amz-content-sha256;x-amz-date",
		    "f0e8bdb87c964420e857bd35b5d6ed31"
		    "0bd44f0170aba48dd91039c6036bdb41" },
		{ "PUT", "/test%24file.text", "Welcome to Amazon S3.", { NULL },
		    { "x-amz-storage-class: REDUCED_REDUNDANCY",
			"date: Fri, 24 May 2013 00:00:00 GMT" },
		    "date;host;x-amz-content-sha256;x-amz-date;"
		    "x-amz-storage-class",
		    "98ad721746da40c64f1a55b78f14c238"
		    "d841ea1380cd77a1b5971af0ece108bd" },
		{ "GET", "/", "", { "lifecycle", "" }, { NULL },
		    "host;x-amz-content-sha256;x-amz-date",
		    "fea454ca298b7da1c68078a5d1bdbfbb"
		    "e0d65c699e0f91ac7a200a0136783543" },
		{ "GET", "/", "", { "prefix", "J", "max-keys", "2" }, { NULL },
		    "host;x-amz-content-sha256;x-amz-date",
		    "34b48302e7b5fa45bde8084f4b7868a8"
		    "6f0a534bc59db6670ed5711ef69dc6f7" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *query = s3_query(rows[i].parameters);
		autofree char *want = xasprintf(
		    "Authorization: AWS4-HMAC-SHA256 Credential="
		    "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
		    "SignedHeaders=%s, Signature=%s",
		    rows[i].signed_headers, rows[i].signature);
		autofree char *url =
		    xasprintf("https://examplebucket.s3.amazonaws.com%s%s%s",
			rows[i].path, *query ? "?" : "", query);
		char hash[DIGEST_HEX_BYTES];
		const struct s3_call call = {
			.method = rows[i].method,
			.url = url,
			.payload_sha256 = hash,
			.region = "us-east-1",
			.keys = keys,
		};
		struct text_list headers = { 0 };

		s3_hash(rows[i].payload, hash);
		for (size_t k = 0; k < 2 && rows[i].headers[k]; k++)
			text_list_add(&headers, rows[i].headers[k]);
		s3_sign(&call, 1369353600, &headers);
		assert_string_equal(headers.items[headers.n - 1], want);
		text_list_free(&headers);
	}
}

static void
test_query(void **state)
{
	static const struct {
		const char *parameters[7], *want;
	} rows[] = {
		{ { NULL }, "" },
		{ { "uploads", "" }, "uploads=" },
		{ { "uploadId", "a/b+c=", "partNumber", "10" },
		    "partNumber=10&uploadId=a%2Fb%2Bc%3D" },
		/* By name, not by what stands behind it. */
		{ { "key-marker", "x", "key", "z" }, "key=z&key-marker=x" },
		{ { "prefix", "[t]r\xc3\xbcm/ ~", "list-type", "2" },
		    "list-type=2&prefix=%5Bt%5Dr%C3%BCm%2F%20~" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *query = s3_query(rows[i].parameters);

		assert_string_equal(query, rows[i].want);
	}
}

/* A header whose name begins as another's comes behind it. */
static void
test_token(void **state)
{
	static char *const keys[] = { (char *)"a", (char *)"s", (char *)"t" };
	static const struct s3_call call = { .method = "PUT",
		.url = "http://h/",
		.region = "r",
		.keys = keys };
	struct text_list headers = { 0 };

	(void)state;
	text_list_add(&headers, "x-amz-date-and-more: 1");
	s3_sign(&call, 0, &headers);
	assert_string_equal(headers.items[1],
	    "x-amz-content-sha256: UNSIGNED-PAYLOAD");
	assert_string_equal(headers.items[3], "x-amz-security-token: t");
	assert_non_null(strstr(headers.items[4],
	    "SignedHeaders=host;x-amz-content-sha256;x-amz-date;"
	    "x-amz-date-and-more;x-amz-security-token,"));
	text_list_free(&headers);
}

static void
note_element(void *ctx, const char *path, const char *text)
{
	(void)buf_addf(ctx, "%s=%s;", path, text);
}

/* The result is 0, or -1 with *e. */
static int
read_xml(const char *text, size_t piece, struct buf *elements, struct err *e)
{
	struct xml *x = xml_open(note_element, elements, e);
	size_t len = strlen(text);
	int result = 0;

	assert_non_null(x);
	for (size_t at = 0; at < len && result == 0; at += piece)
		result = xml_add(x, text + at,
		    len - at < piece ? len - at : piece, e);
	if (result == 0)
		result = xml_end(x, e);
	xml_free(x);
	return result;
}

static void
test_xml(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
	} rows[] = {
		{ "<?xml version='1.0'?><a xmlns='x'> <b>1</b>\n<c/></a>",
		    "a/b=1;a/c=;a=;" },
		{ "<a><b>&lt;&#252;&amp;</b></a>", "a/b=<\xc3\xbc&;a=;" },
		{ "<a><![CDATA[<b>]]></a>", "a=<b>;" },
		{ "", NULL },
		{ "<a>", NULL },
		{ "<a></b>", NULL },
		{ "<html><br></html>", NULL },
		{ "{\"a\": 1}", NULL },
		{ "<!DOCTYPE a><a/>", NULL },
		{ "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", NULL },
		{ "<a>&b;</a>", NULL },
		{ "<a>\xff</a>", NULL },
		{ "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a>"
		  "</a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>",
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (size_t piece = 1; piece < 100; piece += 7) {
			autobuf struct buf got = { 0 };
			struct err e = { 0 };
			int result = read_xml(rows[i].text, piece, &got, &e);

			check((result == 0) == (rows[i].want != NULL), "%s: %s",
			    rows[i].text, e.text);
			if (rows[i].want)
				assert_string_equal(buf_str(&got),
				    rows[i].want);
			else
				assert_int_equal(e.class, ERR_CONFIG);
		}
}

/* A text has its end, whatever a server sends. */
static void
test_xml_bounds(void **state)
{
	autobuf struct buf text = { 0 }, got = { 0 };
	struct err e = { 0 };

	(void)state;
	(void)buf_adds(&text, "<a>");
	while (text.len < 16384 + 4)
		(void)buf_adds(&text, "x");
	assert_int_equal(read_xml(buf_str(&text), 1000, &got, &e), -1);
	assert_string_equal(e.text, "has a text that is too long");
}

/* Expat reads a token from its beginning whenever there is more of it. */
static void
test_xml_open_token(void **state)
{
	static const struct {
		const char *begin, *filling, *end;
		int result;
	} rows[] = {
		{ "<a><!-- ", "no end ", "--></a>", -1 },
		{ "<!-- ", "no end ", "--><a></a>", -1 },
		{ "<a b='", "no end ", "'></a>", -1 },
		{ "<a><", "name", "/></a>", -1 },
		{ "<a></a><?b ", "no end ", "?>", -1 },
		{ "<a>", "<b>text</b><!-- comment -->", "</a>", 0 },
		{ "<a><b>0123456789", "<![CDATA[b]]>x", "</b></a>", 0 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		for (size_t piece = 1; piece < 20000; piece = piece * 7 + 3) {
			autobuf struct buf text = { 0 }, got = { 0 };
			struct err e = { 0 };

			(void)buf_adds(&text, rows[i].begin);
			while (text.len < 15000)
				(void)buf_adds(&text, rows[i].filling);
			(void)buf_adds(&text, rows[i].end);
			check(read_xml(buf_str(&text), piece, &got, &e) ==
				rows[i].result,
			    "%zu by %zu: %s", i, piece, e.text);
			check(rows[i].result == 0 || strstr(e.text, "too long"),
			    "%zu by %zu: %s", i, piece, e.text);
		}
}

static void
note_part(void *ctx, const struct part_record *record)
{
	if (record->number > 0)
		(void)buf_addf(ctx, "%zu %s %lld;", record->number,
		    record->etag ? record->etag : "-", (long long)record->size);
}

#define TEN "eeeeeeeeee"
#define PART(n, etag, size) \
	"<Part><PartNumber>" #n "</PartNumber><ETag>" etag "" \
	"</ETag><Size>" size "</Size></Part>"

/* What no part has is not said: it would become ours. */
static void
test_part_bounds(void **state)
{
	static const char list[] = "<ListPartsResult>" PART(1, "e",
	    "5368709120") PART(2, "e", "5368709121")
	    PART(3, "e", "9223372036854775807") PART(4, "e", "-1")
		PART(5, TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN,
		    "5") "</ListPartsResult>";
	struct http_answer answer = { .outcome = HTTP_ANSWERED, .status = 200 };
	autobuf struct buf got = { 0 };
	struct err e = { 0 };

	(void)state;
	(void)buf_adds(&answer.body, list);
	assert_int_equal(s3.parts->judge(NULL,
			     &(const struct part_call){ .step = PART_LIST },
			     &answer, note_part, &got, &e),
	    PART_DONE);
	assert_string_equal(buf_str(&got),
	    "1 e 5368709120;2 e 0;3 e 0;4 e 0;5 - 5;");
	buf_free(&answer.body);
}

static void
test_urls(void **state)
{
	static const struct {
		const char *url;
		int addressing;
		const char *object;
	} rows[] = {
		{ "http://h:1", S3_PATH, "http://h:1/b/k%20k" },
		{ "http://h/", S3_PATH, "http://h/b/k%20k" },
		{ "http://h/", S3_HOST, "http://b.h/k%20k" },
		{ "https://h/gate//", S3_PATH, "https://h/gate/b/k%20k" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct destination_policy policy = {
			.s3 = { .url = (char *)rows[i].url,
			    .bucket = (char *)"b",
			    .addressing = rows[i].addressing },
		};
		autofree char *url = s3.fetch_url(&policy, "etag/k k");

		assert_string_equal(url, rows[i].object);
	}
}

static void
test_page_as_object(void **state)
{
	const struct remote_name name = { .path = (char *)"/k" };
	struct http_answer answer = {
		.outcome = HTTP_ANSWERED,
		.status = 200,
		.etag = (char *)"5d-1",
		.content_type = (char *)"text/html; charset=utf-8",
		.what = (char *)"PUT http://h/b/k",
	};
	char *id, *path;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(s3.judge(&answer, &name, 1, &id, &path, &e),
	    PUT_STORED);
	free(id);
	(void)buf_adds(&answer.body, "<html>Log in");
	assert_int_equal(s3.judge(&answer, &name, 1, &id, &path, &e),
	    PUT_UNKNOWN);
	assert_null(id);
	assert_int_equal(e.class, ERR_CONFIG);
	check(strstr(e.text, "HTML") != NULL, "%s", e.text);
	buf_free(&answer.body);
}

static const struct CMUnitTest tests[] = {
	TEST("XML is elements and their text, in any pieces", test_xml),
	TEST("a text of XML has its bounds", test_xml_bounds),
	TEST("a tag or a comment of XML that stays open has its bounds",
	    test_xml_open_token),
	TEST("a slash at the end of the endpoint changes no URL", test_urls),
	TEST("a page of HTML with an ETag is not an object",
	    test_page_as_object),
	TEST("a part that no S3 has is not taken as listed", test_part_bounds),
	TEST("the examples of Amazon's reference have its signatures",
	    test_examples),
	TEST("a query is signed and sent in one form", test_query),
	TEST("a session token is signed, headers are in order", test_token),
};

const struct unit_tests s3_tests = { tests, LENGTH(tests) };

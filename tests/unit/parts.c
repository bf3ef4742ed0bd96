#include "unit.h"

#include "base/buf.h"
#include "base/mem.h"
#include "remote/destination.h"

#define MIB ((int64_t)1 << 20)

/* Uploads in parts, as S3 has them. */

static void
test_part_bytes(void **state)
{
	static const struct {
		int64_t setting, size, want;
	} rows[] = {
		{ 8 * MIB, 0, 0 },
		{ 8 * MIB, 8 * MIB, 0 },
		{ 8 * MIB, 8 * MIB + 1, 8 * MIB },
		{ 8 * MIB, 80000 * MIB, 8 * MIB },
		{ 8 * MIB, 80000 * MIB + 1, 9 * MIB },
		{ 8 * MIB, 90000 * MIB, 9 * MIB },
		{ 8 * MIB, 90000 * MIB + 1, 10 * MIB },
		/* The largest object of Amazon's. */
		{ 5 * MIB, 5 * MIB * MIB, 525 * MIB },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct destination_policy policy = {
			.s3.part_bytes = rows[i].setting,
		};
		int64_t got = s3.parts->bytes(&policy, rows[i].size);

		check(got == rows[i].want, "%lld of %lld: %lld",
		    (long long)rows[i].setting, (long long)rows[i].size,
		    (long long)got);
		assert_true(got == 0 || (rows[i].size - 1) / got < 10000);
	}
}

/* The ETag of an object of two parts, "a" and "b". */
static void
test_whole(void **state)
{
	static const unsigned char md5s[][PART_MD5_BYTES] = {
		{ 0x0c, 0xc1, 0x75, 0xb9, 0xc0, 0xf1, 0xb6, 0xa8, 0x31, 0xc3,
		    0x99, 0xe2, 0x69, 0x77, 0x26, 0x61 },
		{ 0x92, 0xeb, 0x5f, 0xfe, 0xe6, 0xae, 0x2f, 0xec, 0x3a, 0xd7,
		    0x1c, 0x77, 0x75, 0x31, 0x57, 0x8f },
	};
	autofree char *id = s3.parts->whole(md5s, 2, "/k");

	(void)state;
	assert_string_equal(id, "96e024ba2074fe77e8e965ba43a704be-2/k");
}

static void
test_body(void **state)
{
	static const char *const etags[] = { "a", "<&>" };
	const struct part_call call = {
		.step = PART_COMPLETE,
		.etags = etags,
		.n = 2,
	};
	const char *type;
	autofree char *body = s3.parts->body(&call, &type);

	(void)state;
	assert_string_equal(body,
	    "<CompleteMultipartUpload>"
	    "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
	    "<Part><PartNumber>2</PartNumber><ETag>\"&lt;&amp;&gt;\"</ETag>"
	    "</Part></CompleteMultipartUpload>");
}

static void
test_url(void **state)
{
	static const struct {
		struct part_call call;
		const char *want;
	} rows[] = {
		{ { .step = PART_FIND,
		      .key = "/r/s/",
		      .id = NULL,
		      .number = 0 },
		    "GET http://h/b/?prefix=r%2Fs%2F&uploads=" },
		{ { .step = PART_BEGIN,
		      .key = "/r/\xc3\xa4",
		      .id = NULL,
		      .number = 0 },
		    "POST http://h/b/r/%C3%A4?uploads=" },
		{ { .step = PART_LIST,
		      .key = "/k",
		      .id = "2~a+b=",
		      .number = 7 },
		    "GET http://h/b/k?part-number-marker=7&"
		    "uploadId=2~a%2Bb%3D" },
		{ { .step = PART_PUT, .key = "/k", .id = "i", .number = 10000 },
		    "PUT http://h/b/k?partNumber=10000&uploadId=i" },
		{ { .step = PART_COMPLETE,
		      .key = "/k",
		      .id = "i",
		      .number = 0 },
		    "POST http://h/b/k?uploadId=i" },
		{ { .step = PART_ABORT, .key = "/k", .id = "i", .number = 0 },
		    "DELETE http://h/b/k?uploadId=i" },
	};
	const struct destination_policy policy = {
		.s3 = { .url = (char *)"http://h", .bucket = (char *)"b" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *method;
		autofree char *url =
		    s3.parts->url(&policy, &rows[i].call, &method);
		autofree char *got = xasprintf("%s %s", method, url);

		assert_string_equal(got, rows[i].want);
	}
}

static void
note(void *ctx, const struct part_record *r)
{
	(void)buf_addf(ctx, "%s|%s|%s|%zu|%lld;", shown(r->path), shown(r->id),
	    shown(r->etag), r->number, (long long)r->size);
}

#define ERROR(code) "<Error><Code>" code "</Code><Message>m</Message></Error>"
#define NONE "(none)|(none)|(none)|0|0;"

static void
test_answers(void **state)
{
	static const struct {
		enum part_step step;
		long status;
		const char *body, *etag;
		enum part_outcome want;
		enum err_class class; /* unless it was done */
		const char *found;
	} rows[] = {
		{ PART_BEGIN, 200,
		    "<InitiateMultipartUploadResult><Key>k</Key>"
		    "<UploadId>2~x</UploadId></InitiateMultipartUploadResult>",
		    NULL, PART_DONE, 0, "/k|2~x|(none)|0|0;" },
		{ PART_FIND, 200,
		    "<ListMultipartUploadsResult><IsTruncated>true"
		    "</IsTruncated><Upload><Key>a&amp;b</Key><UploadId>1"
		    "</UploadId><Initiator><ID>x</ID></Initiator></Upload>"
		    "</ListMultipartUploadsResult>",
		    NULL, PART_MORE, 0, "/a&b|1|(none)|0|0;" NONE },
		{ PART_LIST, 200,
		    "<?xml version='1.0'?><ListPartsResult><UploadId>1"
		    "</UploadId><IsTruncated>false</IsTruncated><Part>"
		    "<PartNumber>2</PartNumber><ETag>&quot;e&quot;</ETag>"
		    "<Size>7</Size></Part></ListPartsResult>",
		    NULL, PART_DONE, 0, "(none)|1|e|2|7;" NONE },
		{ PART_LIST, 200, "<ListPartsResult><Part><PartNumber>2", NULL,
		    PART_FAILED, ERR_TEMPORARY, "" },
		{ PART_LIST, 200, "<ListPartsResultOf/>", NULL, PART_FAILED,
		    ERR_TEMPORARY, "" },
		{ PART_LIST, 404, ERROR("NoSuchUpload"), NULL, PART_GONE,
		    ERR_TEMPORARY, "" },
		{ PART_PUT, 200, "", "e", PART_DONE, 0,
		    "(none)|(none)|e|0|0;" },
		{ PART_PUT, 200, "", NULL, PART_FAILED, ERR_TEMPORARY, "" },
		{ PART_PUT, 400, ERROR("InvalidArgument"), NULL, PART_MANY,
		    ERR_CONFIG, "" },
		{ PART_LIST, 400, ERROR("InvalidArgument"), NULL, PART_FAILED,
		    ERR_PERMANENT, "" },
		{ PART_PUT, 400, ERROR("BadDigest"), NULL, PART_FAILED,
		    ERR_TEMPORARY, "" },
		/* It was busy, and says so with blanks. */
		{ PART_COMPLETE, 200,
		    "  \n\n <?xml version='1.0'?><CompleteMultipartUploadResult"
		    " xmlns='x'><ETag>\"e-2\"</ETag>"
		    "</CompleteMultipartUploadResult>",
		    NULL, PART_DONE, 0, "(none)|(none)|e-2|0|0;" },
		{ PART_COMPLETE, 200,
		    " \n<?xml version='1.0'?>" ERROR("InternalError"), NULL,
		    PART_FAILED, ERR_TEMPORARY, "" },
		{ PART_COMPLETE, 200, "  ", NULL, PART_FAILED, ERR_TEMPORARY,
		    "" },
		{ PART_COMPLETE, 200, ERROR("AccessDenied"), NULL, PART_REFUSED,
		    ERR_REFUSED, "" },
		{ PART_COMPLETE, 400, ERROR("InvalidPart"), NULL, PART_BAD,
		    ERR_TEMPORARY, "" },
		{ PART_COMPLETE, 400, ERROR("EntityTooSmall"), NULL,
		    PART_FAILED, ERR_CONFIG, "" },
		{ PART_ABORT, 204, "", NULL, PART_DONE, 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		bool is_2xx = rows[i].status / 100 == 2;
		struct http_answer answer = {
			.outcome = is_2xx ? HTTP_ANSWERED : HTTP_NOT_DONE,
			.status = rows[i].status,
			.content_type = (char *)"application/xml",
			.what = (char *)"PUT",
			.etag = (char *)rows[i].etag,
			.err = { .class = is_2xx ? ERR_NONE : ERR_PERMANENT },
		};
		autobuf struct buf got = { 0 };
		struct err e = { 0 };
		enum part_outcome outcome;

		(void)buf_adds(&answer.body, rows[i].body);
		outcome = s3.parts->judge(NULL,
		    &(const struct part_call){ .step = rows[i].step }, &answer,
		    note, &got, &e);
		check(outcome == rows[i].want &&
			strcmp(buf_str(&got), rows[i].found) == 0,
		    "%zu: %d, %s", i, (int)outcome, buf_str(&got));
		if (outcome > PART_MORE)
			check(e.class == rows[i].class, "%zu: %s", i, e.text);
		buf_free(&answer.body);
	}
}

/* The same of a file-service, which says how large parts are. */

static void
test_file_service_bytes(void **state)
{
	const struct destination_policy policy = {
		.file = { .parts = WANTED_AUTO, .parts_from = 16 * MIB },
	};
	const struct destination_policy none = {
		.file = { .parts = WANTED_NO, .parts_from = 16 * MIB },
	};

	(void)state;
	assert_int_equal(file_service.parts->bytes(&policy, 16 * MIB), 0);
	assert_true(file_service.parts->bytes(&policy, 16 * MIB + 1) > 0);
	assert_int_equal(file_service.parts->bytes(&none, 16 * MIB + 1), 0);
}

static void
note_begun(void *ctx, const struct part_record *r)
{
	(void)buf_addf(ctx, "%s|%lld|%lld;", shown(r->id), (long long)r->size,
	    (long long)r->good_ms);
}

static void
test_begun(void **state)
{
	static const struct {
		int64_t size;
		const char *body;
		enum part_outcome want;
		const char *found; /* if it is done */
	} rows[] = {
		{ MIB, "{\"uploadId\":\"u\",\"partSize\":65536}", PART_DONE,
		    "u|65536|0;" },
		{ MIB, "{\"data\":{\"uploadId\":7,\"partSize\":\"65536\"}}",
		    PART_DONE, "7|65536|0;" },
		{ MIB, "{\"uploadId\":\"u\",\"partSize\":65535}", PART_UNFIT,
		    NULL },
		{ MIB, "{\"uploadId\":\"u\",\"partSize\":5368709120}",
		    PART_DONE, "u|5368709120|0;" },
		{ MIB, "{\"uploadId\":\"u\",\"partSize\":5368709121}",
		    PART_UNFIT, NULL },
		/* 10,000 parts, one more, and who knows how many. */
		{ 655360000, "{\"uploadId\":\"u\",\"partSize\":65536}",
		    PART_DONE, "u|65536|0;" },
		{ 655360001, "{\"uploadId\":\"u\",\"partSize\":65536}",
		    PART_UNFIT, NULL },
		{ -1, "{\"uploadId\":\"u\",\"partSize\":65536}", PART_DONE,
		    "u|65536|0;" },
		{ MIB,
		    "{\"uploadId\":\"u\",\"partSize\":65536,"
		    "\"expiresIn\":60}",
		    PART_DONE, "u|65536|60000;" },
		{ MIB,
		    "{\"uploadId\":\"u\",\"partSize\":65536,"
		    "\"expiresIn\":9223372036854775807}",
		    PART_DONE, "u|65536|0;" },
		{ MIB,
		    "{\"uploadId\":\"u\",\"partSize\":65536,"
		    "\"expiresIn\":-9223372036854775807}",
		    PART_DONE, "u|65536|0;" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct destination_policy policy = { 0 };
		struct http_answer answer = {
			.outcome = HTTP_ANSWERED,
			.status = 201,
			.content_type = (char *)"application/json",
			.what = (char *)"POST",
		};
		autobuf struct buf got = { 0 };
		struct err e = { 0 };
		enum part_outcome outcome;

		(void)buf_adds(&answer.body, rows[i].body);
		outcome = file_service.parts->judge(&policy,
		    &(const struct part_call){
			.step = PART_BEGIN,
			.size = rows[i].size,
		    },
		    &answer, note_begun, &got, &e);
		check(outcome == rows[i].want &&
			(rows[i].found == NULL ||
			    strcmp(buf_str(&got), rows[i].found) == 0),
		    "%zu: %d, %s", i, (int)outcome, buf_str(&got));
		buf_free(&answer.body);
	}
}

static const struct CMUnitTest tests[] = {
	TEST("parts are of the size that is set, or as large as 10,000 need",
	    test_part_bytes),
	TEST("of parts an object has the MD5 of their MD5s", test_whole),
	TEST("what completes an upload names its parts", test_body),
	TEST("each request of an upload in parts has its URL", test_url),
	TEST("what a store says of an upload in parts is understood",
	    test_answers),
	TEST("files above parts-from go to a file-service in parts",
	    test_file_service_bytes),
	TEST("a file-service may begin an upload of 10,000 parts of its size",
	    test_begun),
};

const struct unit_tests parts_tests = { tests, LENGTH(tests) };

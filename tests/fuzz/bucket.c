/* What S3 answers: the list of a bucket, in pieces as they come, and errors. */
#include "fuzz.h"

#include <string.h>

#include "io/xml.h"

static struct s3_keys keys = { .texts = { (char *)"AKID",
				   (char *)"S3cr3t~~" } };

static const struct destination_policy policy = { .ops = &s3,
	.s3 = {
	    .url = (char *)"http://s",
	    .bucket = (char *)"b",
	    .region = (char *)"r",
	    .keys = &keys,
	    .key = (char *)"{room}/{session}/{path}",
	} };

/*
 * It has a class and is text; an answer that is not an error changes nothing.
 */
static void
check_error(const char *data, size_t len)
{
	static const struct text_list no_headers;
	const struct http_request request = { .headers = &no_headers };
	struct http_answer answer = { .outcome = HTTP_NOT_DONE,
		.status = 403,
		.request = &request,
		.content_type = (char *)"application/xml",
		.what = (char *)"GET" };
	struct err before, e;

	(void)err_set(&before, ERR_REFUSED, "HTTP 403");
	e = before;
	(void)buf_add(&answer.body, data, len);
	s3.explain(&answer, &e);
	must(e.class > ERR_NONE && e.class < ERR_CLASSES && *e.text);
	must(strncmp(e.text, "GET: HTTP 403: ", 15) == 0 ||
	    strcmp(e.text, before.text) == 0);
	must(text_is_utf8(e.text));
	buf_free(&answer.body);
}

const struct destination_policy *
fuzz_bucket_policy(void)
{
	static struct xml *held;
	struct err e;

	if (held == NULL)
		held = xml_open(NULL, NULL, &e);
	must(held != NULL);
	return &policy;
}

/* An id is a content and the path as it is listed. */
static void
check_records(const struct inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++) {
		const struct remote_record *record = &inv->records[i];

		must(record->path[0] == '/');
		must(record->id == NULL ||
		    strstr(record->id,
			record->listed ? record->listed : record->path));
	}
}

static void
run(const char *data, size_t len)
{
	struct fuzz_input in = { data, len };
	size_t piece = fuzz_byte(&in) + 1;
	struct fuzz_list list;

	fuzz_list_same(&list, fuzz_bucket_policy(), in.data, in.len, piece);
	must(list.rc != -1 || list.e.class == ERR_CONFIG);
	must(list.rc != 1 ||
	    strncmp(list.inv.request.url, "http://s/b/?", 12) == 0);
	if (list.rc == 0)
		check_records(&list.inv);
	check_error(in.data, in.len);
	fuzz_list_free(&list);
}

const struct fuzz_target fuzz_bucket = { "bucket", run };

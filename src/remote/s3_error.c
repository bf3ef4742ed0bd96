#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/xml.h"
#include "remote/s3_internal.h"

/* "Error Responses" in the Amazon S3 API reference, and those of Ceph RGW. */
static const struct {
	const char *code;
	enum err_class class;
	const char *hint; /* NULL: none */
} codes[] = {
	{ "AccessDenied", ERR_REFUSED, NULL },
	{ "InvalidAccessKeyId", ERR_REFUSED, "s3-access-key" },
	{ "SignatureDoesNotMatch", ERR_REFUSED, "s3-secret-key" },
	{ "ExpiredToken", ERR_REFUSED, "s3-session-token" },
	{ "InvalidToken", ERR_REFUSED, "s3-session-token" },
	{ "NoSuchBucket", ERR_CONFIG, "s3-bucket" },
	{ "InvalidBucketName", ERR_CONFIG, "s3-bucket" },
	{ "PermanentRedirect", ERR_CONFIG, "s3-url and s3-region" },
	{ "AuthorizationHeaderMalformed", ERR_CONFIG, "s3-region" },
	{ "RequestTimeTooSkewed", ERR_CONFIG, "this machine's clock" },
	{ "MethodNotAllowed", ERR_CONFIG, "s3-url" },
	{ "SlowDown", ERR_TEMPORARY, NULL },
	{ "InternalError", ERR_TEMPORARY, NULL },
	{ "ServiceUnavailable", ERR_TEMPORARY, NULL },
	{ "RequestTimeout", ERR_TEMPORARY, NULL },
	{ "OperationAborted", ERR_TEMPORARY, NULL },
	{ "BadDigest", ERR_TEMPORARY, NULL },
	{ "EntityTooLarge", ERR_PERMANENT, NULL },
	{ "EntityTooSmall", ERR_CONFIG, "s3-part-size" },
	{ "InvalidPart", ERR_TEMPORARY, NULL },
	{ "InvalidPartOrder", ERR_TEMPORARY, NULL },
};

struct said {
	char *code, *message;
};

static void
on_element(void *ctx, const char *path, const char *text)
{
	struct said *said = ctx;

	if (strcmp(path, "Error/Code") == 0)
		mem_replace(&said->code, text);
	else if (strcmp(path, "Error/Message") == 0)
		mem_replace(&said->message, text);
}

size_t
s3_blanks(const struct buf *body)
{
	return body->len > 0 ? strspn(body->data, " \t\r\n") : 0;
}

static void
read_error(const struct http_answer *answer, struct said *said)
{
	struct err ignored;
	struct xml *xml = xml_open(on_element, said, &ignored);

	size_t blanks = s3_blanks(&answer->body);

	if (xml && answer->body.len > blanks)
		(void)xml_add(xml, answer->body.data + blanks,
		    answer->body.len - blanks, &ignored);
	xml_free(xml);
}

static void
apply(const struct http_answer *answer, const struct said *said, struct err *e)
{
	autofree char *text = xasprintf("%s%s%s", said->code,
	    said->message && *said->message ? ": " : "",
	    said->message ? said->message : "");
	autofree char *shown = http_excerpt(answer, text, strlen(text));

	(void)err_set(e, e->class, "HTTP %ld: %s", answer->status, shown);
	(void)err_wrap(e, "%s", answer->what);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		autofree char *hint = NULL;

		if (strcmp(said->code, codes[i].code) != 0)
			continue;
		e->class = codes[i].class;
		if (codes[i].hint == NULL)
			return;
		hint = xasprintf("fix %s", codes[i].hint);
		(void)err_hint(e, hint);
	}
}

void
s3_explain(const struct http_answer *answer, struct err *e)
{
	struct said said = { 0 };

	read_error(answer, &said);
	if (said.code)
		apply(answer, &said, e);
	free(said.code);
	free(said.message);
}

char *
s3_code(const struct http_answer *answer)
{
	struct said said = { 0 };

	read_error(answer, &said);
	free(said.message);
	return said.code;
}

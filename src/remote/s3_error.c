#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
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

bool
s3_read(const struct http_answer *answer, xml_element *element, void *ctx,
    struct err *e)
{
	const char *text = buf_str(&answer->body);
	/* A busy server sends them before it has an answer. */
	size_t blanks = strspn(text, " \t\r\n");
	size_t len = answer->body.len - blanks;
	struct xml *xml = xml_open(element, ctx, e);
	bool is_read = xml && len > 0 &&
	    xml_add(xml, text + blanks, len, e) == 0 && xml_end(xml, e) == 0;

	xml_free(xml);
	return is_read;
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

char *
s3_error(const struct http_answer *answer, struct err *e)
{
	struct said said = { 0 };
	struct err ignored;

	(void)s3_read(answer, on_element, &said, &ignored);
	if (said.code && e)
		apply(answer, &said, e);
	free(said.message);
	return said.code;
}

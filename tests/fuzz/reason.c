/*
 * The text of a server's refusal, or of an answer that is not understood, on
 * its way to the log, status and FAILED.  A secret is put into it.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/http.h"

static const char token[] = "T0ken~~";
static char *const secret = (char *)"S3cr3t~";

static void
run(const char *data, size_t len)
{
	struct fuzz_input in = { data, len };
	char *const *const secrets[HTTP_SECRETS] = { &secret };
	struct text_list headers = { 0 };
	const struct http_request request = { .headers = &headers };
	struct http_answer answer = { .status = 422,
		.request = &request,
		.secrets = secrets };
	autofree char *reason = NULL, *escaped = NULL, *excerpt = NULL;
	size_t at = fuzz_byte(&in);

	text_list_add(&headers, "Authorization: Bearer T0ken~~");
	at = at < in.len ? at : in.len;
	(void)buf_add(&answer.body, in.data, at);
	(void)buf_adds(&answer.body, at % 2 ? secret : token);
	(void)buf_add(&answer.body, in.data + at, in.len - at);

	reason = http_reason(&answer);
	if (reason) {
		escaped = text_escape(reason);
		must(*reason && strlen(escaped) <= 200);
		must(text_is_utf8(reason) && !text_has_control(reason));
		must(!strstr(reason, secret) && !strstr(reason, token));
	}
	excerpt = http_excerpt(&answer, answer.body.data, answer.body.len);
	must(
	    strlen(excerpt) == (answer.body.len < 200 ? answer.body.len : 200));
	must(!strstr(excerpt, secret) && !strstr(excerpt, token));
	buf_free(&answer.body);
	text_list_free(&headers);
}

const struct fuzz_target fuzz_reason = { "reason", run };

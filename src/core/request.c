#include "core/request.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"

char *
request_url(const char *base, const char *path)
{
	size_t len = strlen(base);

	while (len > 0 && base[len - 1] == '/')
		len--;
	return xasprintf("%.*s%s", (int)len, base, path);
}

json_t *
request_answer_json(const struct http_answer *answer, struct err *e)
{
	json_t *json;

	if (strncasecmp(answer->content_type, "text/html", 9) == 0) {
		(void)err_set(e, ERR_CONFIG,
		    "HTTP %ld with an HTML page: this is not the service",
		    answer->status);
		return NULL;
	}
	json = json_parse(buf_str(&answer->body), answer->body.len, e);
	if (json == NULL)
		(void)err_wrap(e, "HTTP %ld, and the answer", answer->status);
	return json;
}

void
request_log_retry(const char *what, const struct err *e,
    const struct retry_policy *policy, const struct retry *retry, int64_t at_ms)
{
	double pause = (double)(at_ms - clock_mono_ms()) / 1000;

	log_warn("%s: %s; next try in %.1f s (%lld of %lld)", what, e->text,
	    pause > 0 ? pause : 0, (long long)retry->failures + 1,
	    (long long)policy->tries);
}

static int
try_once(const struct request *r, struct http *http, struct err *e,
    int64_t *retry_after_ms)
{
	struct http_request request = { 0 };
	struct http_transfer *t;
	const struct http_answer *answer;
	int result = -1;

	*retry_after_ms = 0;
	if (stop_check(e) == -1)
		return -1;
	r->prepare(r->ctx, &request);
	t = http_perform(http, &request);
	answer = http_answer_of(t);
	if (answer->outcome == HTTP_ANSWERED) {
		result = r->accept(r->ctx, answer, e);
		if (result == -1)
			(void)err_wrap(e, "%s", answer->what);
	} else {
		*e = answer->err;
		*retry_after_ms = answer->retry_after_ms;
	}
	if (result == -1 && r->refine)
		r->refine(r->ctx, answer, e);
	http_release(t);
	return result;
}

/* Lines that were held back come out meanwhile. */
static void
sleep_until(int64_t at_ms)
{
	if (log_due_ms() < at_ms)
		stop_sleep_until(log_due_ms());
	log_flush();
	stop_sleep_until(at_ms);
}

int
request_run(const struct request *r, struct http *http,
    const struct retry_policy *policy, struct err *e)
{
	struct retry retry = { 0 };

	for (;;) {
		int64_t at_ms, after_ms;

		if (try_once(r, http, e, &after_ms) == 0)
			return 0;
		if (e->class != ERR_TEMPORARY ||
		    !retry_next(policy, &retry, clock_mono_ms(), after_ms,
			retry_random(), &at_ms))
			return -1;
		request_log_retry(r->what, e, policy, &retry, at_ms);
		sleep_until(at_ms);
	}
}

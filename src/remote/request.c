#include "remote/request.h"

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

bool
request_is_html(const struct http_answer *answer)
{
	const char *s = buf_str(&answer->body);

	s += strspn(s, "\xef\xbb\xbf \t\r\n");
	return strncasecmp(s, "<!doctype html", 14) == 0 ||
	    (*s == '<' &&
		strncasecmp(answer->content_type, "text/html", 9) == 0);
}

int
request_check_html(const struct http_answer *answer, struct err *e)
{
	if (!request_is_html(answer))
		return 0;
	return err_set(e, ERR_CONFIG,
	    "HTTP %ld with an HTML page: this is not the service",
	    answer->status);
}

int
request_not_understood(const struct http_answer *answer, const char *is_not,
    struct err *e)
{
	/* It may contain a token. */
	bool is_hidden =
	    answer->request && answer->request->service == HTTP_TOKEN;
	autofree char *shown =
	    http_excerpt(answer, buf_str(&answer->body), answer->body.len);

	return err_set(e, ERR_CONFIG, "HTTP %ld, and the answer %s: %s",
	    answer->status, is_not,
	    is_hidden    ? "(hidden)"
		: *shown ? shown
			 : "(empty)");
}

char *
request_answer_id(const struct http_answer *answer, const json_t *json)
{
	char *id = json_id(json);

	if (id && http_has_secret(answer, id))
		mem_replace(&id, NULL);
	return id;
}

json_t *
request_answer_json(const struct http_answer *answer, struct err *e)
{
	enum err_class class;
	json_t *json;

	if (request_check_html(answer, e) == -1)
		return NULL;
	json = json_parse_foreign(buf_str(&answer->body), answer->body.len, e);
	if (json)
		return json;
	class = e->class;
	(void)request_not_understood(answer, "is not JSON", e);
	e->class = class;
	return NULL;
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

static ssize_t
read_text(void *ctx, char *to, size_t len, struct err *e)
{
	struct request_text *t = ctx;
	size_t left = strlen(t->text) - t->offset;

	(void)e;
	len = len < left ? len : left;
	memcpy(to, t->text + t->offset, len);
	t->offset += len;
	return (ssize_t)len;
}

void
request_text_init(struct request_text *t, const char *text)
{
	*t = (struct request_text){
		.body = { .size = (int64_t)strlen(text),
		    .read = read_text,
		    .ctx = t },
		.text = text,
	};
}

/* What is kept between tries. */
struct run {
	const struct request *request;
	struct request_text body;
	struct text_list headers; /* of the destination */
	struct auth_use use;
};

static int
prepare(struct run *run, struct http_request *http, struct err *e)
{
	const struct request *r = run->request;
	const struct destination *to = r->destination;

	text_list_free(&run->headers);
	if (r->http)
		*http = *r->http;
	if (to)
		http->headers = &run->headers;
	if (r->text) {
		request_text_init(&run->body, r->text);
		http->body = &run->body.body;
	}
	if (stop_check(e) == -1 ||
	    (r->prepare && r->prepare(r->ctx, http, e) == -1))
		return -1;
	return to
	    ? to->policy->ops->authorize(to, http, &run->use, &run->headers, e)
	    : 0;
}

static bool
wants_retry(struct run *run, const struct http_answer *answer)
{
	const struct request *r = run->request;
	const struct destination *to = r->destination;

	return (to && to->policy->ops->wants_retry(to, &run->use, answer)) ||
	    (r->wants_retry && r->wants_retry(r->ctx, answer));
}

enum tried { TRIED_GOOD, TRIED_MENDED, TRIED_FAILED };

static enum tried
try_once(struct run *run, struct http *http, struct err *e,
    int64_t *retry_after_ms)
{
	const struct request *r = run->request;
	struct http_request request = { 0 };
	struct http_transfer *t;
	const struct http_answer *answer;
	enum tried result = TRIED_FAILED;

	*retry_after_ms = 0;
	if (prepare(run, &request, e) == -1)
		return TRIED_FAILED;
	t = http_perform(http, &request);
	answer = http_answer_of(t);
	if (answer->outcome == HTTP_ANSWERED) {
		if (r->accept(r->ctx, answer, e) == 0)
			result = TRIED_GOOD;
		else
			(void)err_wrap(e, "%s", answer->what);
	} else {
		*e = answer->err;
		*retry_after_ms = answer->retry_after_ms;
	}
	if (wants_retry(run, answer))
		result = TRIED_MENDED;
	if (result == TRIED_FAILED && r->refine)
		r->refine(r->ctx, answer, e);
	http_release(t);
	return result;
}

int
request_run(const struct request *r, struct http *http,
    const struct retry_policy *policy, struct err *e)
{
	struct run run = { .request = r };
	struct retry retry = { 0 };
	int64_t at_ms, after_ms;
	enum tried tried;

	while ((tried = try_once(&run, http, e, &after_ms)) != TRIED_GOOD) {
		if (tried == TRIED_MENDED)
			continue;
		if (e->class != ERR_TEMPORARY ||
		    !retry_next(policy, &retry, clock_mono_ms(), after_ms,
			retry_random(), &at_ms))
			break;
		request_log_retry(r->what, e, policy, &retry, at_ms);
		http_sleep_until(http, at_ms);
	}
	text_list_free(&run.headers);
	return tried == TRIED_GOOD ? 0 : -1;
}

#include "base/text.h"
#include "remote/request.h"

/* What is kept between tries. */
struct run {
	const struct request *request;
	struct text_list headers;
	struct auth_use use;
};

static int
authorize(struct run *run, const struct http_request *http, struct err *e)
{
	const struct request *r = run->request;
	const struct destination *to = r->destination;

	if (to)
		return to->policy->ops->authorize(to, http, &run->use,
		    &run->headers, e);
	return r->auth
	    ? auth_add_header(r->auth, r->service, &run->use, &run->headers, e)
	    : 0;
}

static int
prepare(void *ctx, struct http_request *http, struct err *e)
{
	struct run *run = ctx;
	const struct request *r = run->request;

	text_list_free(&run->headers);
	if (r->http)
		*http = *r->http;
	http->headers = &run->headers;
	if (r->prepare && r->prepare(r->ctx, http, e) == -1)
		return -1;
	return authorize(run, http, e);
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	const struct request *r = ((struct run *)ctx)->request;

	return r->accept(r->ctx, answer, e);
}

static bool
wants_retry(void *ctx, const struct http_answer *answer)
{
	struct run *run = ctx;
	const struct request *r = run->request;

	const struct destination *to = r->destination;

	if (to ? to->policy->ops->wants_retry(to, &run->use, answer)
	       : r->auth &&
		    auth_wants_retry(r->auth, &run->use, answer->status))
		return true;
	return r->wants_retry && r->wants_retry(r->ctx, answer);
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	const struct request *r = ((struct run *)ctx)->request;

	if (r->refine)
		r->refine(r->ctx, answer, e);
}

int
request_run(const struct request *r, struct http *http,
    const struct retry_policy *policy, struct err *e)
{
	struct run run = { .request = r };
	const struct request plain = {
		.what = r->what,
		.prepare = prepare,
		.accept = accept_answer,
		.wants_retry = wants_retry,
		.refine = refine,
		.ctx = &run,
	};
	int result = request_run_plain(&plain, http, policy, e);

	text_list_free(&run.headers);
	return result;
}

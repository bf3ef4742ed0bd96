#include "remote/part_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "remote/request.h"

enum { ANSWER_BYTES = 4 * 1024 * 1024 };

struct asking {
	const struct destination_policy *policy;
	const struct part_call *call;
	void (*found)(void *ctx, const struct part_record *);
	void *ctx;
	enum part_outcome outcome;
	struct err judged;
};

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct asking *a = ctx;

	a->outcome = a->policy->ops->parts->judge(a->policy, a->call, answer,
	    a->found, a->ctx, e);
	a->judged = *e;
	return a->outcome <= PART_MORE ? 0 : -1;
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	const struct asking *a = ctx;

	if (answer->outcome != HTTP_ANSWERED)
		(void)accept_answer(ctx, answer, e);
	else
		*e = a->judged; /* it names the request */
}

enum part_outcome
part_request_run(const struct destination *to, const struct part_call *call,
    void (*found)(void *ctx, const struct part_record *), void *ctx,
    struct err *e)
{
	const struct destination_policy *policy = to->policy;
	const struct part_ops *ops = policy->ops->parts;
	struct asking a = {
		.policy = policy,
		.call = call,
		.found = found,
		.ctx = ctx,
		.outcome = PART_FAILED,
	};
	struct http_request http = {
		.service = policy->ops->service,
		.answer_timeout_ms = policy->answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
	};
	autofree char *url = ops->url(policy, call, &http.method);
	autofree char *text = ops->body(call, &http.content_type);
	const struct request request = {
		.what = "upload in parts",
		.http = &http,
		.text = text,
		.destination = to,
		.accept = accept_answer,
		.refine = refine,
		.ctx = &a,
	};

	http.url = url;
	return request_run(&request, to->http, to->retry, e) == -1 &&
		a.outcome <= PART_MORE
	    ? PART_FAILED
	    : a.outcome;
}

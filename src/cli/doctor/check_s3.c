#include <stdlib.h>

#include "base/mem.h"
#include "cli/doctor/check.h"
#include "remote/inventory.h"
#include "remote/request.h"

/* A recording that nobody has. */
static struct progress nobody = {
	.room = (char[]){ "jibri-finalize-check" },
	.session = (char[]){ "check" },
	.meeting_id = (char[]){ "0" },
};

struct probe {
	const struct destination *to;
	struct http_request http;
	struct request_text body;
	struct remote_name name;
	char *url;
};

static void
note_error(struct diagnoses *f, const struct loaded *l, const struct err *e)
{
	check_fail(f, "s3",
	    e->class == ERR_REFUSED
		? "Allow these keys s3:ListBucket, s3:GetObject, s3:PutObject "
		  "and s3:DeleteObject there, or enter others:"
		: e->class == ERR_CONFIG
		? "Compare s3-url, s3-region and s3-addressing with the "
		  "bucket's location, or set another bucket:"
		: "Read the server's log, then check again:",
	    "%s", e->text);
	if (e->class == ERR_REFUSED)
		check_run_secret(f, l, "s3-secret-key");
	else if (e->class == ERR_CONFIG)
		check_run_set(f, l, "s3-bucket", "BUCKET");
	else
		check_run(f, "jibri-finalize check");
}

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct probe *p = ctx;

	(void)e;
	request_text_init(&p->body, "jibri-finalize check --write\n");
	p->http.headers = request->headers;
	*request = p->http;
	free(p->url);
	/* put() sets the method. */
	p->url =
	    p->to->policy->ops->put(p->to->policy, &nobody, &p->name, request);
	if (p->http.method)
		request->method = p->http.method;
	return 0;
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	const struct probe *p = ctx;
	autofree char *id = NULL, *path = NULL;

	if (p->http.method ||
	    p->to->policy->ops->judge(answer, &p->name, p->body.body.size, &id,
		&path, e) == PUT_STORED)
		return 0;
	return -1;
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	const struct probe *p = ctx;

	if (answer->outcome != HTTP_ANSWERED)
		p->to->policy->ops->explain(answer, e);
}

static int
run(struct probe *p, struct err *e)
{
	const struct request request = {
		.what = "test object",
		.destination = p->to,
		.prepare = prepare,
		.accept = accept_answer,
		.refine = refine,
		.ctx = p,
	};
	int result;

	p->http.answer_timeout_ms = p->to->policy->answer_timeout_ms;
	p->http.answer_limit = 64 * 1024;
	result = request_run(&request, p->to->http, p->to->retry, e);
	free(p->url);
	p->url = NULL;
	return result;
}

static int
check_write(struct diagnoses *f, const struct destination *to, struct err *e)
{
	struct probe p = { .to = to };
	int result;

	destination_name(&p.name, to->policy, &nobody, "check.txt");
	p.http.body = &p.body.body;
	p.http.content_type = "text/plain";
	result = run(&p, e);
	p.http = (struct http_request){ .method = "DELETE" };
	if (result == 0)
		result = run(&p, e);
	if (result == 0)
		check_ok(f, "s3", "%s was written there and removed",
		    p.name.path);
	remote_name_free(&p.name);
	return result;
}

void
check_s3(struct diagnoses *f, const struct loaded *l,
    const struct destination *to, bool may_write)
{
	struct inventory inv;
	bool is_refused;
	struct err e;
	int result = inventory_read(&inv, to, &nobody, &is_refused, &e);

	if (result == 0)
		check_ok(f, "s3",
		    "bucket %s can be listed with these credentials",
		    to->policy->s3.bucket);
	if (result == 0 && may_write)
		result = check_write(f, to, &e);
	if (result == -1)
		note_error(f, l, &e);
	inventory_free(&inv);
}

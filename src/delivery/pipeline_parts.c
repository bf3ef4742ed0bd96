#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "delivery/pipeline_internal.h"
#include "remote/request.h"

enum { ANSWER_BYTES = 4 * 1024 * 1024 };

struct asking {
	const struct destination_policy *policy;
	const struct part_ops *ops;
	enum part_step step;
	enum part_outcome outcome;
	/* What was found: where it belongs, and its id. */
	struct text_list paths, ids;
};

static void
found(void *ctx, const struct part_record *record)
{
	struct asking *a = ctx;

	if (record->path == NULL || record->id == NULL)
		return;
	text_list_add(&a->paths, record->path);
	text_list_add(&a->ids, record->id);
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct asking *a = ctx;

	a->outcome = a->ops->judge(a->policy,
	    &(const struct part_call){ .step = a->step }, answer, found, a, e);
	return a->outcome <= PART_MORE ? 0 : -1;
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	(void)accept_answer(ctx, answer, e);
}

/* What is gone need not be aborted. */
static int
ask(const struct destination *to, struct asking *a, const char *key,
    const char *id, struct err *e)
{
	struct http_request http = {
		.answer_timeout_ms = to->policy->answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
	};
	autofree char *url = a->ops->url(to->policy,
	    &(const struct part_call){ .step = a->step, .key = key, .id = id },
	    &http.method);
	const struct request request = {
		.what = "uploads in parts",
		.http = &http,
		.destination = to,
		.accept = accept_answer,
		.refine = refine,
		.ctx = a,
	};

	http.url = url;
	return request_run(&request, to->http, to->retry, e) == -1 &&
		a->outcome != PART_GONE
	    ? -1
	    : 0;
}

/* What is aborted is not listed again, so that each page is the first. */
static int
abort_all(const struct destination *to, const char *folder, size_t *n,
    struct err *e)
{
	struct asking a = {
		.policy = to->policy,
		.ops = to->policy->ops->parts,
	};
	size_t before;
	int result;

	do {
		before = a.ids.n;
		a.step = PART_FIND;
		result = ask(to, &a, folder, NULL, e);
		for (a.step = PART_ABORT; result == 0 && *n < a.ids.n; ++*n)
			result =
			    ask(to, &a, a.paths.items[*n], a.ids.items[*n], e);
	} while (result == 0 && a.ids.n > before);
	text_list_free(&a.paths);
	text_list_free(&a.ids);
	return result;
}

static int
abort_begun(const struct destination *to, const struct begun *b, struct err *e)
{
	struct asking a = {
		.policy = to->policy,
		.ops = to->policy->ops->parts,
		.step = PART_ABORT,
	};

	return ask(to, &a, b->key, b->id, e);
}

int
pipeline_abort_parts(struct job *job, size_t *n, struct err *e)
{
	const struct destination_policy *policy = &job->policy->destination;
	const struct progress *p = &job->journal.progress;
	bool finds = policy->ops->parts->finds && p->meeting_id;
	autofree char *folder = NULL;
	struct destination to;

	*n = 0;
	if (!finds && p->n_begun == 0)
		return 0;
	if (policy->ops->check(policy, e) == -1 ||
	    pipeline_open_http(job, e) == -1)
		return -1;
	to = pipeline_destination(job);
	/* Before it was resolved, what was sent ahead is all there is. */
	for (; !finds && *n < p->n_begun; ++*n)
		if (abort_begun(&to, &p->begun[*n], e) == -1)
			return -1;
	if (!finds)
		return 0;
	folder = policy->ops->folder(policy, p);
	return abort_all(&to, folder, n, e);
}

void
pipeline_abort_strays(struct job *job)
{
	struct err e;
	size_t n;

	if (job->totals.has_strays && pipeline_abort_parts(job, &n, &e) == -1)
		log_warn("uploads in parts may stay at the store: %s", e.text);
}

static bool
is_used(const struct job *job, const struct begun *b)
{
	const struct destination_policy *policy = &job->policy->destination;

	for (size_t i = 0; i < job->recording.n; i++) {
		const struct artifact *a = &job->recording.artifacts[i];

		if (strcmp(a->path, b->path) == 0)
			return policy->ops->parts->bytes(policy, a->size) > 0;
	}
	return false;
}

void
pipeline_abort_unused(struct job *job)
{
	const struct progress *p = &job->journal.progress;
	const struct destination to = pipeline_destination(job);
	struct err e;

	for (size_t i = 0; to.policy->ops->parts && i < p->n_begun; i++)
		if (!is_used(job, &p->begun[i]) &&
		    abort_begun(&to, &p->begun[i], &e) == -1)
			log_warn("%s: parts of it stay at the store: %s",
			    p->begun[i].path, e.text);
}

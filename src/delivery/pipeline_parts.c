#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "delivery/pipeline_internal.h"
#include "remote/part_request.h"

/* What was found: places, ids, and where the list continues. */
struct uploads {
	struct text_list keys, ids;
	char *next_key, *next_id;
};

static void
found(void *ctx, const struct part_record *record)
{
	struct uploads *u = ctx;

	mem_replace(&u->next_key, record->next_key);
	mem_replace(&u->next_id, record->next_id);
	if (record->path == NULL || record->id == NULL)
		return;
	text_list_add(&u->keys, record->path);
	text_list_add(&u->ids, record->id);
}

static int
find(const struct destination *to, const char *folder, struct uploads *u,
    bool goes_on, struct err *e)
{
	autofree char *key = goes_on ? steal(&u->next_key) : NULL;
	autofree char *id = goes_on ? steal(&u->next_id) : NULL;
	const struct part_call call = { .step = PART_FIND,
		.key = folder,
		.after_key = key,
		.after_id = id };

	return part_request_run(to, &call, found, u, e) <= PART_MORE ? 0 : -1;
}

static void
free_uploads(struct uploads *u)
{
	text_list_free(&u->keys);
	text_list_free(&u->ids);
	free(u->next_key);
	free(u->next_id);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* A list that continues at the same place has no end. */
static int
count_all(const struct destination *to, const char *folder, size_t *n,
    struct err *e)
{
	struct uploads u = { 0 };
	autofree char *key = NULL, *id = NULL;
	bool goes_on;
	int result;

	do {
		mem_replace(&key, u.next_key);
		mem_replace(&id, u.next_id);
		result = find(to, folder, &u, true, e);
		goes_on = u.next_key &&
		    !(is_same(key, u.next_key) && is_same(id, u.next_id));
	} while (result == 0 && goes_on);
	*n = u.ids.n;
	free_uploads(&u);
	return result;
}

/* What is aborted is no longer listed, so each page is the first. */
static int
abort_all(const struct destination *to, const char *folder, size_t *n,
    struct err *e)
{
	struct uploads u = { 0 };
	size_t before;
	int result;

	do {
		before = u.ids.n;
		result = find(to, folder, &u, false, e);
		for (; result == 0 && *n < u.ids.n; ++*n)
			result = upload_abort(to, u.keys.items[*n],
			    u.ids.items[*n], e);
	} while (result == 0 && u.ids.n > before);
	free_uploads(&u);
	return result;
}

int
pipeline_abort_parts(struct job *job, size_t *n, struct err *e)
{
	const struct destination_policy *policy = &job->policy->destination;
	const struct progress *p = &job->journal.progress;
	bool finds = policy->ops->parts->finds && p->meeting_id;
	bool is_looking = job->journal.is_peeking;
	autofree char *folder = NULL;
	struct destination to;

	*n = 0;
	if (!finds && p->n_begun == 0)
		return 0;
	if (policy->ops->check(policy, e) == -1 ||
	    pipeline_open_http(job, e) == -1)
		return -1;
	to = pipeline_destination(job);
	/* Before it is resolved, there are only parts sent ahead. */
	for (; !finds && *n < p->n_begun; ++*n)
		if (!is_looking &&
		    upload_abort(&to, p->begun[*n].key, p->begun[*n].id, e) ==
			-1)
			return -1;
	if (!finds)
		return 0;
	folder = policy->ops->folder(policy, p);
	return (is_looking ? count_all : abort_all)(&to, folder, n, e);
}

void
pipeline_abort_strays(struct job *job)
{
	struct err e;
	size_t n;

	if (job->totals.has_strays && pipeline_abort_parts(job, &n, &e) == -1)
		log_warn(
		    "unfinished uploads in parts may remain in the store: %s",
		    e.text);
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
		    upload_abort(&to, p->begun[i].key, p->begun[i].id, &e) ==
			-1)
			log_warn("%s: parts of it remain in the store: %s",
			    p->begun[i].path, e.text);
}

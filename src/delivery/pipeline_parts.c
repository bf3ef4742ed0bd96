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
add_upload(struct uploads *u, const char *key, const char *id)
{
	text_list_add(&u->keys, key);
	text_list_add(&u->ids, id);
}

static void
found(void *ctx, const struct part_record *record)
{
	struct uploads *u = ctx;

	mem_replace(&u->next_key, record->next_key);
	mem_replace(&u->next_id, record->next_id);
	if (record->path && record->id)
		add_upload(u, record->path, record->id);
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
find_all(const struct destination *to, const char *folder, struct uploads *u,
    struct err *e)
{
	bool goes_on = true;

	while (goes_on) {
		autofree char *key = steal(&u->next_key);
		autofree char *id = steal(&u->next_id);
		const struct part_call call = { .step = PART_FIND,
			.key = folder,
			.after_key = key,
			.after_id = id };

		if (part_request_run(to, &call, found, u, e) > PART_MORE)
			return -1;
		goes_on = u->next_key &&
		    !(is_same(key, u->next_key) && is_same(id, u->next_id));
	}
	return 0;
}

int
pipeline_abort_parts(struct job *job, size_t *n, struct err *e)
{
	const struct destination_policy *policy = &job->policy->destination;
	const struct progress *p = &job->journal.progress;
	const struct part_ops *parts = policy->ops->parts;
	bool finds = parts && parts->finds && p->meeting_id;
	autofree struct begun **begun = map_all(&p->begun);
	autofree char *folder = NULL;
	struct uploads u = { 0 };
	struct destination to;
	int result = 0;

	*n = 0;
	if (!parts || (!finds && p->begun.n == 0))
		return 0;
	if (policy->ops->check(policy, e) == -1 ||
	    pipeline_open_http(job, e) == -1)
		return -1;
	to = pipeline_destination(job);
	if (finds) {
		folder = policy->ops->folder(policy, p);
		result = find_all(&to, folder, &u, e);
	}
	/* One sent ahead may be elsewhere: the room was another one. */
	for (struct begun **b = begun; *b; b++)
		if (!folder || strncmp((*b)->key, folder, strlen(folder)) != 0)
			add_upload(&u, (*b)->key, (*b)->id);
	for (; result == 0 && *n < u.ids.n; ++*n)
		if (!job->journal.is_peeking)
			result = upload_abort(&to, u.keys.items[*n],
			    u.ids.items[*n], e);
	free_uploads(&u);
	return result;
}

void
pipeline_abort_strays(struct job *job)
{
	bool is_left = !job->is_partial && job->journal.progress.begun.n > 0;
	struct err e;
	size_t n;

	if ((is_left || job->totals.has_strays) &&
	    pipeline_abort_parts(job, &n, &e) == -1)
		log_warn(
		    "unfinished uploads in parts may remain in the store: %s",
		    e.text);
}

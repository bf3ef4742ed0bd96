#include "sweep/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { HOUR_MS = 60 * 60 * 1000 };

struct collection {
	struct status *status;
	const struct status_query *query;
};

int64_t
status_since_ms(const struct finding *f)
{
	return f->facts.media_ms ? f->facts.media_ms : f->facts.first_event_ms;
}

enum status_level
status_level_of(const struct finding *f, int64_t now_ms)
{
	int64_t since_ms = status_since_ms(f), age_ms = now_ms - since_ms;

	if (f->verdict == VERDICT_HELD)
		return STATUS_CRITICAL;
	if (since_ms == 0 ||
	    (f->verdict != VERDICT_WAITING && f->verdict != VERDICT_DUE &&
		f->verdict != VERDICT_BUSY))
		return STATUS_OK;
	if (age_ms > STATUS_LOST_H * (int64_t)HOUR_MS)
		return STATUS_CRITICAL;
	return age_ms > STATUS_LATE_H * (int64_t)HOUR_MS ? STATUS_WARNING
							 : STATUS_OK;
}

enum status_level
status_level(const struct status *status)
{
	if (status->count[VERDICT_HELD] > 0 ||
	    status->undelivered[STATUS_CRITICAL] > 0)
		return STATUS_CRITICAL;
	return status->undelivered[STATUS_WARNING] > 0 ? STATUS_WARNING
						       : STATUS_OK;
}

static bool
is_wanted(const struct collection *c, const struct finding *f)
{
	int64_t since_ms = status_since_ms(f);

	if (f->verdict == VERDICT_NONE ||
	    !(c->query->verdicts & 1U << f->verdict))
		return false;
	return c->query->older_ms == 0 ||
	    (since_ms > 0 && c->status->now_ms - since_ms > c->query->older_ms);
}

static void
on_found(void *ctx, struct finding *f)
{
	const struct collection *c = ctx;
	struct status *status = c->status;

	status->count[f->verdict]++;
	if (f->verdict != VERDICT_HELD)
		status->undelivered[status_level_of(f, status->now_ms)]++;
	if (!is_wanted(c, f))
		return;
	if (f->session == NULL)
		f->session = steal(&f->name);
	if (f->verdict != VERDICT_DONE)
		f->facts.damaged = 0;
	if (f->verdict != VERDICT_WAITING)
		f->facts.next_ms = 0;
	xgrow((void **)&status->rows, &status->cap, status->n + 1,
	    sizeof(*status->rows));
	status->rows[status->n++] = *f;
	*f = (struct finding){ 0 };
}

/* Ascending, with unknown (0) last. */
static int
compare_numbers(int64_t x, int64_t y)
{
	if (x == y)
		return 0;
	return y == 0 || (x != 0 && x < y) ? -1 : 1;
}

/* By urgency, then longest waiting first. */
static int
compare_states(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int64_t x_ms = x->facts.last_event_ms, y_ms = y->facts.last_event_ms;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x_ms != y_ms)
		return x_ms < y_ms ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int
compare_ages(const void *a, const void *b)
{
	int order = compare_numbers(status_since_ms(a), status_since_ms(b));

	return order ? order : compare_states(a, b);
}

static int
compare_sizes(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->facts.bytes != y->facts.bytes)
		return x->facts.bytes > y->facts.bytes ? -1 : 1;
	return compare_states(a, b);
}

static int
compare_sessions(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order = strcmp(x->session, y->session);

	return order ? order : compare_states(a, b);
}

static const struct {
	const char *name;
	int (*compare)(const void *, const void *);
} sorts[STATUS_SORTS] = {
	[STATUS_BY_STATE] = { "state", compare_states },
	[STATUS_BY_AGE] = { "age", compare_ages },
	[STATUS_BY_SIZE] = { "size", compare_sizes },
	[STATUS_BY_SESSION] = { "session", compare_sessions },
};

int
status_parse_sort(const char *name)
{
	for (int i = 0; i < STATUS_SORTS; i++)
		if (strcmp(sorts[i].name, name) == 0)
			return i;
	return -1;
}

static void
limit(struct status *status, int64_t most)
{
	for (; most > 0 && status->n > (size_t)most; status->left++)
		survey_free_finding(&status->rows[--status->n]);
}

int
status_collect(struct status *status, const struct status_policy *policy,
    const struct text_list *roots, const struct status_query *query,
    struct err *e)
{
	struct survey survey = {
		.policy = policy->verdict,
		.recording = policy->recording,
		.identity = policy->identity,
		.is_deep = true,
	};
	struct collection c = { .status = status, .query = query };
	int result;

	*status = (struct status){ .now_ms = clock_unix_ms() };
	result = survey_roots(&survey, roots, on_found, &c, e);
	if (status->n > 0)
		qsort(status->rows, status->n, sizeof(*status->rows),
		    sorts[query->sort].compare);
	limit(status, query->limit);
	return result;
}

void
status_free(struct status *status)
{
	for (size_t i = 0; i < status->n; i++)
		survey_free_finding(&status->rows[i]);
	free(status->rows);
	*status = (struct status){ 0 };
}

/* VERDICT_NONE for an unknown name. */
static enum verdict
verdict_of_name(const char *name)
{
	static const char *const older[] = { "given up", "given_up",
		"givenUp" };
	enum verdict v = 0;

	for (size_t i = 0; i < sizeof(older) / sizeof(older[0]); i++)
		if (strcmp(name, older[i]) == 0)
			return VERDICT_GIVEN_UP;
	while (v < VERDICT_NONE && strcmp(verdict_name(v), name) != 0)
		v++;
	return v;
}

unsigned
status_parse_verdicts(const char *names)
{
	autolist struct text_list list = { 0 };
	unsigned set = 0;

	text_list_parse(&list, names);
	for (size_t i = 0; i < list.n; i++) {
		enum verdict v = verdict_of_name(list.items[i]);

		if (v == VERDICT_NONE)
			return 0;
		set |= 1U << v;
	}
	return set;
}

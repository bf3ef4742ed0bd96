#include "sweep/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct collection {
	struct status *status;
	unsigned verdicts;
};

static void
on_found(void *ctx, struct finding *f)
{
	const struct collection *c = ctx;
	struct status *status = c->status;

	status->count[f->verdict]++;
	if (!(c->verdicts & 1U << f->verdict))
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

/* Of the same urgency, what has waited longest comes first. */
static int
compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int64_t x_ms = x->facts.last_event_ms, y_ms = y->facts.last_event_ms;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x_ms != y_ms)
		return x_ms < y_ms ? -1 : 1;
	return strcmp(x->path, y->path);
}

int
status_collect(struct status *status, const struct verdict_policy *policy,
    const struct recording_policy *recording, const struct text_list *roots,
    unsigned verdicts, struct err *e)
{
	struct survey survey = {
		.policy = policy,
		.recording = recording,
		.is_deep = true,
	};
	struct collection c = {
		.status = status,
		.verdicts = verdicts & ~(1U << VERDICT_NONE),
	};
	int result;

	*status = (struct status){ 0 };
	result = survey_roots(&survey, roots, on_found, &c, e);
	if (status->n > 0)
		qsort(status->rows, status->n, sizeof(*status->rows), compare);
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

/* VERDICT_NONE for what is no name of a state. */
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

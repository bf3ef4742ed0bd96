#include "sweep/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct collection {
	struct status *status;
	const struct schedule_policy *schedule;
	unsigned verdicts;
};

static void
on_found(void *ctx, struct finding *f)
{
	const struct collection *c = ctx;
	struct status *status = c->status;
	struct progress *p = &f->progress;
	struct status_row *row;

	status->count[f->verdict]++;
	if (!(c->verdicts & 1U << f->verdict))
		return;
	xgrow((void **)&status->rows, &status->cap, status->n + 1,
	    sizeof(*status->rows));
	row = &status->rows[status->n++];
	*row = (struct status_row){
		.verdict = f->verdict,
		.is_listed = f->is_listed,
		.artifacts = f->artifacts,
		.stored = f->stored,
		.bytes = f->bytes,
		.attempts = p->attempts,
		.next_ms = f->verdict == VERDICT_WAITING
		    ? schedule_due_ms(c->schedule, p)
		    : 0,
		.updated_ms = p->last_event_ms,
	};
	row->session = p->session ? steal(&p->session) : steal(&f->name);
	row->path = steal(&f->path);
	row->room = steal(&p->room);
	row->meeting_id = steal(&p->meeting_id);
	row->why = steal(&f->why);
}

/* Of the same urgency, what has waited longest comes first. */
static int
compare(const void *a, const void *b)
{
	const struct status_row *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict < y->verdict ? -1 : 1;
	if (x->updated_ms != y->updated_ms)
		return x->updated_ms < y->updated_ms ? -1 : 1;
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
		.schedule = &policy->schedule,
		.verdicts = verdicts & ~(1U << VERDICT_NONE),
	};
	struct err why;
	int result = 0;

	*status = (struct status){ 0 };
	for (size_t i = 0; i < roots->n; i++)
		if (survey_root(&survey, roots->items[i], on_found, &c,
			result == 0 ? e : &why) == -1)
			result = -1;
	survey_free(&survey);
	if (status->n > 0)
		qsort(status->rows, status->n, sizeof(*status->rows), compare);
	return result;
}

void
status_free(struct status *status)
{
	for (size_t i = 0; i < status->n; i++) {
		struct status_row *row = &status->rows[i];

		free(row->session);
		free(row->path);
		free(row->room);
		free(row->meeting_id);
		free(row->why);
	}
	free(status->rows);
	*status = (struct status){ 0 };
}

unsigned
status_parse_verdicts(const char *names)
{
	struct text_list list;
	unsigned set = 0;

	text_list_parse(&list, names);
	for (size_t i = 0; i < list.n; i++) {
		unsigned one = 0;

		for (int v = 0; v < VERDICT_NONE; v++)
			if (strcmp(verdict_name((enum verdict)v),
				list.items[i]) == 0)
				one = 1U << v;
		set = one == 0 ? 0 : set | one;
		if (one == 0)
			break;
	}
	text_list_free(&list);
	return set;
}

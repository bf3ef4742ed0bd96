#include "delivery/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "delivery/flight.h"
#include "remote/inventory.h"

enum { NAMED = 5 };

struct verify {
	struct job *job;
	struct verify_result *result;
	struct destination from;
	struct inventory inventory;
	bool is_deep;
	struct err failure; /* the worst reason not to compare */
};

static const char *const words[VERIFY_FINDINGS] = {
	[VERIFY_MISSING] = "missing on the server",
	[VERIFY_SIZE] = "size differs",
	[VERIFY_CONTENT] = "content differs",
	[VERIFY_EXTRA] = "only on the server",
	[VERIFY_TWICE] = "listed twice",
	[VERIFY_FAILED] = "could not be compared",
};

static struct verify_row *
add_row(struct verify *v, enum verify_finding finding, const char *path,
    int64_t size)
{
	struct verify_result *r = v->result;
	struct verify_row *row;

	xgrow((void **)&r->rows, &r->cap, r->n + 1, sizeof(*row));
	row = &r->rows[r->n++];
	*row = (struct verify_row){
		.finding = finding,
		.path = xstrdup(path),
		.size = size,
		.remote_size = -1,
	};
	return row;
}

static struct verify_row *
add_remote_row(struct verify *v, enum verify_finding finding, const char *path,
    int64_t size, const struct remote_record *record)
{
	struct verify_row *row = add_row(v, finding, path, size);

	row->id = xstrdup(record->id);
	row->remote_size = record->size;
	return row;
}

static void
set_failed(struct verify *v, struct verify_row *row, const struct err *e)
{
	row->finding = VERIFY_FAILED;
	row->why = xstrdup(e->text);
	if (err_worse(v->failure.class, e->class) != v->failure.class)
		v->failure = *e;
}

/* Which of the three differs from the others? */
static void
judge(struct verify_row *row, bool is_stored_so)
{
	const char *why = NULL;

	if (strcmp(row->here, row->there) != 0) {
		if (row->stored && strcmp(row->stored, row->there) == 0)
			why = "changed here since it was stored";
		else if (row->stored && strcmp(row->stored, row->here) != 0)
			why = "neither matches what was stored";
		else
			why = "damaged on the server";
	} else if (is_stored_so && row->stored &&
	    strcmp(row->stored, row->here) != 0) {
		why = "both differ from what was stored";
	}
	row->finding = why ? VERIFY_CONTENT : VERIFY_SAME;
	row->why = xstrdup(why);
}

static void
compare_content(struct verify *v, struct verify_row *row,
    const struct artifact *a)
{
	const struct progress *p = &v->job->journal.progress;
	const struct fact *fact = progress_fact(p, a->path);
	char here[DIGEST_HEX_BYTES], there[DIGEST_HEX_BYTES];
	struct err e;

	/* Further comparisons would fail for the same reason. */
	if (v->failure.is_outage || v->failure.class == ERR_INTERRUPTED) {
		set_failed(v, row, &v->failure);
		return;
	}
	if (row->id == NULL) {
		(void)err_set(&e, ERR_PERMANENT, "its record has no usable id");
		set_failed(v, row, &e);
		return;
	}
	if (flight_hash_artifact(&v->job->recording, a, here, &e) == -1 ||
	    destination_hash(&v->from, row->id, row->remote_size, a->size,
		there, &e) == -1) {
		set_failed(v, row, &e);
		return;
	}
	row->here = xstrdup(here);
	row->there = xstrdup(there);
	if (fact)
		row->stored = xstrdup(fact->sha256);
	judge(row, upload_is_stored(p, a));
}

static void
compare_record(struct verify *v, const struct artifact *a,
    const struct remote_record *record)
{
	struct verify_row *row =
	    add_remote_row(v, VERIFY_SAME, a->path, a->size, record);

	if (record->size != -1 && record->size != a->size)
		row->finding = VERIFY_SIZE;
	else if (v->is_deep)
		compare_content(v, row, a);
}

static void
compare_artifact(struct verify *v, const struct artifact *a)
{
	const struct progress *p = &v->job->journal.progress;
	const struct fact *fact = progress_fact(p, a->path);
	struct remote_name remote;
	struct remote_record *records;
	size_t n;

	destination_name(&remote, v->from.policy, p, a->path);
	records = inventory_find(&v->inventory, remote.path, &n);
	remote_name_free(&remote);
	/* The server may keep it under another path. */
	if (records == NULL)
		records =
		    inventory_find_id(&v->inventory, fact ? fact->id : NULL);
	if (records == NULL) {
		(void)add_row(v, VERIFY_MISSING, a->path, a->size);
		return;
	}
	for (size_t i = 0; i < (n ? n : 1); i++) {
		records[i].is_claimed = true;
		compare_record(v, a, &records[i]);
	}
	if (n > 1)
		add_row(v, VERIFY_TWICE, a->path, a->size)->why =
		    xasprintf("%zu records have this path", n);
}

static void
compare_all(struct verify *v)
{
	const struct recording *rec = &v->job->recording;
	const struct inventory *inv = &v->inventory;
	struct err e;

	for (size_t i = 0; i < rec->n; i++)
		compare_artifact(v, &rec->artifacts[i]);
	if (upload_check_shared(rec, &v->job->journal, &e) == -1)
		set_failed(v, add_row(v, VERIFY_FAILED, ".", -1), &e);
	for (size_t i = 0; i < inv->n; i++) {
		const struct remote_record *record = &inv->records[i];

		if (!record->is_claimed)
			(void)add_remote_row(v, VERIFY_EXTRA,
			    record->listed ? record->listed : record->path, -1,
			    record);
	}
	if (rec->trouble.class != ERR_NONE)
		set_failed(v, add_row(v, VERIFY_FAILED, ".", -1),
		    &rec->trouble);
}

/* One error for all differences. */
static int
sum_up(const struct verify *v, struct err *e)
{
	const struct verify_result *r = v->result;
	autobuf struct buf text = { 0 };
	enum err_class worst = v->failure.class;
	size_t bad = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct verify_row *row = &r->rows[i];

		if (row->finding == VERIFY_SAME)
			continue;
		if (row->finding != VERIFY_FAILED)
			worst = err_worse(worst, ERR_PERMANENT);
		if (++bad <= NAMED)
			(void)buf_addf(&text, "%s%s: %s%s%s",
			    bad > 1 ? "; " : "", row->path, words[row->finding],
			    row->why ? ", " : "", row->why ? row->why : "");
	}
	if (bad > NAMED)
		(void)buf_addf(&text, "; and %zu more", bad - NAMED);
	return bad == 0 ? 0 : err_set(e, worst, "%s", buf_str(&text));
}

static int
open_and_ask(struct verify *v, const char *directory, struct err *e)
{
	struct job *job = v->job;
	struct upload_deps deps;
	bool is_refused;

	if (job_open(job, directory, true, e) == -1 ||
	    recording_scan(&job->recording, e) == -1 ||
	    pipeline_prepare(job, false, &deps, e) == -1)
		return -1;
	v->from = deps.to;
	if (inventory_read(&v->inventory, &v->from, &job->journal.progress,
		&is_refused, e) == -1)
		return err_wrap(e, "list");
	return 0;
}

int
verify_run(const char *directory, bool is_deep,
    const struct pipeline_policy *policy, struct verify_result *result,
    struct err *e)
{
	struct job job = { .policy = policy };
	struct verify v = {
		.job = &job,
		.result = result,
		.is_deep = is_deep,
	};
	int outcome;

	*result = (struct verify_result){ 0 };
	outcome = open_and_ask(&v, directory, e);
	result->is_compared = outcome == 0;
	if (outcome == 0) {
		compare_all(&v);
		outcome = sum_up(&v, e);
	}
	result->path = xstrdup(job.recording.path);
	if (job.recording.dirfd != -1)
		result->session = xstrdup(job_session(&job));
	result->room = xstrdup(job_room(&job));
	result->meeting_id = xstrdup(job.journal.progress.meeting_id);
	result->outdated = v.inventory.outdated;
	inventory_free(&v.inventory);
	job_close(&job);
	return outcome;
}

void
verify_result_free(struct verify_result *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->rows[i].path);
		free(r->rows[i].id);
		free(r->rows[i].why);
		free(r->rows[i].here);
		free(r->rows[i].there);
		free(r->rows[i].stored);
	}
	free(r->rows);
	free(r->path);
	free(r->session);
	free(r->room);
	free(r->meeting_id);
	*r = (struct verify_result){ 0 };
}

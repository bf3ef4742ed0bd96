#include "cli/report/report.h"
#include "cli/report/report_show.h"
#include "io/json.h"

static json_t *
json_of_parts(const struct begun *b)
{
	if (b == NULL)
		return json_null();
	return json_pack("{s:o, s:I, s:I}", "uploadId", report_json_text(b->id),
	    "partSize", (json_int_t)b->part_bytes, "stored",
	    (json_int_t)show_parts(b));
}

static json_t *
json_of_artifact(const struct show *s, const char *state, const char *path,
    int64_t size)
{
	static const struct fact nothing;
	const struct progress *p = &s->journal.progress;
	const struct fact *known = progress_fact(p, path);
	const struct fact *fact = known ? known : &nothing;
	bool is_doubt = fact->is_unknown || fact->is_sending;

	return json_pack(
	    "{s:o, s:s, s:I, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:b, s:o}",
	    "path", report_json_text(path), "state", state, "size",
	    (json_int_t)size, "type", report_json_text(fact->type), "id",
	    report_json_text(fact->id), "sha256",
	    report_json_text(fact->sha256), "storedAt",
	    report_json_time(fact->stored_ms), "isWhole", (int)fact->is_whole,
	    "doubtSince", report_json_time(is_doubt ? fact->unknown_ms : 0),
	    "doubtStatus",
	    report_json_number(is_doubt && fact->status > 0, fact->status),
	    "hasOlder", (int)fact->has_older, "parts",
	    json_of_parts(progress_begun(p, path)));
}

struct gone {
	json_t *rows;
	const struct show *show;
};

static void
add_gone(void *ctx, const struct fact *fact)
{
	struct gone *g = ctx;

	if (show_is_gone(g->show, fact))
		(void)json_array_append_new(g->rows,
		    json_of_artifact(g->show, "gone", fact->path, fact->size));
}

static json_t *
json_of_artifacts(const struct show *s)
{
	struct gone gone = { json_array(), s };

	for (size_t i = 0; i < s->recording.n; i++) {
		const struct artifact *a = &s->recording.artifacts[i];

		(void)json_array_append_new(gone.rows,
		    json_of_artifact(s, show_artifact_state(s, a), a->path,
			a->size));
	}
	progress_each(&s->journal.progress, add_gone, &gone);
	return gone.rows;
}

static void
add_outdated(void *rows, const struct outdated *old)
{
	(void)json_array_append_new(rows,
	    json_pack("{s:o, s:o}", "id", report_json_text(old->id), "size",
		report_json_number(old->size != -1, old->size)));
}

static json_t *
json_of_outdated(const struct show *s)
{
	json_t *rows = json_array();

	progress_each_outdated(&s->journal.progress, add_outdated, rows);
	return rows;
}

static json_t *
json_of_skipped(const struct recording *rec)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < rec->n_skipped; i++)
		(void)json_array_append_new(rows,
		    json_pack("{s:o, s:s}", "path",
			report_json_text(rec->skipped[i].path), "why",
			rec->skipped[i].why));
	return rows;
}

static json_t *
json_of_attempts(const struct show *s)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < s->history.n; i++) {
		const struct history_attempt *a = &s->history.attempts[i];
		bool is_failed = a->result == HISTORY_FAILED;

		(void)json_array_append_new(rows,
		    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "result",
			show_result(s, a), "began",
			report_json_time(a->began_ms), "ended",
			report_json_time(a->ended_ms), "host",
			report_json_text(a->host), "class",
			report_json_text(
			    is_failed ? err_class_name(a->class) : NULL),
			"error", report_json_text(a->text), "nextAttempt",
			report_json_time(a->retry_at_ms)));
	}
	return rows;
}

static json_t *
json_of_webhooks(const struct history *h)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < h->n_webhooks; i++) {
		const struct history_webhook *w = &h->webhooks[i];

		(void)json_array_append_new(rows,
		    json_pack("{s:o, s:o, s:o, s:o}", "event",
			report_json_text(w->event), "id",
			report_json_text(w->id), "acknowledged",
			report_json_time(w->at_ms), "timestamp",
			report_json_time(w->moment_ms)));
	}
	return rows;
}

static json_t *
json_of_commands(const struct show *s)
{
	autolist struct text_list heads = { 0 }, commands = { 0 };
	json_t *rows = json_array();

	show_commands(s, &heads, &commands);
	for (size_t i = 0; i < heads.n; i++)
		(void)json_array_append_new(rows,
		    json_pack("{s:o, s:o}", "why",
			report_json_text(heads.items[i]), "command",
			report_json_text(commands.items[i])));
	return rows;
}

static json_t *
json_of_origin(const struct show_part *part)
{
	static const char *const names[] = {
		[FROM_NOWHERE] = NULL,
		[FROM_ARGUMENT] = "argument",
		[FROM_JOURNAL] = "journal",
		[FROM_METADATA] = "metadata",
		[FROM_MEDIA] = "media",
		[FROM_DIRECTORY] = "directory",
	};

	return report_json_text(names[part->from]);
}

static json_t *
json_of_identity(const struct show *s)
{
	const struct progress *p = &s->journal.progress;
	struct show_identity id;

	show_identify(s, &id);
	return json_pack(
	    "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s}",
	    "session", report_json_text(id.session.text), "sessionFrom",
	    json_of_origin(&id.session), "path",
	    report_json_text(s->recording.path), "room",
	    report_json_text(id.room.text), "roomFrom",
	    json_of_origin(&id.room), "overruled",
	    report_json_text(p->overruled), "roomProblem",
	    report_json_text(s->no_room), "meetingId",
	    report_json_text(id.meeting_id.text), "meetingIdFrom",
	    json_of_origin(&id.meeting_id), "archive",
	    report_json_text(p->archive), "traceId", id.trace_id);
}

static json_t *
json_of_state(const struct show *s)
{
	const struct progress *p = &s->journal.progress;
	const struct finding *f = &s->finding;
	int64_t next_ms = f->verdict == VERDICT_WAITING ? f->facts.next_ms : 0;

	return json_pack(
	    "{s:s, s:o, s:o, s:o, s:b, s:I, s:o, s:o, s:I, s:I, s:I}", "state",
	    verdict_name(f->verdict), "lastError", report_json_text(f->why),
	    "nextAttempt", report_json_time(next_ms), "updated",
	    report_json_time(p->last_event_ms), "withheld", (int)p->is_withheld,
	    "damaged", (json_int_t)p->damaged, "stored",
	    report_json_number(f->facts.is_listed, f->facts.stored), "bytes",
	    report_json_number(f->facts.is_listed, f->facts.bytes), "attempts",
	    (json_int_t)p->attempts, "attemptsSummedUp",
	    (json_int_t)show_summed_up(s), "ambiguous",
	    (json_int_t)p->ambiguous);
}

void
report_show_json(const struct show *s)
{
	json_t *json = json_of_identity(s);
	autojson json_t *state = json_of_state(s);

	(void)json_object_update(json, state);
	(void)json_object_set_new(json, "artifacts", json_of_artifacts(s));
	(void)json_object_set_new(json, "superseded", json_of_outdated(s));
	(void)json_object_set_new(json, "skipped",
	    json_of_skipped(&s->recording));
	(void)json_object_set_new(json, "history", json_of_attempts(s));
	(void)json_object_set_new(json, "webhooks",
	    json_of_webhooks(&s->history));
	(void)json_object_set_new(json, "commands", json_of_commands(s));
	report_recording(json);
}

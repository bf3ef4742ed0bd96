#include "cli/report/report_show.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/term.h"
#include "cli/report/remedy.h"
#include "cli/report/report.h"
#include "cli/report/table.h"

/* Keep it to one screen; --json and --log have the rest. */
enum { MOST_ARTIFACTS = 12, MOST_ATTEMPTS = 5, MOST_WEBHOOKS = 5 };

enum { SHA_CHARS = 12, ID_LEAST = 4, ID_CHARS = 36, BEFORE_ID = 37 };

/* A label and its value, wrapped with indentation. */
static void
add_field(struct buf *out, const char *label, const char *value)
{
	size_t at = out->len;

	table_add_wrapped(out, value, "             ", table_width());
	if (out->len > at)
		memcpy(out->data + at + 2, label, strlen(label));
}

static const char *const origins[] = {
	[FROM_NOWHERE] = "",
	[FROM_ARGUMENT] = " (given as an argument)",
	[FROM_JOURNAL] = " (from the journal)",
	[FROM_METADATA] = " (from metadata.json)",
	[FROM_MEDIA] = " (from the media file's name)",
	[FROM_DIRECTORY] = " (from the directory's name)",
};

static void
add_part(struct buf *out, const char *label, const struct show_part *part)
{
	autofree char *text = xasprintf("%s%s",
	    part->text ? part->text : "unknown", origins[part->from]);

	add_field(out, label, text);
}

/* The caller frees it. */
static char *
when(const struct show *s, int64_t at_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (!s->is_utc)
		return table_when(s->now_ms, at_ms);
	clock_rfc3339(at_ms, text);
	return xstrdup(text);
}

static void
add_time(struct buf *out, const struct show *s, const char *label,
    int64_t at_ms)
{
	autofree char *text = when(s, at_ms);

	if (at_ms != 0)
		add_field(out, label, text);
}

/* The command that fixes it follows at the end, for copying. */
static void
add_reason(struct buf *out, const struct show *s)
{
	const struct finding *f = &s->finding;
	autofree char *reason = NULL;

	if (f->why == NULL)
		return;
	reason = f->verdict == VERDICT_HELD && !s->journal.is_damaged
	    ? remedy_reason(f->why, s->recording.path)
	    : xstrdup(f->why);
	table_add_wrapped(out, reason, "  ", table_width());
}

static void
add_head(struct buf *out, const struct show *s)
{
	const struct progress *p = &s->journal.progress;
	const struct finding *f = &s->finding;
	autobuf struct buf line = { 0 };

	(void)buf_addf(&line, "%s: %s",
	    p->session ? p->session : recording_name(&s->recording),
	    verdict_name(f->verdict));
	if (f->verdict == VERDICT_DONE && p->damaged > 0)
		(void)buf_addf(&line, ", %" PRId64 " damaged", p->damaged);
	if (f->verdict == VERDICT_DONE && p->is_withheld)
		(void)buf_adds(&line, ", STOPPED withheld");
	table_add_wrapped(out, buf_str(&line), "", table_width());
	add_reason(out, s);
}

/* The reason why its room is unknown, which is above as why it is held? */
static bool
is_told(const struct show *s, const char *text)
{
	const char *why = s->finding.why;

	return why && s->no_room && strcmp(why, text) == 0 &&
	    strcmp(s->no_room, text) == 0;
}

static void
add_identity(struct buf *out, const struct show *s)
{
	const struct progress *p = &s->journal.progress;
	struct show_identity id;
	autofree char *overruled = identity_join_rooms(p->overruled);

	show_identify(s, &id);
	add_field(out, "directory", s->recording.path);
	add_part(out, "session", &id.session);
	add_part(out, "room", &id.room);
	if (s->no_room && p->overruled == NULL && !is_told(s, s->no_room))
		add_field(out, "", s->no_room);
	if (overruled)
		add_field(out, "files name", overruled);
	add_part(out, "meeting", &id.meeting_id);
	if (p->archive)
		add_field(out, "archive", p->archive);
	if (s->recording.doubt && s->policy.trust == TRUST_ANY)
		add_field(out, "owner", s->recording.doubt);
	add_field(out, "trace id", id.trace_id);
	add_time(out, s, "last event", p->last_event_ms);
	if (s->finding.verdict == VERDICT_WAITING)
		add_time(out, s, "next try", s->finding.facts.next_ms);
}

/* --- artifacts ------------------------------------------------------------ */

/* Releases the text. */
static void
add_detail(struct buf *out, char *text)
{
	table_add_wrapped(out, text, "            ", table_width());
	free(text);
}

static void
add_doubt(struct buf *out, const struct show *s, const struct fact *fact)
{
	autofree char *at = when(s, fact->unknown_ms);
	autofree char *status = fact->status > 0
	    ? xasprintf("HTTP %" PRId64, fact->status)
	    : xstrdup("no answer");

	add_detail(out,
	    xasprintf("sent %s%s, outcome unknown (%s)", s->is_utc ? "at " : "",
		at, status));
}

static void
add_details(struct buf *out, const struct show *s, const struct fact *fact,
    bool is_stored)
{
	if (!is_stored && (fact->is_unknown || fact->is_sending))
		add_doubt(out, s, fact);
	if (fact->has_older)
		add_detail(out,
		    xstrdup("an older version may be at the server"));
}

static void
add_artifact(struct buf *out, const struct show *s, const char *state,
    const char *path, int64_t size)
{
	const struct progress *p = &s->journal.progress;
	const struct fact *fact = progress_fact(p, path);
	const struct begun *b = progress_begun(p, path);
	autofree char *bytes = table_size(size);
	autofree char *sha =
	    text_escape(fact && fact->sha256 ? fact->sha256 : "-");
	autofree char *id = text_escape(fact && fact->id ? fact->id : "-");
	size_t len = strlen(id);
	bool is_long = len > ID_CHARS || len + BEFORE_ID > table_width();
	autofree char *cells = xasprintf("  %-7s %13s %-*.*s %-*s", state,
	    bytes, SHA_CHARS, SHA_CHARS, sha, ID_LEAST, is_long ? "-" : id);

	table_add_row(out, cells, path, NULL, "");
	if (fact && is_long)
		add_detail(out, xasprintf("id %s", fact->id));
	if (fact)
		add_details(out, s, fact, strcmp(state, "stored") == 0);
	if (b && b->part_bytes > 0)
		add_detail(out,
		    xasprintf("%zu of %" PRId64 " parts are at the server",
			show_parts(b),
			size / b->part_bytes + (size % b->part_bytes != 0)));
}

struct gone {
	struct buf *out;
	const struct show *show;
	size_t shown, left;
};

static void
add_gone(void *ctx, const struct fact *fact)
{
	struct gone *g = ctx;

	if (!show_is_gone(g->show, fact))
		return;
	if (g->shown++ < MOST_ARTIFACTS)
		add_artifact(g->out, g->show, "gone", fact->path, fact->size);
	else
		g->left++;
}

static void
add_left(struct buf *out, size_t n, const char *what)
{
	if (n > 0)
		(void)buf_addf(out, "  and %zu more %s\n", n, what);
}

/* First those that are not stored. */
static size_t
add_those(struct buf *out, const struct show *s, bool is_stored, size_t *shown)
{
	const struct recording *rec = &s->recording;
	size_t left = 0;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];

		if (upload_is_stored(&s->journal.progress, a) != is_stored)
			continue;
		if (*shown < MOST_ARTIFACTS)
			add_artifact(out, s, show_artifact_state(s, a), a->path,
			    a->size);
		else
			left++;
		(*shown)++;
	}
	return left;
}

static void
add_skipped(struct buf *out, const struct recording *rec)
{
	for (size_t i = 0; i < rec->n_skipped && i < MOST_ARTIFACTS; i++) {
		autofree char *text = xasprintf("skipped %s: %s",
		    rec->skipped[i].path, rec->skipped[i].why);

		table_add_wrapped(out, text, "  ", table_width());
	}
	if (rec->n_skipped > MOST_ARTIFACTS)
		add_left(out, rec->n_skipped - MOST_ARTIFACTS, "skipped");
	for (size_t i = 0; i < rec->doubts.n && i < MOST_ARTIFACTS; i++)
		table_add_wrapped(out, rec->doubts.items[i], "  ",
		    table_width());
	if (rec->trouble.class != ERR_NONE)
		table_add_wrapped(out, rec->trouble.text, "  ", table_width());
}

static void
add_outdated(void *ctx, const struct outdated *old)
{
	struct buf *ids = ctx;

	(void)buf_addf(ids, "%s%s", ids->len ? ", " : "superseded: ", old->id);
}

static void
add_artifacts(struct buf *out, const struct show *s)
{
	const struct finding_facts *f = &s->finding.facts;
	autobuf struct buf ids = { 0 };
	struct gone gone = { .out = out, .show = s };
	size_t shown = 0, left;

	(void)buf_addf(out,
	    "\nArtifacts: %" PRId64 " of %" PRId64 " stored, %" PRId64
	    " bytes\n",
	    f->stored, f->artifacts, f->bytes);
	(void)buf_addf(out, "  %-7s %13s %-*s %-*s %s\n", "STATE", "BYTES",
	    SHA_CHARS, "SHA-256", ID_LEAST, "ID", "NAME");
	left = add_those(out, s, false, &shown);
	add_left(out, left, "not stored; see --json");
	left = add_those(out, s, true, &shown);
	add_left(out, left, "stored; see --json");
	progress_each(&s->journal.progress, add_gone, &gone);
	add_left(out, gone.left, "gone; see --json");
	progress_each_outdated(&s->journal.progress, add_outdated, &ids);
	table_add_wrapped(out, buf_str(&ids), "  ", table_width());
	add_skipped(out, &s->recording);
}

/* --- attempts ------------------------------------------------------------- */

static void
add_attempt(struct buf *line, const struct show *s,
    const struct history_attempt *a)
{
	int64_t took_ms =
	    a->began_ms && a->ended_ms ? a->ended_ms - a->began_ms : -1;
	autofree char *at = when(s, a->began_ms ? a->began_ms : a->ended_ms);

	(void)buf_addf(line, "%s%s %s", at, s->is_utc ? "" : ":",
	    show_result(s, a));
	if (a->result == HISTORY_FAILED)
		(void)buf_addf(line, " (%s)", err_class_name(a->class));
	if (took_ms >= 0)
		(void)buf_addf(line, " after %.1f s", (double)took_ms / 1000);
	if (a->host && *a->host)
		(void)buf_addf(line, " on %s", a->host);
	if (a->text && !s->is_utc && is_told(s, a->text))
		(void)buf_adds(line, ": see above");
	else if (a->text)
		(void)buf_addf(line, ": %s", a->text);
}

static void
add_attempts(struct buf *out, const struct show *s)
{
	const struct history *h = &s->history;
	int64_t summed_up = show_summed_up(s);
	size_t first = h->n > MOST_ATTEMPTS ? h->n - MOST_ATTEMPTS : 0;

	(void)buf_addf(out, "\nAttempts: %" PRId64 "\n",
	    s->journal.progress.attempts);
	if (summed_up > 0)
		(void)buf_addf(out,
		    "  %" PRId64 " earlier ones are only counted in the "
		    "journal\n",
		    summed_up);
	if (first > 0)
		(void)buf_addf(out, "  %zu earlier ones: see --log\n", first);
	for (size_t i = first; i < h->n; i++) {
		autobuf struct buf line = { 0 };

		add_attempt(&line, s, &h->attempts[i]);
		table_add_wrapped(out, buf_str(&line), "  ", table_width());
	}
}

static void
add_webhooks(struct buf *out, const struct show *s)
{
	const struct history *h = &s->history;
	size_t n = h->n_webhooks;
	size_t first = n > MOST_WEBHOOKS ? n - MOST_WEBHOOKS : 0;

	(void)buf_adds(out, "\nWebhooks acknowledged:");
	if (n == 0)
		(void)buf_adds(out, " none");
	(void)buf_adds(out, "\n");
	if (first > 0)
		(void)buf_addf(out, "  %zu earlier ones: see --json\n", first);
	for (size_t i = first; i < n; i++) {
		const struct history_webhook *w = &h->webhooks[i];
		autofree char *at = when(s, w->at_ms);
		autofree char *line =
		    xasprintf("%s%s %s %s", at, s->is_utc ? "" : ":",
			w->event ? w->event : "?", w->id ? w->id : "-");

		table_add_wrapped(out, line, "  ", table_width());
	}
}

static void
add_commands(struct buf *out, const struct show *s)
{
	autolist struct text_list heads = { 0 }, commands = { 0 };

	show_commands(s, &heads, &commands);
	for (size_t i = 0; i < heads.n; i++) {
		autofree char *safe =
		    term_text(STDOUT_FILENO, commands.items[i]);

		(void)buf_addf(out, "%s%s:\n  %s\n", i ? "" : "\n",
		    heads.items[i], safe);
	}
}

void
report_show(const struct show *s)
{
	autobuf struct buf out = { 0 };

	add_head(&out, s);
	(void)buf_adds(&out, "\n");
	add_identity(&out, s);
	add_artifacts(&out, s);
	add_attempts(&out, s);
	add_webhooks(&out, s);
	add_commands(&out, s);
	log_result(buf_str(&out));
}

void
report_show_log(const struct show *s)
{
	autobuf struct buf out = { 0 };

	for (size_t i = 0; i < s->history.n; i++) {
		autobuf struct buf line = { 0 };
		autofree char *safe = NULL;

		add_attempt(&line, s, &s->history.attempts[i]);
		safe = term_text(STDOUT_FILENO, buf_str(&line));
		(void)buf_addf(&out, "%s\n", safe);
	}
	log_result(buf_str(&out));
}

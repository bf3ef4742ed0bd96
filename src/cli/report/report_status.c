#include "cli/report/report.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/term.h"
#include "cli/report/table.h"

enum {
	LEAST_WIDTH = 40,
	STATE = 8,
	SIZE = 5,
	STORED = 7,
	TRIES = 5,
	ROOM = 14,
	SESSION = 36,
};

struct screen {
	int width, session, room;
	bool is_colored;
};

static struct screen
screen_of(const struct status *status)
{
	struct screen s = { .width = TABLE_WIDTH, .session = 7 };
	size_t columns = term_size(STDOUT_FILENO).columns;

	if (columns >= LEAST_WIDTH)
		s.width = (int)columns;
	s.is_colored = term_has_color(STDOUT_FILENO);
	for (size_t i = 0; i < status->n; i++) {
		int length = (int)strlen(status->rows[i].session);

		s.session = length > s.session ? length : s.session;
	}
	if (s.session > SESSION)
		s.session = SESSION;
	s.room = s.width - STATE - SIZE - STORED - TRIES - 5 - s.session;
	if (s.room < 4) {
		s.session += s.room - 4;
		s.room = 4;
	}
	return s;
}

/* Cut to so many columns, which shows by a tilde. */
static void
add_cell(struct buf *out, const char *text, int width)
{
	autofree char *safe = text_escape(text ? text : "-");
	bool is_cut = (int)strlen(safe) > width;

	(void)buf_addf(out, "%-*.*s%s ", is_cut ? width - 1 : width,
	    is_cut ? width - 1 : width, safe, is_cut ? "~" : "");
}

/* Four digits and a unit at most: 999, 9.9k, 512M. */
static void
format_size(int64_t bytes, char text[SIZE + 1])
{
	static const char units[] = " kMGTPE";
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 999.5 && unit + 2 < sizeof(units)) {
		value /= 1024;
		unit++;
	}
	if (unit == 0)
		(void)snprintf(text, SIZE + 1, "%" PRId64, bytes);
	else
		(void)snprintf(text, SIZE + 1, "%.*f%c", value < 9.95 ? 1 : 0,
		    value, units[unit]);
}

static const char *
color_of(enum verdict verdict)
{
	static const char *const colors[VERDICTS] = {
		[VERDICT_HELD] = "\033[31m",
		[VERDICT_WAITING] = "\033[33m",
		[VERDICT_DUE] = "\033[33m",
		[VERDICT_DONE] = "\033[32m",
	};

	return colors[verdict] ? colors[verdict] : "";
}

static void
add_head(struct buf *out, const struct screen *s)
{
	(void)buf_addf(out, "%-*s %-*s %-*s %*s %*s %*s\n", STATE, "STATE",
	    s->session, "SESSION", s->room, "ROOM", SIZE, "SIZE", STORED,
	    "STORED", TRIES, "TRIES");
}

static void
add_first_line(struct buf *out, const struct screen *s,
    const struct finding *row)
{
	char size[SIZE + 1] = "?";
	autofree char *stored = row->facts.is_listed
	    ? xasprintf("%" PRId64 "/%" PRId64, row->facts.stored,
		  row->facts.artifacts)
	    : xstrdup("?");

	if (row->facts.is_listed)
		format_size(row->facts.bytes, size);
	if (s->is_colored)
		(void)buf_adds(out, color_of(row->verdict));
	(void)buf_addf(out, "%-*s ", STATE, verdict_name(row->verdict));
	if (s->is_colored)
		(void)buf_adds(out, "\033[0m");
	add_cell(out, row->session, s->session);
	add_cell(out, row->room, s->room);
	(void)buf_addf(out, "%*s %*s %*" PRId64 "\n", SIZE, size, STORED,
	    stored, TRIES, row->facts.attempts);
}

static void
add_reason(struct buf *out, const struct screen *s, const struct finding *row)
{
	autobuf struct buf line = { 0 };
	char at[CLOCK_TEXT_BYTES];

	if (row->facts.next_ms > 0) {
		clock_rfc3339(row->facts.next_ms, at);
		(void)buf_addf(&line, "next try at %s%s", at,
		    row->why ? "; " : "");
	}
	if (row->why)
		(void)buf_adds(&line, row->why);
	if (row->facts.damaged > 0)
		(void)buf_addf(&line, "done, %" PRId64 " damaged",
		    row->facts.damaged);
	table_add_wrapped(out, buf_str(&line), "         ", s->width);
}

static void
add_counts(struct buf *out, const size_t count[VERDICTS])
{
	autobuf struct buf line = { 0 };

	for (int v = 0; v < VERDICT_NONE; v++)
		table_add_count(&line, count[v], verdict_name((enum verdict)v),
		    false);
	(void)buf_addf(out, "%s\n", line.len ? line.data : "no recordings");
}

/* One command for each that is held, on a line of its own: to be copied. */
static void
add_next_steps(struct buf *out, const struct status *status)
{
	const char *head = "Held: fix the cause, then run:\n";

	for (size_t i = 0; i < status->n; i++) {
		const struct finding *row = &status->rows[i];
		const char *own = report_command(row->why);
		autofree char *word = text_shell_word(row->path);
		autofree char *upload =
		    xasprintf("jibri-finalize upload %s", word);
		autofree char *safe = text_escape(own ? own : upload);

		if (row->verdict != VERDICT_HELD)
			continue;
		(void)buf_addf(out, "%s  %s\n", head, safe);
		head = "";
	}
}

void
report_status(const struct status *status)
{
	struct screen s = screen_of(status);
	autobuf struct buf out = { 0 };

	if (status->n > 0)
		add_head(&out, &s);
	for (size_t i = 0; i < status->n; i++) {
		add_first_line(&out, &s, &status->rows[i]);
		add_reason(&out, &s, &status->rows[i]);
	}
	add_counts(&out, status->count);
	if (isatty(STDOUT_FILENO))
		add_next_steps(&out, status);
	log_result(buf_str(&out));
}

static json_t *
json_of_time(int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (unix_ms == 0)
		return json_null();
	clock_rfc3339(unix_ms, text);
	return json_string(text);
}

void
report_status_json(const struct status *status)
{
	json_t *array = json_array();

	for (size_t i = 0; i < status->n; i++) {
		const struct finding *row = &status->rows[i];
		const struct finding_facts *f = &row->facts;

		(void)json_array_append_new(array,
		    json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, "
			      "s:I, s:o, s:o, s:o, s:b, s:I}",
			"session", report_json_text(row->session), "path",
			report_json_text(row->path), "room",
			report_json_text(row->room), "meetingId",
			report_json_text(row->meeting_id), "state",
			verdict_name(row->verdict), "artifacts",
			report_json_number(f->is_listed, f->artifacts),
			"stored", report_json_number(f->is_listed, f->stored),
			"bytes", report_json_number(f->is_listed, f->bytes),
			"attempts", (json_int_t)f->attempts, "damaged",
			(json_int_t)f->damaged, "nextAttempt",
			json_of_time(f->next_ms), "lastError",
			report_json_text(row->why), "updated",
			json_of_time(f->last_event_ms), "live", (int)f->is_live,
			"sentAhead", (json_int_t)f->ahead));
	}
	report_json(array);
}

/* Those delivered by this sweep were not done when it looked. */
static size_t
still_done(const struct sweep_result *r)
{
	size_t done = r->found[VERDICT_DONE] + r->removed_new;

	return done > r->removed ? done - r->removed : 0;
}

void
report_sweep(const struct sweep_result *r)
{
	size_t waiting = r->found[VERDICT_WAITING] + r->failed + r->left;
	size_t held = r->found[VERDICT_HELD] + r->newly_held - r->tried_held;
	autobuf struct buf out = { 0 };

	table_add_count(&out, r->delivered, "delivered", true);
	table_add_count(&out, waiting, "waiting", true);
	table_add_count(&out, held, "held", true);
	table_add_count(&out, r->found[VERDICT_BUSY] + r->busy, "busy", false);
	table_add_count(&out, r->found[VERDICT_SETTLING], "settling", false);
	table_add_count(&out, r->found[VERDICT_GIVEN_UP], "given-up", false);
	table_add_count(&out, still_done(r), "done", true);
	table_add_count(&out, r->removed, "removed", false);
	(void)buf_adds(&out, "\n");
	log_result(buf_str(&out));
}

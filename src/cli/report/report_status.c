#include "cli/report/report.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/term.h"
#include "cli/report/remedy.h"
#include "cli/report/table.h"
#include "sweep/pause.h"

enum { SIZE = 5, SHORT_TIME = 16, AGE = 5, COLUMNS = 7 };

/* The page being printed. */
struct page {
	const struct status *status;
	const struct status_view *view;
	struct table_column columns[COLUMNS];
	struct table table;
	size_t width;
	char indent[16]; /* of second lines */
	bool is_colored;
	size_t helped; /* so many rows have their commands below */
};

/* At most four digits and a unit: 999, 9.9k, 512M. */
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

static const char *const colors[VERDICTS] = {
	[VERDICT_HELD] = "\033[31m",
	[VERDICT_WAITING] = "\033[33m",
	[VERDICT_DUE] = "\033[33m",
	[VERDICT_DONE] = "\033[32m",
};

/* "2026-11-22T21:47Z" */
static char *
show_moment(int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];

	clock_rfc3339(unix_ms, text);
	return xasprintf("%.*sZ", SHORT_TIME, text);
}

static char *
show_age(const struct page *p, const struct finding *row)
{
	int64_t since_ms = status_since_ms(row);

	if (since_ms == 0)
		return NULL;
	return p->view->is_utc ? show_moment(since_ms)
			       : table_duration(p->status->now_ms - since_ms);
}

static char *
show_next(const struct page *p, const struct finding *row)
{
	int64_t left_ms = row->facts.next_ms - p->status->now_ms;
	autofree char *left = table_duration(left_ms);

	if (row->verdict == VERDICT_DUE)
		return xstrdup("now");
	if (row->facts.next_ms == 0)
		return NULL;
	return p->view->is_utc ? show_moment(row->facts.next_ms)
			       : xasprintf("in %s", left);
}

static void
add_row(struct page *p, const struct finding *row)
{
	char size[SIZE + 1] = "?";
	autofree char *stored = row->facts.is_listed
	    ? xasprintf("%" PRId64 "/%" PRId64, row->facts.stored,
		  row->facts.artifacts)
	    : xstrdup("?");
	autofree char *age = show_age(p, row), *next = show_next(p, row);

	if (row->facts.is_listed)
		format_size(row->facts.bytes, size);
	table_add_cell(&p->table, verdict_name(row->verdict));
	table_add_cell(&p->table, row->session);
	table_add_cell(&p->table, row->room);
	table_add_cell(&p->table, size);
	table_add_cell(&p->table, stored);
	table_add_cell(&p->table, age);
	table_add_cell(&p->table, next);
}

static void
layout(struct page *p)
{
	static const struct table_column columns[COLUMNS] = {
		{ .head = "STATE" },
		{ .head = "SESSION", .most = 36, .least = 8 },
		{ .head = "ROOM", .least = 4 },
		{ .head = "SIZE", .is_right = true },
		{ .head = "STORED", .is_right = true },
		[AGE] = { .head = "AGE", .is_right = true },
		{ .head = "NEXT" },
	};
	p->width = term_size(STDOUT_FILENO).columns;
	if (p->width < TABLE_WIDTH)
		p->width = table_width();
	/* After a full last column the terminal clears nothing. */
	p->width -= p->view->rows > 0;
	p->is_colored = term_has_color(STDOUT_FILENO);
	p->table.columns = p->columns;
	p->table.n = COLUMNS;
	memcpy(p->columns, columns, sizeof(columns));
	if (p->view->is_utc)
		p->columns[AGE].head = "SINCE";
	for (size_t i = 0; i < p->status->n; i++)
		add_row(p, &p->status->rows[i]);
	table_fit(&p->table, p->width);
	(void)snprintf(p->indent, sizeof(p->indent), "%*s",
	    (int)p->table.widths[0] + 1, "");
}

/* "3 tries, the last 5 m ago: " */
static void
add_tries(struct buf *line, const struct page *p, const struct finding *row)
{
	const struct finding_facts *f = &row->facts;
	autofree char *age =
	    table_duration(p->status->now_ms - f->last_event_ms);
	autofree char *moment = show_moment(f->last_event_ms);

	if (f->attempts == 0 || row->verdict > VERDICT_DUE)
		return;
	if (f->attempts > 1)
		(void)buf_addf(line, "%" PRId64 " tries, the last ",
		    f->attempts);
	else
		(void)buf_adds(line, "tried ");
	if (p->view->is_utc)
		(void)buf_addf(line, "at %s: ", moment);
	else
		(void)buf_addf(line, "%s ago: ", age);
}

static void
add_reason(struct buf *out, const struct page *p, const struct finding *row)
{
	autobuf struct buf line = { 0 };
	bool is_helped = row->verdict == VERDICT_HELD && row->why &&
	    row < p->status->rows + p->helped;
	autofree char *reason =
	    is_helped ? remedy_reason(row->why, row->path) : NULL;

	if (row->why) {
		add_tries(&line, p, row);
		(void)buf_adds(&line, reason ? reason : row->why);
	}
	if (row->facts.damaged > 0)
		(void)buf_addf(&line, "done, %" PRId64 " damaged",
		    row->facts.damaged);
	table_add_wrapped(out, buf_str(&line), p->indent, p->width);
}

static size_t
lines_of(const char *text)
{
	size_t n = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		n++;
	return n;
}

/* How many rows fit above the last two lines and the commands. */
static size_t
add_rows(struct buf *out, const struct page *p, size_t below)
{
	size_t lines = 1 + below;

	for (size_t i = 0; i < p->status->n; i++) {
		const struct finding *row = &p->status->rows[i];
		autobuf struct buf text = { 0 };

		table_add_cells(&text, &p->table, i,
		    p->is_colored ? colors[row->verdict] : NULL);
		add_reason(&text, p, row);
		lines += lines_of(text.data);
		if (p->view->rows > 0 && lines + 2 > p->view->rows)
			return i;
		(void)buf_adds(out, text.data);
	}
	return p->status->n;
}

static void
add_counts(struct buf *out, const struct status *status)
{
	autobuf struct buf line = { 0 };

	for (int v = 0; v < VERDICT_NONE; v++)
		table_add_count(&line, status->count[v],
		    verdict_name((enum verdict)v), false);
	(void)buf_adds(out, line.len ? line.data : "no recordings");
}

/* Only the terminal breaks it; returns its lines there. */
static size_t
add_command(struct buf *out, const struct page *p, const char *command)
{
	autofree char *safe = term_text(STDOUT_FILENO, command);

	(void)buf_addf(out, "  %s\n", safe);
	return 1 + (text_columns(safe) + 1) / p->width;
}

/* Its commands, without their head. */
static enum remedy_kind
add_step(struct buf *out, const struct page *p, const struct finding *row,
    size_t *lines)
{
	autoremedy struct remedy r = { 0 };

	remedy_of(&r, row, row->path);
	*lines = r.fix ? add_command(out, p, r.fix) : 0;
	*lines += add_command(out, p, r.command);
	return r.kind;
}

/* A process of another host is not doubted before it is late. */
static bool
needs_step(const struct page *p, const struct finding *row)
{
	return remedy_is_needed(row) &&
	    (row->verdict != VERDICT_BUSY ||
		status_level_of(row, p->status->now_ms) != STATUS_OK);
}

static bool
ends_with(const struct buf *out, const struct buf *step)
{
	const char *text = buf_str(out);

	return out->len >= step->len &&
	    strcmp(text + out->len - step->len, buf_str(step)) == 0;
}

/* The steps of each kind; returns the lines, with a head for each kind. */
static size_t
collect_steps(struct buf steps[REMEDIES], struct page *p)
{
	const struct status *status = p->status;
	size_t most = p->view->rows ? p->view->rows / 2 : SIZE_MAX, lines = 0;

	for (; p->helped < status->n; p->helped++) {
		const struct finding *row = &status->rows[p->helped];
		autobuf struct buf step = { 0 };
		struct buf *same;
		size_t more;

		if (!needs_step(p, row))
			continue;
		same = &steps[add_step(&step, p, row, &more)];
		if (ends_with(same, &step))
			continue;
		more += same->len == 0;
		if (lines + more >= most)
			break;
		(void)buf_adds(same, step.data);
		lines += more;
	}
	return lines;
}

/*
 * For each recording that needs an operator, the commands to copy; on a page
 * that is drawn again, at most as fit on half of it.  Returns the lines.
 */
static size_t
add_steps(struct buf *out, struct page *p)
{
	static const char *const heads[REMEDIES] = {
		[REMEDY_DELIVER] = "Held: fix the cause, then run:",
		[REMEDY_FIX] = "Held: fix and deliver with:",
		[REMEDY_ANNOUNCE] = "Held: announce as it is with:",
		[REMEDY_LOOK] = "Unreadable: look as the owner with:",
		[REMEDY_CHECK] = "Find what to fix with:",
		[REMEDY_RELEASE] =
		    "Busy: if that host is gone, release its lock with:",
	};
	struct buf steps[REMEDIES] = { 0 };
	size_t lines = collect_steps(steps, p);

	for (size_t k = 0; k < REMEDIES; k++) {
		if (steps[k].len > 0)
			(void)buf_addf(out, "%s\n%s", heads[k], steps[k].data);
		buf_free(&steps[k]);
	}
	if (p->helped == p->status->n)
		return lines;
	(void)buf_adds(out, "For more, leave out --watch.\n");
	return lines + 1;
}

void
report_status(struct buf *out, const struct status *status,
    const struct status_view *view)
{
	struct page p = { .status = status, .view = view };
	autobuf struct buf steps = { 0 };
	size_t left = status->left, below;

	layout(&p);
	below = add_steps(&steps, &p);
	if (status->n > 0)
		table_add_head(out, &p.table);
	left += status->n - add_rows(out, &p, below);
	if (left > 0)
		(void)buf_addf(out, "and %zu more, %s\n", left,
		    view->rows > 0 ? "not shown" : "see --limit");
	add_counts(out, status);
	(void)buf_addf(out, "\n%s", buf_str(&steps));
	table_free(&p.table);
}

static bool
is_named(const struct status *status, size_t i)
{
	const struct finding *row = &status->rows[i];

	return row->verdict == VERDICT_GIVEN_UP ||
	    status_level_of(row, status->now_ms) == status_level(status);
}

/* As many as fit on one line; the first is cut if it must be. */
static void
add_sessions(struct buf *line, const struct status *status)
{
	enum { LEAST = 12, DOTS = 3 };
	size_t left = 0, named = 0, used;

	for (size_t i = 0; i < status->n; i++)
		left += is_named(status, i);
	for (size_t i = 0; i < status->n && left > 0; i++) {
		autofree char *session =
		    term_text(STDOUT_FILENO, status->rows[i].session);
		autofree char *more = xasprintf(" and %zu more", left - 1);
		size_t taken = text_columns(line->data) + 2 +
		    (left > 1 ? strlen(more) : 0);
		bool is_cut = taken + text_columns(session) > TABLE_WIDTH;

		if (!is_named(status, i))
			continue;
		if (is_cut && (named > 0 || taken + LEAST > TABLE_WIDTH))
			break;
		if (is_cut)
			session[text_fit(session, TABLE_WIDTH - taken - DOTS,
			    &used)] = '\0';
		(void)buf_addf(line, "%s %s%s", named++ ? "" : ":", session,
		    is_cut ? "..." : "");
		left--;
	}
	if (left > 0 && named > 0)
		(void)buf_addf(line, " and %zu more", left);
}

static void
add_alarms(struct buf *counts, const struct status *status,
    enum status_level level)
{
	autofree char *late = xasprintf("undelivered for over %d h",
	    level == STATUS_CRITICAL ? STATUS_LOST_H : STATUS_LATE_H);

	table_add_count(counts, status->count[VERDICT_HELD],
	    verdict_name(VERDICT_HELD), false);
	table_add_count(counts, status->undelivered[level], late, false);
	table_add_count(counts, status->count[VERDICT_GIVEN_UP],
	    verdict_name(VERDICT_GIVEN_UP), false);
}

void
report_status_check(const struct status *status, const struct text_list *roots)
{
	static const char *const names[STATUS_LEVELS] = {
		[STATUS_OK] = "OK",
		[STATUS_WARNING] = "WARNING",
		[STATUS_CRITICAL] = "CRITICAL",
	};
	enum status_level level = status_level(status);
	autobuf struct buf line = { 0 };

	(void)buf_addf(&line, "%s - ", names[level]);
	if (level == STATUS_OK) {
		add_counts(&line, status);
	} else {
		autobuf struct buf counts = { 0 };

		add_alarms(&counts, status, level);
		(void)buf_adds(&line, counts.data);
	}
	if (pause_count(roots) > 0)
		(void)buf_adds(&line, ", paused");
	if (level != STATUS_OK)
		add_sessions(&line, status);
	(void)buf_adds(&line, "\n");
	log_result(line.data);
}

void
report_status_json(const struct status *status)
{
	json_t *array = json_array();

	for (size_t i = 0; i < status->n; i++) {
		const struct finding *row = &status->rows[i];
		const struct finding_facts *f = &row->facts;
		int64_t since_ms = status_since_ms(row);

		(void)json_array_append_new(array,
		    json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, "
			      "s:I, s:o, s:o, s:o, s:b, s:I, s:o}",
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
			report_json_time(f->next_ms), "lastError",
			report_json_text(row->why), "updated",
			report_json_time(f->last_event_ms), "live",
			(int)f->is_live, "sentAhead", (json_int_t)f->ahead,
			"age",
			report_json_number(since_ms > 0,
			    (status->now_ms - since_ms) / 1000)));
	}
	report_set("recordings", array);
}

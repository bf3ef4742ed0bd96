#include "cli/report/meter.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

enum {
	MEMORY_MS = 4000,      /* of a rate */
	LOG_MS = 30000,        /* between two lines about an artifact */
	LEAST_NAME = 16,       /* columns; narrower names cost a number */
	GUESS_AFTER_MS = 1500, /* until then an estimate would be wrong */
};

/* Rates */

static void
rate_add(struct meter_rate *r, int64_t bytes, int64_t ms)
{
	double keep = (double)MEMORY_MS / (double)(MEMORY_MS + ms);

	r->bytes = r->bytes * keep + (double)bytes;
	r->ms = r->ms * keep + (double)ms;
}

static double
rate_of(const struct meter_rate *r)
{
	return r->ms > 0 ? r->bytes * 1000 / r->ms : 0;
}

static int64_t
done_bytes(const struct watch_view *v)
{
	int64_t bytes = v->stored_bytes;

	for (size_t i = 0; i < v->n_flights; i++)
		bytes += v->flights[i].acknowledged;
	return bytes < v->bytes ? bytes : v->bytes;
}

void
meter_note(struct meter *m, const struct watch_view *v, int64_t now_ms)
{
	int64_t done = done_bytes(v);

	/* What a failed try had sent must be sent again: it is not progress. */
	if (m->looked_ms != 0)
		rate_add(&m->rate,
		    done > m->done_bytes ? done - m->done_bytes : 0,
		    now_ms - m->looked_ms);
	m->done_bytes = done;
	m->looked_ms = now_ms;
}

/* Numbers for people */

static const struct {
	double bytes;
	const char *name;
} units[] = {
	{ 1, "B" },
	{ 1024, "KiB" },
	{ 1048576, "MiB" },
	{ 1073741824, "GiB" },
	{ 1099511627776, "TiB" },
};

static size_t
unit_of(double bytes)
{
	size_t unit = 0;

	while (unit + 1 < sizeof(units) / sizeof(units[0]) &&
	    bytes > units[unit + 1].bytes * 0.9995)
		unit++;
	return unit;
}

static char *
show_amounts(int64_t part, int64_t whole)
{
	size_t unit = unit_of((double)whole);
	int digits = unit > 0;

	return xasprintf("%5.*f of %.*f %s", digits,
	    (double)part / units[unit].bytes, digits,
	    (double)whole / units[unit].bytes, units[unit].name);
}

static char *
show_rate(double rate)
{
	size_t unit = unit_of(rate);

	return xasprintf("%5.*f %s/s", unit > 0, rate / units[unit].bytes,
	    units[unit].name);
}

static char *
show_time(int64_t ms)
{
	int64_t s = (ms + 999) / 1000;

	if (s < 60)
		return xasprintf("%" PRId64 "s", s);
	if (s < 3600)
		return xasprintf("%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	return xasprintf("%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
}

/* Empty while unknown. */
static char *
show_left(int64_t bytes, const struct meter_rate *r)
{
	double rate = rate_of(r);
	autofree char *time = NULL;

	if (r->ms < GUESS_AFTER_MS || rate < 1 ||
	    (double)bytes / rate > 100 * 3600)
		return xstrdup("");
	time = show_time((int64_t)((double)bytes * 1000 / rate));
	return xasprintf("  %s left", time);
}

/* Rounded down, so that 100 means all of it. */
static int
percent_of(int64_t part, int64_t whole)
{
	return whole > 0 ? (int)((double)part * 100 / (double)whole) : 100;
}

/* Lines */

enum { DETAILS = 3 }; /* each narrower than the last */

/* Alternative texts after the name; the first that fits is used. */
struct details {
	char *texts[DETAILS];
};

static void
free_details(struct details *d)
{
	for (int i = 0; i < DETAILS; i++)
		mem_free_pointer(&d->texts[i]);
}

/* Cut in the middle: beginning and end of a name say the most. */
static void
add_name(struct buf *out, const char *name, size_t width)
{
	size_t all = text_columns(name), head = width, used = 0, skipped;

	if (all > width && width >= 5)
		head = (width - 2) / 2;
	(void)buf_add(out, name, text_fit(name, head, &used));
	if (head < width) {
		/* What is left must fit after the dots. */
		name += text_fit(name, all - (width - 2 - used), &skipped);
		if (all - skipped > width - 2 - used)
			name += text_utf8_length(name);
		(void)buf_addf(out, "..%s", name);
		used += 2 + text_columns(name);
	}
	(void)buf_addf(out, "%*s", (int)(width - used), "");
}

/* Use narrower details until this much of the name is visible. */
static void
add_line(struct buf *out, const char *name, size_t least,
    const struct details *d, size_t columns)
{
	size_t width = columns - 1, want = text_columns(name);
	int i = 0;

	if (want > least)
		want = least;
	while (i < DETAILS - 1 && want + 1 + strlen(d->texts[i]) > width)
		i++;
	if (strlen(d->texts[i]) + 2 > width) {
		add_name(out, name, width);
	} else {
		add_name(out, name, width - 1 - strlen(d->texts[i]));
		(void)buf_addf(out, " %s", d->texts[i]);
	}
	(void)buf_adds(out, "\n");
}

static void
describe_storing(struct details *d, const struct watch_flight *f,
    int64_t now_ms)
{
	autofree char *time = show_time(now_ms - f->sent_ms);

	d->texts[0] = xasprintf("all sent, the server is storing it, %s", time);
	d->texts[1] = xasprintf("storing %s", time);
	d->texts[2] = xstrdup("stores");
}

static void
describe_bytes(struct details *d, int64_t part, int64_t whole,
    const struct meter_rate *r, bool is_moving, const char *tries)
{
	int percent = percent_of(part, whole);
	autofree char *amounts = show_amounts(part, whole);
	autofree char *rate = show_rate(rate_of(r));
	autofree char *left =
	    is_moving ? show_left(whole - part, r) : xstrdup("");

	d->texts[0] = xasprintf("%3d %%  %s  %s%s%s", percent, amounts, rate,
	    left, tries);
	d->texts[1] = xasprintf("%3d %%  %s%s%s", percent, rate, left, tries);
	d->texts[2] = xasprintf("%3d %%", percent);
}

static void
describe_flight(struct details *d, const struct watch_flight *f, int64_t now_ms)
{
	const struct meter_rate rate = {
		.bytes = (double)f->acknowledged,
		.ms = (double)(now_ms - f->started_ms),
	};
	autofree char *tries = f->failures
	    ? xasprintf("  try %" PRId64, f->failures + 1)
	    : xstrdup("");

	if (f->is_storing)
		describe_storing(d, f, now_ms);
	else
		describe_bytes(d, f->acknowledged, f->size, &rate, true, tries);
}

static void
draw_flight(struct buf *out, const struct watch_flight *f, bool is_utf8,
    size_t columns, int64_t now_ms)
{
	autofree char *name =
	    is_utf8 ? text_escape_utf8(f->path) : text_escape(f->path);
	struct details d = { 0 };

	describe_flight(&d, f, now_ms);
	add_line(out, name, LEAST_NAME, &d, columns);
	free_details(&d);
}

/* Briefly, what is not in progress. */
static char *
show_pause(const struct watch_view *v, int64_t now_ms)
{
	struct buf out = { 0 };

	(void)buf_adds(&out, "");
	if (v->failures)
		(void)buf_addf(&out, ", %" PRId64 " failed %s", v->failures,
		    v->failures == 1 ? "try" : "tries");
	if (v->n_waiting) {
		autofree char *time =
		    show_time(v->next_ms > now_ms ? v->next_ms - now_ms : 0);

		(void)buf_addf(&out, ", next try in %s", time);
	}
	return out.data;
}

static void
draw_total(struct buf *out, const struct meter *m, const struct watch_view *v,
    size_t hidden, size_t columns, int64_t now_ms)
{
	autofree char *pause = show_pause(v, now_ms);
	autofree char *more =
	    hidden ? xasprintf(", %zu more under way", hidden) : xstrdup("");
	autofree char *name = xasprintf("%zu of %zu stored%s%s", v->stored,
	    v->artifacts, more, pause);
	struct details d = { 0 };

	describe_bytes(&d, m->done_bytes, v->bytes, &m->rate, v->n_flights > 0,
	    "");
	add_line(out, name, strlen(name), &d, columns);
	free_details(&d);
}

void
meter_draw(struct buf *out, const struct meter *m, const struct watch_view *v,
    struct term_size size, int64_t now_ms)
{
	size_t shown = v->n_flights;

	/* One row for the total, one for the cursor below it. */
	if (size.rows < 3 || size.columns < 5)
		return;
	if (shown > size.rows - 2)
		shown = size.rows - 2;
	for (size_t i = 0; i < shown; i++)
		draw_flight(out, &v->flights[i], m->is_utf8, size.columns,
		    now_ms);
	draw_total(out, m, v, v->n_flights - shown, size.columns, now_ms);
}

/* The watch */

/* When another LOG_MS of the flight have passed since the last look. */
static void
log_flight(const struct watch_flight *f, int64_t before_ms, int64_t now_ms)
{
	struct details d = { 0 };

	if ((now_ms - f->started_ms) / LOG_MS <=
	    (before_ms - f->started_ms) / LOG_MS)
		return;
	describe_flight(&d, f, now_ms);
	log_info("%s: %s", f->path, d.texts[0] + strspn(d.texts[0], " "));
	free_details(&d);
}

static void
look(void *ctx, const struct watch_view *v)
{
	struct meter *m = ctx;
	int64_t now = clock_mono_ms();
	int64_t before = m->looked_ms ? m->looked_ms : now;
	autobuf struct buf lines = { 0 };

	meter_note(m, v, now);
	for (size_t i = 0; !m->is_live && i < v->n_flights; i++)
		log_flight(&v->flights[i], before, now);
	if (!m->is_live)
		return;
	if (m->is_forced || !term_is_elsewhere(STDERR_FILENO))
		meter_draw(&lines, m, v, term_size(STDERR_FILENO), now);
	log_set_live(buf_str(&lines));
}

static void
end(void *ctx)
{
	(void)ctx;
	log_set_live("");
}

const struct watch *
meter_init_log(struct meter *m, enum meter_when when)
{
	*m = (struct meter){
		.watch = { .look = look, .end = end, .ctx = m },
	};
	return when == METER_NEVER ? NULL : &m->watch;
}

const struct watch *
meter_init(struct meter *m, enum meter_when when, bool is_quiet)
{
	const struct watch *watch = meter_init_log(m, when);

	m->is_forced = when == METER_ALWAYS;
	m->is_utf8 = term_is_utf8(STDERR_FILENO);
	m->is_live = m->is_forced || (!is_quiet && term_is_able(STDERR_FILENO));
	return watch;
}

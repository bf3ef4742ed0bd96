#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "cli/command/commands.h"
#include "cli/report/meter.h"
#include "cli/report/report.h"
#include "delivery/pipeline.h"
#include "sweep/metrics.h"
#include "sweep/pause.h"

/* How many of the recordings delivered by this sweep were removed? */
static size_t
count_gone(const struct text_list *paths)
{
	size_t gone = 0;

	for (size_t i = 0; i < paths->n; i++)
		gone += access(paths->items[i], F_OK) == -1 && errno == ENOENT;
	return gone;
}

static void
remove_delivered(const struct loaded *l, const struct text_list *roots,
    struct text_list *foreseen, struct counters *counters,
    struct sweep_result *result)
{
	const struct retention_deps deps = {
		.policy = &l->config.retention,
		.verdict = &l->config.verdict,
		.pipeline = &l->config.pipeline,
		.has_copies = result->has_copies,
		.foreseen = foreseen,
		.gone = counters ? counters->gone : NULL,
	};
	struct retention_result r;
	autolist struct text_list open = { 0 };

	/* Retention sends requests, which a pause forbids. */
	for (size_t i = 0; i < roots->n; i++) {
		struct pause p;

		if (pause_of_root(roots->items[i], &p))
			pause_free(&p);
		else
			text_list_add(&open, roots->items[i]);
	}
	retention_run(&deps, &open, &r);
	result->removed = r.removed;
	result->removed_new = count_gone(&result->delivered_paths);
	result->newly_held += r.lost;
	result->worst = err_worse(result->worst, r.worst);
}

static bool
wants_metrics(const struct config *c)
{
	return *c->metrics_file != '\0' || *c->metrics_push_url != '\0';
}

/* Metrics are about recordings-dir: another root would replace them. */
static bool
is_recordings_dir(const struct config *c, const struct text_list *roots)
{
	return roots->n == 1 &&
	    (strcmp(roots->items[0], c->recordings_dir) == 0 ||
		file_is_same(roots->items[0], c->recordings_dir));
}

static void
put_metrics(const struct config *c, const struct metrics *m)
{
	const char *url = c->metrics_push_url;
	struct err e;

	if (*c->metrics_file == '\0')
		counters_advance(m->counters);
	else if (metrics_write(m, c->metrics_file, &e) == -1)
		log_warn("metrics-file: %s; continuing without it", e.text);
	if (*url == '\0' || stop_check(&e) == -1)
		return;
	if (c->pipeline.require_tls && http_url_exposure(url) >= HTTP_PRIVATE)
		log_warn("metrics-push-url: %s is http, which require-tls "
			 "refuses; nothing was pushed, use https",
		    url);
	else if (metrics_push(m, url, &c->pipeline.http,
		     c->pipeline.meeting.answer_timeout_ms, &e) == -1)
		log_warn("metrics-push-url: %s; nothing was pushed, the next "
			 "sweep tries again",
		    e.text);
}

static void
write_metrics(const struct loaded *l, const struct text_list *roots,
    int64_t began_mono_ms, struct counters *counters)
{
	const struct config *c = &l->config;
	struct metrics m = { .counters = counters };

	if (!wants_metrics(c))
		return;
	if (!is_recordings_dir(c, roots)) {
		log_debug("not writing metrics: this is not a sweep of "
			  "recordings-dir %s",
		    c->recordings_dir);
		return;
	}
	metrics_collect(&m, &c->verdict, &c->pipeline.recording, roots);
	m.duration_ms = clock_mono_ms() - began_mono_ms;
	m.began_ms = clock_unix_ms() - m.duration_ms;
	put_metrics(c, &m);
}

/* Silent when run unattended with nothing done. */
static bool
is_worth_a_line(const struct sweep_result *r)
{
	return isatty(STDOUT_FILENO) ||
	    r->delivered + r->failed + r->newly_held + r->removed > 0 ||
	    r->early.class != ERR_NONE;
}

static int
conclude(const struct sweep_result *r, int outcome, bool is_quiet,
    struct err *e)
{
	report_error(outcome == -1 ? e->text : r->early.text);
	if (outcome == 0)
		e->class = ERR_NONE;
	else
		log_error("%s", e->text);
	e->class = err_worse(r->worst, e->class);
	e->text[0] = '\0';
	if (report_is_json())
		report_sweep_json(r);
	else if (is_worth_a_line(r) && !(is_quiet && e->class == ERR_NONE))
		report_sweep(r);
	return e->class == ERR_NONE ? 0 : -1;
}

static struct sweep
sweep_of(const struct loaded *l, const struct options *o, struct meter *meter)
{
	const struct config *c = &l->config;

	return (struct sweep){
		.policy = &c->sweep,
		.verdict = &c->verdict,
		.visited = report_is_json() ? report_visit_json : NULL,
		.visit = {
		    .attempt = &c->attempt,
		    .pipeline = &c->pipeline,
		    .ahead = &c->ahead,
		    .jobs = c->sweep.jobs,
		    .deadline_ms = c->deadline_ms,
		    .takes_held = o->given & OPTION_HELD,
		    .watch = meter_init_log(meter,
			(enum meter_when)c->progress),
		},
	};
}

/* What follows the visits. */
static void
tend(const struct loaded *l, const struct text_list *roots,
    int64_t began_mono_ms, struct sweep_result *result)
{
	autofree struct counters *counters = xcalloc(1, sizeof(*counters));

	/* Retention has to ask it before removing anything. */
	if (!result->is_file_service_out)
		remove_delivered(l, roots, NULL, counters, result);
	write_metrics(l, roots, began_mono_ms, counters);
}

static int
foresee(const struct loaded *l, const struct text_list *roots,
    struct sweep_result *result, struct err *e)
{
	autolist struct text_list removals = { 0 };
	json_t *list = json_array();
	int outcome = show_pending(l, roots, e);

	remove_delivered(l, roots, &removals, NULL, result);
	for (size_t i = 0; i < removals.n; i++) {
		(void)json_array_append_new(list,
		    report_json_text(removals.items[i]));
		if (!report_is_json())
			log_outcome("would be removed if the server has all "
				    "of it: %s",
			    removals.items[i]);
	}
	report_set("removals", list);
	return outcome;
}

static int
check_retention(const struct loaded *l, struct err *e)
{
	const struct retention_policy *policy = &l->config.retention;

	if (policy->min_free > 0 && policy->keep_ms == 0)
		return err_set(e, ERR_CONFIG,
		    "min-free has no effect without retention; set both");
	return 0;
}

int
cmd_sweep(struct loaded *l, const struct options *o, struct err *e)
{
	struct sweep_result result = { 0 };
	int64_t began_ms = clock_mono_ms();
	int64_t max_ms = l->config.sweep.max_time_ms;
	bool is_default_root =
	    o->n_words == 0 && config_is_default(l, "recordings-dir");
	bool is_dry_run = o->given & OPTION_DRY_RUN;
	autolist struct text_list roots = { 0 };
	struct meter meter;
	const struct sweep sweep = sweep_of(l, o, &meter);
	int outcome;

	if (check_retention(l, e) == -1)
		return -1;
	/* The visits have their own deadlines. */
	stop_at(max_ms > 0 ? began_ms + max_ms : INT64_MAX);
	roots_of(l, o, &roots);
	if (is_dry_run) {
		outcome = foresee(l, &roots, &result, e);
	} else {
		outcome = sweep_run(&sweep, &roots, &result, e);
		tend(l, &roots, began_ms, &result);
	}
	/* Jibri's default directory may not exist yet. */
	if (outcome == -1 && e->class == ERR_NO_INPUT && is_default_root)
		outcome = 0;
	if (!is_dry_run)
		outcome =
		    conclude(&result, outcome, o->given & OPTION_QUIET, e);
	text_list_free(&result.delivered_paths);
	return outcome;
}

/* --- watch ---------------------------------------------------------------- */

struct watched {
	struct loaded *l;
	const struct options *o;
	struct meter meter;
	struct sweep sweep;
};

static void
stay(struct watched *w)
{
	w->l->config.verdict.is_watching = true;
	w->l->config.ahead.stays = true;
	w->sweep = sweep_of(w->l, w->o, &w->meter);
}

/* A mistake here would go unnoticed until the first meeting is over. */
static int
check_settings(const struct loaded *l, struct err *e)
{
	if (check_retention(l, e) == -1)
		return -1;
	return pipeline_check(&l->config.pipeline, e) == -1 &&
		e->class == ERR_CONFIG
	    ? -1
	    : 0;
}

static void
reload(void *ctx, struct text_list *roots)
{
	struct watched *w = ctx;
	struct err e;

	if (config_reload(w->l, w->o, check_settings, &e) == -1) {
		log_error("%s; keeping the previous settings", e.text);
		return;
	}
	stay(w);
	text_list_free(roots);
	roots_of(w->l, w->o, roots);
	if (log_configure(&w->l->config.log, &e) == -1)
		log_warn("%s", e.text);
	log_info("settings reloaded");
}

static void
tend_watched(void *ctx, const struct text_list *roots,
    struct sweep_result *result)
{
	const struct watched *w = ctx;

	tend(w->l, roots, clock_mono_ms(), result);
}

int
cmd_watch(struct loaded *l, const struct options *o, struct err *e)
{
	struct watched w = { .l = l, .o = o };
	const struct sweep_watch watch = {
		.policy = &l->config.watch,
		.sweep = &w.sweep,
		.reload = reload,
		.tend = tend_watched,
		.ctx = &w,
	};
	autolist struct text_list roots = { 0 };

	if (check_settings(l, e) == -1)
		return -1;
	stay(&w);
	roots_of(l, o, &roots);
	return sweep_watch(&watch, &roots, e);
}

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sd_notify.h"
#include "base/stop.h"
#include "sweep/sweep_internal.h"
#include "sweep/sweep_watch_internal.h"

enum {
	TEND_MS = 5 * 60 * 1000,
	PAUSED_MS = 2000, /* a shorter pause may go unnoticed */
	AGAIN_MS = 1000,  /* due, but too early for another visit */
	PATIENCE_MS = 1000
};

struct watching {
	const struct sweep_watch *watch;
	struct text_list *roots;
	struct sweep_result result;
	struct run run;
	struct places places;
	struct child tending;
	/* Times of clock_mono_ms(). */
	int64_t look_ms; /* next examination of everything */
	int64_t tend_ms;
	int64_t rest_ms; /* no visits until then; 0: visits */
	bool is_rest_told, is_draining;
	char *trouble; /* last logged error of the roots; or NULL */
	char *state;   /* last sent to the service manager */
};

/* --- looking -------------------------------------------------------------- */

static void
on_found(void *ctx, struct finding *f)
{
	struct watching *w = ctx;

	places_note(&w->places, f);
	w->result.has_copies |= f->facts.is_copy;
	sweep_offer_ahead(&w->run, f);
	if (!sweep_offer(&w->run, f) && f->verdict == VERDICT_DUE)
		places_touch(&w->places, f->path, clock_mono_ms() + AGAIN_MS);
}

static void
on_ended(void *ctx, const char *path, const struct err *e)
{
	struct watching *w = ctx;

	if (e != NULL)
		w->is_rest_told &= e->class != ERR_NONE;
	places_touch(&w->places, path, clock_mono_ms());
}

static struct survey
survey_of(const struct watching *w)
{
	const struct sweep *sweep = w->watch->sweep;

	return (struct survey){
		.policy = sweep->verdict,
		.recording = &sweep->visit.pipeline->recording,
	};
}

/* A problem with the roots is logged once, until it changes. */
static void
say_trouble(struct watching *w, const char *text)
{
	if (text && (!w->trouble || strcmp(text, w->trouble) != 0))
		log_error("%s; continuing as soon as it exists", text);
	mem_replace(&w->trouble, text);
}

static void
look_at_all(struct watching *w)
{
	struct survey survey = survey_of(w);
	struct err stopped, e;
	int result;

	w->look_ms = clock_mono_ms() + w->watch->policy->interval_ms;
	w->result.has_copies = false;
	places_begin(&w->places);
	result = survey_roots(&survey, w->roots, on_found, w, &e);
	if (stop_check(&stopped) == -1)
		return;
	places_end(&w->places);
	say_trouble(w, result == -1 ? e.text : NULL);
}

static void
look_at_news(struct watching *w)
{
	struct survey survey = survey_of(w);

	for (size_t i = 0; i < w->roots->n; i++) {
		autolist struct text_list names = { 0 };
		const struct text_list root = { &w->roots->items[i], 1 };
		struct err ignored;

		places_take(&w->places, *root.items, &names);
		survey.names = &names;
		if (names.n > 0)
			(void)survey_roots(&survey, &root, on_found, w,
			    &ignored);
	}
}

static void
look(struct watching *w)
{
	if (clock_mono_ms() >= w->look_ms || w->places.is_lost)
		look_at_all(w);
	else if (clock_mono_ms() >= places_next_ms(&w->places))
		look_at_news(w);
	else
		return;
	sweep_sort(&w->run);
	if (w->run.next < w->run.n && w->run.n_running == 0)
		sweep_check_reach(&w->run);
}

/* Where a sweep would end early, pause; logged once while it lasts. */
static void
rest(struct watching *w)
{
	struct err *early = &w->result.early;

	if (early->class == ERR_NONE || w->run.is_stopped)
		return;
	if (w->rest_ms == 0) {
		w->rest_ms = clock_mono_ms() + w->run.pause_ms;
		if (!w->is_rest_told)
			log_error("%s; retrying every minute", early->text);
		w->is_rest_told = true;
	} else if (clock_mono_ms() >= w->rest_ms) {
		*early = (struct err){ 0 };
		w->result.is_file_service_out = false;
		w->rest_ms = 0;
		w->run.streak = (struct sweep_streak){ 0 };
		w->run.has_returned = false;
	}
}

/* --- what else there is to do --------------------------------------------- */

static void
tend_to_it(const void *ctx, int fd)
{
	const struct watching *w = ctx;
	struct sweep_result result = w->result;

	w->watch->tend(w->watch->ctx, w->roots, &result);
	(void)file_write_all(fd, "", 1);
}

static void
tend(struct watching *w)
{
	struct err e;

	if (w->tending.pid != 0 || clock_mono_ms() < w->tend_ms)
		return;
	w->tend_ms = clock_mono_ms() + TEND_MS;
	if (child_start(&w->tending, tend_to_it, w, INT64_MAX, &e) == -1)
		log_error("%s", e.text);
}

static void
end_tending(struct watching *w)
{
	struct err e;
	char report;

	if (w->tending.pid != 0 &&
	    child_end(&w->tending, &report, sizeof(report), &e) == -1 &&
	    !w->run.is_stopped)
		log_error("retention and metrics: %s", e.text);
}

/* --- the service manager -------------------------------------------------- */

static void
tell_manager(struct watching *w)
{
	struct places_count n = places_count(&w->places);
	autofree char *state = xasprintf("%sSTATUS=%zu live, %zu due, %zu held",
	    w->is_draining ? "" : "READY=1\n", n.live, n.due, n.held);

	if (!w->state || strcmp(state, w->state) != 0)
		sd_notify_tell(state);
	mem_replace(&w->state, state);
	if (sd_notify_watchdog_ms() > 0)
		sd_notify_tell("WATCHDOG=1");
}

/* --- signals -------------------------------------------------------------- */

static void
reload(struct watching *w)
{
	int signal = stop_take();

	if (signal != SIGHUP) {
		(void)raise(signal);
		return;
	}
	sweep_stop_ahead(&w->run);
	w->watch->reload(w->watch->ctx, w->roots);
	auth_token_free(&w->run.token);
	w->result.early = (struct err){ 0 };
	w->rest_ms = w->look_ms = 0;
	places_close(&w->places);
	places_open(&w->places, &w->run, w->roots);
}

static void
drain(struct watching *w)
{
	(void)stop_take();
	w->is_draining = true;
	stop_at(clock_mono_ms() + w->watch->policy->drain_ms);
	sd_notify_tell("STOPPING=1");
}

/* False: end. */
static bool
attend_signals(struct watching *w)
{
	int signal;
	struct err stopped;

	/* Another one may arrive meanwhile. */
	while ((signal = stop_signal()) == SIGHUP)
		reload(w);
	if (signal && !w->is_draining && w->watch->policy->drain_ms > 0)
		drain(w);
	return stop_check(&stopped) == 0;
}

/* Nothing becomes due before the end. */
static bool
is_drained(const struct watching *w)
{
	return w->is_draining && w->run.n_running == 0 &&
	    w->run.next == w->run.n && places_count(&w->places).live == 0 &&
	    places_next_ms(&w->places) > stop_deadline_ms();
}

/* --- all of it ------------------------------------------------------------ */

static int
until_ms(const struct watching *w)
{
	int64_t now_ms = clock_mono_ms();
	int64_t watchdog_ms = sd_notify_watchdog_ms();
	const int64_t moments[] = { w->look_ms, w->tend_ms, stop_deadline_ms(),
		w->rest_ms ? w->rest_ms : INT64_MAX, places_next_ms(&w->places),
		log_due_ms() > now_ms ? log_due_ms() : INT64_MAX,
		w->run.paused.n > 0 ? now_ms + PAUSED_MS : INT64_MAX,
		watchdog_ms ? now_ms + watchdog_ms / 2 : INT64_MAX };
	int64_t first_ms = now_ms + 60 * 1000;

	for (size_t i = 0; i < sizeof(moments) / sizeof(*moments); i++)
		if (moments[i] < first_ms)
			first_ms = moments[i];
	return first_ms > now_ms ? (int)(first_ms - now_ms) : 0;
}

static void
wait_for_news(struct watching *w)
{
	struct pollfd fds[] = {
		{ .fd = w->places.fd, .events = POLLIN },
		{ .fd = w->tending.pid ? w->tending.fd : -1, .events = POLLIN },
	};

	sweep_wait(&w->run, fds, 2, until_ms(w));
	if (fds[0].revents)
		places_read(&w->places);
	if (fds[1].revents)
		end_tending(w);
}

static void
leave(struct watching *w)
{
	struct err stopped;

	sd_notify_tell("STOPPING=1");
	sweep_stop_ahead(&w->run);
	if (stop_check(&stopped) == -1)
		sweep_stop_visits(&w->run, &stopped);
	if (w->tending.pid != 0)
		(void)kill(w->tending.pid, SIGTERM);
	w->tending.kill_at_ms = clock_mono_ms() + PATIENCE_MS;
	while (w->run.n_running > 0)
		sweep_wait(&w->run, NULL, 0, PATIENCE_MS);
	end_tending(w);
	sweep_end_ahead(&w->run);
	/* Look once more, for what visits have delivered meanwhile. */
	(void)stop_take();
	stop_at(clock_mono_ms() + PATIENCE_MS);
	look_at_all(w);
}

static void
stay(struct watching *w)
{
	while (attend_signals(w)) {
		if (sweep_note_pauses(&w->run, w->roots))
			w->look_ms = 0;
		look(w);
		rest(w);
		tend(w);
		sweep_start_visits(&w->run);
		sweep_give_way(&w->run);
		tell_manager(w);
		log_flush();
		if (is_drained(w))
			return;
		wait_for_news(w);
	}
}

int
sweep_watch(const struct sweep_watch *watch, struct text_list *roots,
    struct err *e)
{
	struct watching w = { .watch = watch, .roots = roots };
	size_t left;

	stop_at(INT64_MAX);
	sweep_open(&w.run, watch->sweep, &w.result);
	w.run.ended = on_ended;
	w.run.ctx = &w;
	places_open(&w.places, &w.run, roots);
	w.tend_ms = clock_mono_ms() + watch->policy->interval_ms;
	stay(&w);
	leave(&w);
	left = places_tell(&w.places);
	places_close(&w.places);
	sweep_close(&w.run);
	free(w.trouble);
	free(w.state);
	*e = (struct err){ .class = left > 0 ? ERR_TEMPORARY : ERR_NONE };
	return left > 0 ? -1 : 0;
}

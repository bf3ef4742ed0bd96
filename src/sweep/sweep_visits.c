#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "sweep/sweep_internal.h"

enum {
	STREAK = 3,         /* consecutive similar failures end it */
	PATIENCE_MS = 1500, /* for the visits of an interrupted sweep */
	TICK_MS = 500,
	LONG_MS = 5 * 60 * 1000, /* longer visits do not block others */
	OUT_MS = 60 * 1000,      /* pause for a service that is out */
	FIRST_MS = 5 * 1000,     /* the first visit runs alone, at most */

	/* Ahead: what another watch sends is checked only now and then. */
	REST_MS = 10 * 1000,
	TROUBLE_MS = 20 * 1000,
	AHEAD_PATIENCE_MS = 1000,
	BRIEF_MS = 60 * 1000, /* how long a sweep starts such visits */

	ALL_TURNS = SWEEP_TURNS + SWEEP_AHEAD
};

enum sweep_end
sweep_judge(struct sweep_streak *streak, const struct visit_report *report)
{
	enum err_class kind = report->err.class;
	bool counts =
	    (kind == ERR_CONFIG || kind == ERR_REFUSED) && !report->is_own;

	if (report->outage.service != OUTAGE_NONE)
		return SWEEP_IS_OUT;
	if (kind == ERR_BUSY)
		return SWEEP_GOES_ON;
	streak->length = !counts   ? 0
	    : kind == streak->kind ? streak->length + 1
				   : 1;
	streak->kind = kind;
	return streak->length >= STREAK ? SWEEP_IS_HOPELESS : SWEEP_GOES_ON;
}

static void
end_early(struct run *run, const struct err *e)
{
	struct sweep_result *result = run->result;

	if (result->early.class != ERR_NONE)
		return;
	result->early = *e;
	run->pause_ms = OUT_MS;
	result->worst = err_worse(result->worst, e->class);
}

/*
 * At most jobs visits, besides long ones; with a rate limit, long ones count
 * too.  A first visit alone finds out whether a service is out.
 */
static bool
has_room(const struct run *run)
{
	size_t jobs = (size_t)run->sweep->policy->jobs;
	int64_t now = clock_mono_ms();
	size_t busy = 0;

	if (run->n_running > 0 && !run->has_returned &&
	    now - run->turns->visit.began_ms < FIRST_MS)
		return false;
	if (run->sweep->visit.pipeline->http.rate_bytes > 0)
		return run->n_running < jobs;
	for (size_t i = 0; i < SWEEP_TURNS; i++)
		busy += run->turns[i].visit.pid != 0 &&
		    now - run->turns[i].visit.began_ms < LONG_MS;
	return busy < jobs && run->n_running < 2 * jobs;
}

/* Fill in what a visit needs, with fresh credentials. */
static int
equip(struct run *run, struct visit_policy *policy, struct err *e)
{
	const struct pipeline_policy *pipeline = run->sweep->visit.pipeline;

	if (auth_token_renew(&run->token, &pipeline->auth, &pipeline->http,
		pipeline->recording.confine, e) == -1)
		return -1;
	if (pipeline->destination.ops->renew)
		pipeline->destination.ops->renew(&pipeline->destination);
	*policy = run->sweep->visit;
	policy->token = &run->token;
	return 0;
}

/* A watch finds it again, a sweep leaves it to the next one. */
static bool
skip_paused(struct run *run)
{
	struct place *place = run->queue[run->next];

	if (!sweep_is_paused(run, place->path))
		return false;
	place->turn = TURN_OVER;
	run->skipped++;
	run->next++;
	return true;
}

static struct turn *
find_free(struct turn *turn)
{
	while (turn->visit.pid != 0)
		turn++;
	return turn;
}

static int
start_visit(struct run *run, struct place *place, struct err *e)
{
	struct visit_policy policy;
	struct turn *turn = find_free(run->turns);

	if (equip(run, &policy, e) == -1) {
		run->result->is_file_service_out = true;
		return -1;
	}
	if (visit_start(&turn->visit, &policy, place->path, e) == -1)
		return -1;
	turn->place = place;
	place->turn = TURN_RUNNING;
	run->result->tried_held += place->is_held;
	run->has_visited = true;
	run->n_running++;
	return 0;
}

void
sweep_start_visits(struct run *run)
{
	struct err e;

	while (run->next < run->n && run->result->early.class == ERR_NONE &&
	    has_room(run)) {
		if (skip_paused(run))
			continue;
		if (start_visit(run, run->queue[run->next], &e) == -1) {
			end_early(run, &e);
			return;
		}
		run->next++;
	}
}

static void
count(struct run *run, const struct turn *turn,
    const struct visit_report *report)
{
	struct sweep_result *result = run->result;
	const struct err *e = &report->err;

	switch (e->class) {
	case ERR_NONE:
		result->was_done += report->was_done;
		result->delivered += !report->was_done;
		if (run->ended == NULL && !report->was_done)
			text_list_add(&result->delivered_paths,
			    turn->place->path);
		return;
	case ERR_BUSY:
		result->busy++;
		return;
	case ERR_PERMANENT:
		result->newly_held++;
		break;
	default:
		result->failed++;
	}
	result->worst = err_worse(result->worst, e->class);
	log_debug("%s: %s", turn->place->path, e->text);
}

static void
note_outage(struct run *run, const struct outage *outage)
{
	bool is_file = outage->service == OUTAGE_FILE;
	int64_t pause_ms = outage->err.retry_after_ms > OUT_MS
	    ? outage->err.retry_after_ms
	    : OUT_MS;
	char until[CLOCK_TEXT_BYTES];
	struct err e = outage->err;

	clock_rfc3339(clock_unix_ms() + pause_ms, until);
	(void)err_wrap(&e, "the %s is down; trying it again after %s",
	    is_file ? "file-service" : "meeting-service", until);
	run->result->is_file_service_out |= is_file;
	end_early(run, &e);
	run->pause_ms = pause_ms;
}

static void
end_visit(struct run *run, struct turn *turn)
{
	struct visit_report report;
	struct err e;

	if (!visit_end(&turn->visit, &report))
		log_error("%s: %s", turn->place->path, report.err.text);
	run->n_running--;
	run->has_returned = true;
	turn->place->turn = TURN_OVER;
	turn->place->ended_ms = clock_mono_ms();
	if (run->sweep->visited)
		run->sweep->visited(turn->place->path, &report,
		    turn->place->ended_ms - turn->visit.began_ms);
	if (run->ended != NULL)
		run->ended(run->ctx, turn->place->path, &report.err);
	count(run, turn, &report);
	if (report.is_token_renewed)
		auth_token_free(&run->token);
	switch (sweep_judge(&run->streak, &report)) {
	case SWEEP_GOES_ON:
		return;
	case SWEEP_IS_OUT:
		note_outage(run, &report.outage);
		return;
	case SWEEP_IS_HOPELESS:
		e = report.err;
		(void)err_wrap(&e,
		    "%d recordings in a row failed in the same way", STREAK);
		end_early(run, &e);
	}
}

static void
stop(struct turn *turn, int64_t patience_ms)
{
	int64_t kill_at_ms = clock_mono_ms() + patience_ms;

	if (turn->visit.pid == 0 || kill_at_ms > turn->visit.kill_at_ms)
		return;
	(void)kill(turn->visit.pid, SIGTERM);
	turn->visit.kill_at_ms = kill_at_ms;
}

void
sweep_stop_visits(struct run *run, const struct err *e)
{
	if (run->is_stopped)
		return;
	run->is_stopped = true;
	end_early(run, e);
	for (size_t i = 0; i < SWEEP_TURNS; i++)
		stop(&run->turns[i], PATIENCE_MS);
}

void
sweep_check_reach(struct run *run)
{
	struct err e;

	if (pipeline_check_reach(run->sweep->visit.pipeline, &e) == -1)
		end_early(run, &e);
}

/* --- ahead ---------------------------------------------------------------- */

/* Finished recordings go first, and a store that is out gets nothing. */
static bool
is_busy(const struct run *run)
{
	const struct sweep_result *result = run->result;

	return run->n_running > 0 ||
	    (result->early.class == ERR_NONE ? run->next < run->n
					     : result->is_file_service_out);
}

static bool
is_wanted_ahead(const struct run *run, const struct finding *f)
{
	const struct visit_policy *usual = &run->sweep->visit;
	const struct place *place = map_find(&run->places, f->path);

	return f->facts.is_live && !is_busy(run) &&
	    !sweep_is_paused(run, f->path) &&
	    !(place && (place->is_ahead || clock_mono_ms() < place->rest_ms)) &&
	    ahead_is_of_use(usual->ahead, usual->pipeline, f->facts.was_started,
		f->facts.bytes);
}

static void
start_ahead(struct run *run, struct place *place)
{
	struct turn *turn = find_free(run->turns + SWEEP_TURNS);
	struct visit_policy policy;
	struct err e;

	if (equip(run, &policy, &e) == -1 ||
	    visit_start_ahead(&turn->visit, &policy, place->path, &e) == -1) {
		place->rest_ms = clock_mono_ms() + TROUBLE_MS;
		log_error("%s", e.text);
		return;
	}
	turn->place = place;
	place->is_ahead = true;
	run->n_ahead++;
}

void
sweep_offer_ahead(struct run *run, const struct finding *f)
{
	bool is_full = run->n_ahead >= (size_t)run->sweep->visit.jobs;

	if (!is_wanted_ahead(run, f))
		return;
	if (run->ahead_until_ms == 0)
		run->ahead_until_ms = run->sweep->visit.ahead->stays
		    ? INT64_MAX
		    : clock_mono_ms() + BRIEF_MS;
	run->is_ahead_short |= is_full;
	if (!is_full && clock_mono_ms() < run->ahead_until_ms)
		start_ahead(run, sweep_place(run, f->path));
}

bool
sweep_is_ahead_short(struct run *run)
{
	bool is_short = run->is_ahead_short &&
	    clock_mono_ms() < run->ahead_until_ms &&
	    run->n_ahead < (size_t)run->sweep->visit.jobs;

	run->is_ahead_short &= !is_short;
	return is_short;
}

void
sweep_give_way(struct run *run)
{
	bool gives_way = is_busy(run);

	for (size_t i = SWEEP_TURNS; i < ALL_TURNS; i++)
		if (run->turns[i].visit.pid != 0 &&
		    (gives_way ||
			sweep_is_paused(run, run->turns[i].place->path)))
			stop(&run->turns[i], AHEAD_PATIENCE_MS);
}

void
sweep_stop_ahead(struct run *run)
{
	for (size_t i = SWEEP_TURNS; i < ALL_TURNS; i++)
		stop(&run->turns[i], AHEAD_PATIENCE_MS);
}

/* It is only a head start: a failure is logged and has no other effect. */
static int64_t
rest_after(const struct run *run, const char *path, const struct err *e)
{
	bool stays = run->sweep->visit.ahead->stays;
	int64_t rest_ms =
	    e->retry_after_ms > TROUBLE_MS ? e->retry_after_ms : TROUBLE_MS;
	char until[CLOCK_TEXT_BYTES];

	if (e->class == ERR_INTERRUPTED)
		return 0;
	if (e->class == ERR_NONE) {
		rest_ms = REST_MS;
	} else {
		clock_rfc3339(clock_unix_ms() + rest_ms, until);
		log_info("%s: %s; nothing is sent ahead until %s", path,
		    e->text, stays ? until : "the next sweep");
	}
	/* A brief visit has done all it can. */
	return stays ? clock_mono_ms() + rest_ms : INT64_MAX;
}

static void
end_ahead(struct run *run, struct turn *turn)
{
	struct place *place = turn->place;
	struct visit_report report;

	(void)visit_end(&turn->visit, &report);
	run->n_ahead--;
	place->is_ahead = false;
	place->rest_ms = rest_after(run, place->path, &report.err);
	if (run->ended != NULL)
		run->ended(run->ctx, place->path, NULL);
}

void
sweep_end_ahead(struct run *run)
{
	sweep_stop_ahead(run);
	run->ahead_until_ms = -1;
	for (size_t i = SWEEP_TURNS; i < ALL_TURNS; i++)
		if (run->turns[i].visit.pid != 0)
			end_ahead(run, &run->turns[i]);
}

/* --- waiting for both ----------------------------------------------------- */

static void
end_visits(struct run *run)
{
	for (size_t i = 0; i < ALL_TURNS; i++) {
		struct child *visit = &run->turns[i].visit;
		struct pollfd pfd = { .fd = visit->fd, .events = POLLIN };

		if (visit->pid != 0 &&
		    (poll(&pfd, 1, 0) == 1 ||
			clock_mono_ms() >= visit->kill_at_ms))
			(i < SWEEP_TURNS ? end_visit : end_ahead)(run,
			    &run->turns[i]);
	}
}

void
sweep_wait(struct run *run, struct pollfd *others, size_t n, int ms)
{
	size_t n_visits = run->n_running + run->n_ahead, end = 0;
	autofree struct pollfd *fds = xcalloc(n_visits + 1 + n, sizeof(*fds));

	for (size_t i = 0; i < n; i++)
		fds[end++] = others[i];
	for (size_t i = 0; i < ALL_TURNS; i++)
		if (run->turns[i].visit.pid != 0)
			fds[end++] = (struct pollfd){
				.fd = run->turns[i].visit.fd,
				.events = POLLIN,
			};
	/* Once seen, it stays readable: do not wake for it again. */
	if (!run->is_stopped)
		fds[end++] =
		    (struct pollfd){ .fd = stop_fd(), .events = POLLIN };
	/* To notice overdue visits. */
	if (poll(fds, end, n_visits > 0 && ms > TICK_MS ? TICK_MS : ms) == -1)
		return;
	for (size_t i = 0; i < n; i++)
		others[i].revents = fds[i].revents;
	end_visits(run);
}

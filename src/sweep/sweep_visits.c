#include <poll.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

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
	AGAIN_MS = 60 * 1000,    /* unless the journal has changed */
	LEAST_MS = 1000          /* between two visits to the same, always */
};

/* What is due */

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct due *)a)->path,
	    ((const struct due *)b)->path);
}

static struct due *
find_path(const struct run *run, const char *path)
{
	const struct due key = { .path = (char *)path };
	void *const *node =
	    path ? tfind(&key, &run->by_path, compare_paths) : NULL;

	return node ? *node : NULL;
}

static bool
is_wanted(const struct run *run, const struct finding *f)
{
	return f->verdict == VERDICT_DUE ||
	    (f->verdict == VERDICT_HELD && run->sweep->visit.takes_held &&
		f->facts.failed_class == ERR_PERMANENT);
}

static bool
is_over(const struct run *run, const struct due *due, const struct finding *f)
{
	int64_t age_ms = clock_mono_ms() - due->ended_ms;

	if (!due->is_visited)
		return false;
	return run->ended == NULL || due->is_running || age_ms < LEAST_MS ||
	    (f->facts.last_event_ms == due->tried_ms && age_ms < AGAIN_MS);
}

static struct due *
add_due(struct run *run, char *path)
{
	struct due *due = xcalloc(1, sizeof(*due));

	due->path = path;
	due->is_visited = true;
	if (tsearch(due, &run->by_path, compare_paths) == NULL)
		mem_exhausted();
	return due;
}

bool
sweep_offer(struct run *run, struct finding *f)
{
	struct due *due = find_path(run, f->path);

	if (due && is_over(run, due, f))
		return false;
	if (!is_wanted(run, f) || sweep_is_paused(run, f->path) ||
	    (due && !due->is_visited))
		return true;
	if (due == NULL)
		due = add_due(run, steal(&f->path));
	due->is_visited = false;
	due->tried_ms = f->facts.last_event_ms;
	due->is_held = f->verdict == VERDICT_HELD;
	if (run->next == run->n && run->ended)
		run->next = run->n = 0;
	xgrow((void **)&run->due, &run->cap, run->n + 1, sizeof(struct due *));
	run->due[run->n++] = due;
	return true;
}

static void
free_due(void *node)
{
	struct due *due = node;

	free(due->path);
	free(due);
}

void
sweep_drop(struct run *run, const char *path)
{
	struct due *due = find_path(run, path);

	if (due == NULL || due->is_running || !due->is_visited)
		return;
	(void)tdelete(due, &run->by_path, compare_paths);
	free_due(due);
}

static int
compare_due(const void *a, const void *b)
{
	const struct due *x = *(struct due *const *)a;
	const struct due *y = *(struct due *const *)b;

	if (x->tried_ms != y->tried_ms)
		return x->tried_ms < y->tried_ms ? -1 : 1;
	return strcmp(x->path, y->path);
}

void
sweep_sort(struct run *run)
{
	if (run->n > run->next)
		qsort(run->due + run->next, run->n - run->next,
		    sizeof(struct due *), compare_due);
}

/* The visits */

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

int
sweep_equip(struct run *run, struct visit_policy *policy, struct err *e)
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
	struct due *due = run->due[run->next];

	if (!sweep_is_paused(run, due->path))
		return false;
	due->is_visited = true;
	run->skipped++;
	run->next++;
	return true;
}

static int
start_visit(struct run *run, struct due *due, struct err *e)
{
	struct visit_policy policy;
	struct turn *turn = run->turns;

	if (sweep_equip(run, &policy, e) == -1) {
		run->result->is_file_service_out = true;
		return -1;
	}
	while (turn->visit.pid != 0)
		turn++;
	if (visit_start(&turn->visit, &policy, due->path, e) == -1)
		return -1;
	turn->due = due;
	due->is_visited = due->is_running = true;
	run->result->tried_held += due->is_held;
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
		if (start_visit(run, run->due[run->next], &e) == -1) {
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
		result->delivered++;
		if (run->ended == NULL)
			text_list_add(&result->delivered_paths,
			    turn->due->path);
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
	log_debug("%s: %s", turn->due->path, e->text);
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
		log_error("%s: %s", turn->due->path, report.err.text);
	run->n_running--;
	run->has_returned = true;
	turn->due->is_running = false;
	turn->due->ended_ms = clock_mono_ms();
	if (run->sweep->visited)
		run->sweep->visited(turn->due->path, &report,
		    turn->due->ended_ms - turn->visit.began_ms);
	if (run->ended != NULL)
		run->ended(run->ctx, turn->due->path, &report.err);
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

void
sweep_stop_visits(struct run *run, const struct err *e)
{
	int64_t kill_at_ms = clock_mono_ms() + PATIENCE_MS;

	if (run->is_stopped)
		return;
	run->is_stopped = true;
	end_early(run, e);
	for (size_t i = 0; i < SWEEP_TURNS; i++) {
		struct child *v = &run->turns[i].visit;

		if (v->pid == 0)
			continue;
		(void)kill(v->pid, SIGTERM);
		if (kill_at_ms < v->kill_at_ms)
			v->kill_at_ms = kill_at_ms;
	}
}

static void
end_visits(struct run *run)
{
	for (size_t i = 0; i < SWEEP_TURNS; i++) {
		struct child *visit = &run->turns[i].visit;
		struct pollfd pfd = { .fd = visit->fd, .events = POLLIN };

		if (visit->pid != 0 &&
		    (poll(&pfd, 1, 0) == 1 ||
			clock_mono_ms() >= visit->kill_at_ms))
			end_visit(run, &run->turns[i]);
	}
}

void
sweep_wait(struct run *run, struct pollfd *others, size_t n, int ms)
{
	autofree struct pollfd *fds =
	    xcalloc(run->n_running + 1 + n, sizeof(*fds));
	size_t end = 0;

	for (size_t i = 0; i < n; i++)
		fds[end++] = others[i];
	for (size_t i = 0; i < SWEEP_TURNS; i++)
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
	if (poll(fds, end, run->n_running > 0 && ms > TICK_MS ? TICK_MS : ms) ==
	    -1)
		return;
	for (size_t i = 0; i < n; i++)
		others[i].revents = fds[i].revents;
	end_visits(run);
}

void
sweep_check_reach(struct run *run)
{
	struct err e;

	if (pipeline_check_reach(run->sweep->visit.pipeline, &e) == -1)
		end_early(run, &e);
}

void
sweep_open(struct run *run, const struct sweep *sweep,
    struct sweep_result *result)
{
	*result = (struct sweep_result){ 0 };
	*run = (struct run){
		.sweep = sweep,
		.result = result,
		.turns = xcalloc(SWEEP_TURNS, sizeof(struct turn)),
	};
}

void
sweep_close(struct run *run)
{
	auth_token_free(&run->token);
	text_list_free(&run->paused);
	tdestroy(run->by_path, free_due);
	free(run->due);
	free(run->turns);
}

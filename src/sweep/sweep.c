#include "sweep/sweep.h"

#include <poll.h>
#include <search.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"

enum {
	STREAK = 3,
	PATIENCE_MS = 1500, /* of an interrupted sweep with its visits */
	LOOK_MS = 60 * 1000,
	LONG_MS = 5 * 60 * 1000, /* who is at it for longer holds nobody up */
	OUT_MS = 60 * 1000,      /* a service that is out is left alone */
	HOST_BYTES = 256
};

/* A recording that is or was due. */
struct due {
	char *path;
	int64_t tried_ms; /* since 1970; 0: never */
	bool is_held, is_visited;
};

struct turn {
	struct visit visit;
	const struct due *due;
};

struct run {
	const struct sweep *sweep;
	const struct text_list *roots;
	struct sweep_result *result;
	void *by_path; /* a tsearch(3) tree of all that are due */
	struct due **due;
	size_t n, cap, next;
	struct turn *turns;
	size_t n_turns, n_running;
	struct sweep_streak streak;
	struct auth_token token; /* that the visits begin with */
	int64_t looked_ms;       /* clock_mono_ms() */
	bool has_visited;        /* since then */
	bool is_stopped;
};

int64_t
sweep_splay_ms(const char *host, int64_t splay_ms)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	/* FNV-1a: spread evenly, and the same at each sweep of a host. */
	for (; *host; host++)
		hash = (hash ^ (unsigned char)*host) * UINT64_C(1099511628211);
	return splay_ms > 0 ? (int64_t)((hash >> 11) % (uint64_t)splay_ms) : 0;
}

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
		f->progress.failed_class == ERR_PERMANENT);
}

static void
on_found(void *ctx, struct finding *f)
{
	struct run *run = ctx;
	struct due *due = find_path(run, f->path);

	if (due && due->is_visited)
		return;
	run->result->found[f->verdict]++;
	run->result->has_copies |= f->progress.archive != NULL;
	if (due || !is_wanted(run, f))
		return;
	due = xcalloc(1, sizeof(*due));
	due->path = steal(&f->path);
	due->tried_ms = f->progress.last_event_ms;
	due->is_held = f->verdict == VERDICT_HELD;
	if (tsearch(due, &run->by_path, compare_paths) == NULL)
		mem_exhausted();
	xgrow((void **)&run->due, &run->cap, run->n + 1, sizeof(struct due *));
	run->due[run->n++] = due;
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

static int
look(struct run *run, struct err *e)
{
	struct survey survey = {
		.policy = run->sweep->verdict,
		.recording = &run->sweep->visit.pipeline->recording,
	};
	struct err why;
	int result = 0;

	memset(run->result->found, 0, sizeof(run->result->found));
	run->result->tried_held = 0;
	for (size_t i = 0; i < run->roots->n; i++)
		if (survey_root(&survey, run->roots->items[i], on_found, run,
			result == 0 ? e : &why) == -1)
			result = -1;
	survey_free(&survey);
	if (run->n > run->next)
		qsort(run->due + run->next, run->n - run->next,
		    sizeof(struct due *), compare_due);
	run->looked_ms = clock_mono_ms();
	run->has_visited = false;
	return result;
}

/*
 * Something may have come while others were visited: when nobody is left to
 * visit, and each minute while somebody is at it.
 */
static void
look_again(struct run *run)
{
	struct err ignored;

	if (run->next < run->n || !run->has_visited ||
	    run->result->early.class != ERR_NONE ||
	    (run->n_running > 0 && clock_mono_ms() - run->looked_ms < LOOK_MS))
		return;
	(void)look(run, &ignored);
	/* Those under way will have been visited after it. */
	run->has_visited = run->n_running > 0;
}

/* The visits */

static void
end_early(struct run *run, const struct err *e)
{
	struct sweep_result *result = run->result;

	if (result->early.class != ERR_NONE)
		return;
	result->early = *e;
	result->worst = err_worse(result->worst, e->class);
}

/*
 * As many as jobs, but for those that last; all of them keep the rate, where
 * there is one.
 */
static bool
has_room(const struct run *run)
{
	size_t jobs = (size_t)run->sweep->policy->jobs;
	int64_t now = clock_mono_ms();
	size_t busy = 0;

	if (run->sweep->visit.pipeline->http.rate_bytes > 0)
		return run->n_running < jobs;
	for (size_t i = 0; i < run->n_turns; i++)
		busy += run->turns[i].visit.pid != 0 &&
		    now - run->turns[i].visit.began_ms < LONG_MS;
	return busy < jobs && run->n_running < run->n_turns;
}

static int
start_visit(struct run *run, struct due *due, struct err *e)
{
	const struct pipeline_policy *pipeline = run->sweep->visit.pipeline;
	struct visit_policy policy = run->sweep->visit;
	struct turn *turn = run->turns;

	if (auth_token_renew(&run->token, &pipeline->auth, &pipeline->http,
		e) == -1) {
		run->result->is_file_service_out = true;
		return -1;
	}
	policy.token = &run->token;
	while (turn->visit.pid != 0)
		turn++;
	if (visit_start(&turn->visit, &policy, due->path, e) == -1)
		return -1;
	turn->due = due;
	due->is_visited = true;
	run->result->tried_held += due->is_held;
	run->has_visited = true;
	run->n_running++;
	return 0;
}

static void
start_visits(struct run *run)
{
	struct err e;

	while (run->next < run->n && run->result->early.class == ERR_NONE &&
	    has_room(run)) {
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
		text_list_add(&result->delivered_paths, turn->due->path);
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
	(void)err_wrap(&e, "the %s is out, and left alone until %s",
	    is_file ? "file-service" : "meeting-service", until);
	run->result->is_file_service_out |= is_file;
	end_early(run, &e);
}

static void
end_visit(struct run *run, struct turn *turn)
{
	struct visit_report report;
	struct err e;

	if (!visit_end(&turn->visit, &report))
		log_error("%s: %s", turn->due->path, report.err.text);
	run->n_running--;
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
		(void)err_wrap(&e, "%d recordings in a row failed alike",
		    STREAK);
		end_early(run, &e);
	}
}

/* A stop is passed on; who does not end in time is ended. */
static void
stop_visits(struct run *run, const struct err *e)
{
	int64_t kill_at_ms = clock_mono_ms() + PATIENCE_MS;

	if (run->is_stopped)
		return;
	run->is_stopped = true;
	end_early(run, e);
	for (size_t i = 0; i < run->n_turns; i++) {
		struct visit *v = &run->turns[i].visit;

		if (v->pid == 0)
			continue;
		(void)kill(v->pid, SIGTERM);
		if (kill_at_ms < v->kill_at_ms)
			v->kill_at_ms = kill_at_ms;
	}
}

static int64_t
min_ms(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until somebody is overdue, the roots are looked at, or room is made. */
static int
poll_timeout(const struct run *run)
{
	int64_t now = clock_mono_ms();
	int64_t left =
	    min_ms(LOOK_MS, run->is_stopped ? LOOK_MS : stop_left_ms());

	for (size_t i = 0; i < run->n_turns; i++) {
		const struct visit *v = &run->turns[i].visit;

		if (v->pid == 0)
			continue;
		left = min_ms(left, v->kill_at_ms - now);
		if (now - v->began_ms < LONG_MS)
			left = min_ms(left, v->began_ms + LONG_MS - now);
	}
	left = left < 0 ? 0 : left;
	return (int)left + 1;
}

static void
wait_for_visits(struct run *run)
{
	size_t n = run->n_turns;
	autofree struct pollfd *fds = xcalloc(n + 1, sizeof(*fds));

	for (size_t i = 0; i < n; i++)
		fds[i] = (struct pollfd){
			.fd = run->turns[i].visit.pid ? run->turns[i].visit.fd
						      : -1,
			.events = POLLIN,
		};
	/* Once it was seen, it would wake us for ever. */
	fds[n] = (struct pollfd){
		.fd = run->is_stopped ? -1 : stop_fd(),
		.events = POLLIN,
	};
	if (poll(fds, n + 1, poll_timeout(run)) == -1)
		return;
	for (size_t i = 0; i < n; i++) {
		struct turn *turn = &run->turns[i];

		if (turn->visit.pid != 0 &&
		    (fds[i].revents ||
			clock_mono_ms() >= turn->visit.kill_at_ms))
			end_visit(run, turn);
	}
}

static void
visit_all(struct run *run)
{
	struct err stopped;

	for (;;) {
		if (stop_check(&stopped) == -1) {
			stop_visits(run, &stopped);
		} else {
			look_again(run);
			start_visits(run);
		}
		log_flush();
		if (run->n_running == 0)
			return;
		wait_for_visits(run);
	}
}

static void
explain_early(const struct run *run)
{
	const struct err *e = &run->result->early;

	if (e->class == ERR_NONE || run->is_stopped)
		return;
	log_error("%s; the sweep ends early, %zu recordings are left for the "
		  "next",
	    e->text, run->result->left);
}

/* Not all hosts at once; a stop ends that, too. */
static void
splay(const struct sweep_policy *policy)
{
	char host[HOST_BYTES] = "";

	(void)gethostname(host, sizeof(host) - 1);
	stop_sleep_until(
	    clock_mono_ms() + sweep_splay_ms(host, policy->splay_ms));
}

void
sweep_result_free(struct sweep_result *result)
{
	text_list_free(&result->delivered_paths);
}

/* The nodes are those of the array. */
static void
keep(void *node)
{
	(void)node;
}

static void
free_run(struct run *run)
{
	auth_token_free(&run->token);
	tdestroy(run->by_path, keep);
	for (size_t i = 0; i < run->n; i++) {
		free(run->due[i]->path);
		free(run->due[i]);
	}
	free(run->due);
	free(run->turns);
}

int
sweep_run(const struct sweep *sweep, const struct text_list *roots,
    struct sweep_result *result, struct err *e)
{
	struct run run = {
		.sweep = sweep,
		.roots = roots,
		.result = result,
		.n_turns = 2 * (size_t)sweep->policy->jobs,
	};
	struct err why;
	int outcome;

	*result = (struct sweep_result){ 0 };
	splay(sweep->policy);
	run.turns = xcalloc(run.n_turns, sizeof(*run.turns));
	outcome = look(&run, e);
	if (run.n > 0 &&
	    pipeline_check_reach(sweep->visit.pipeline, &why) == -1)
		end_early(&run, &why);
	visit_all(&run);
	result->left = run.n - run.next;
	explain_early(&run);
	free_run(&run);
	return outcome;
}

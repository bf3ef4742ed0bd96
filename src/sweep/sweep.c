#include "sweep/sweep.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"

/* PATIENCE_MS: of an interrupted sweep with its visits. */
enum { STREAK = 3, PATIENCE_MS = 1500, HOST_BYTES = 256 };

/* A recording that is due. */
struct due {
	char *path;
	int64_t tried_ms; /* since 1970; 0: never */
	bool is_held;
};

struct turn {
	struct visit visit;
	const char *path;
};

struct run {
	const struct sweep *sweep;
	struct sweep_result *result;
	struct due *due;
	size_t n, cap, next;
	struct turn *turns;
	size_t n_running;
	struct sweep_streak streak;
	int64_t kill_at_ms; /* clock_mono_ms(); 0: not stopped */
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

bool
sweep_is_hopeless(struct sweep_streak *streak, const struct err *e)
{
	bool is_alike =
	    e->class == streak->kind && e->is_outage == streak->is_outage;
	bool counts = e->class == ERR_CONFIG || e->class == ERR_REFUSED ||
	    (e->class == ERR_TEMPORARY && e->is_outage);

	if (e->class == ERR_BUSY)
		return false;
	streak->kind = e->class;
	streak->is_outage = e->is_outage;
	streak->length = !counts ? 0 : is_alike ? streak->length + 1 : 1;
	return streak->length >= STREAK;
}

/* What is due */

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
	char *path;

	run->result->found[f->verdict]++;
	run->result->has_copies |= f->progress.archive != NULL;
	if (!is_wanted(run, f))
		return;
	xgrow((void **)&run->due, &run->cap, run->n + 1, sizeof(*run->due));
	path = steal(&f->path);
	run->due[run->n++] = (struct due){
		.path = path,
		.tried_ms = f->progress.last_event_ms,
		.is_held = f->verdict == VERDICT_HELD,
	};
}

static int
compare_due(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	if (x->tried_ms != y->tried_ms)
		return x->tried_ms < y->tried_ms ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int
find_due(struct run *run, const struct text_list *roots, struct err *e)
{
	struct survey survey = {
		.policy = run->sweep->verdict,
		.recording = &run->sweep->visit.pipeline->recording,
	};
	struct err why;
	int result = 0;

	for (size_t i = 0; i < roots->n; i++)
		if (survey_root(&survey, roots->items[i], on_found, run,
			result == 0 ? e : &why) == -1)
			result = -1;
	survey_free(&survey);
	if (run->n > 0)
		qsort(run->due, run->n, sizeof(*run->due), compare_due);
	return result;
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

static void
start_visits(struct run *run)
{
	size_t jobs = (size_t)run->sweep->policy->jobs;

	for (size_t i = 0; i < jobs && run->next < run->n &&
	     run->result->early.class == ERR_NONE;
	     i++) {
		struct turn *turn = &run->turns[i];
		struct err e;

		if (turn->visit.pid != 0)
			continue;
		turn->path = run->due[run->next].path;
		if (visit_start(&turn->visit, &run->sweep->visit, turn->path,
			&e) == -1) {
			end_early(run, &e);
			return;
		}
		run->result->tried_held += run->due[run->next].is_held;
		run->next++;
		run->n_running++;
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
	log_debug("%s: %s", turn->path, e->text);
}

static void
end_visit(struct run *run, struct turn *turn)
{
	struct visit_report report;
	struct err e;

	if (!visit_end(&turn->visit, &report))
		log_error("%s: %s", turn->path, report.err.text);
	run->n_running--;
	count(run, turn, &report);
	e = report.err;
	if (e.retry_after_ms > 0) {
		(void)err_wrap(&e, "the server asks to be left alone");
		end_early(run, &e);
	} else if (sweep_is_hopeless(&run->streak, &e)) {
		(void)err_wrap(&e, "%d recordings in a row failed alike",
		    STREAK);
		end_early(run, &e);
	}
}

/* A stop is passed on; who does not end in time is ended. */
static void
stop_visits(struct run *run, const struct err *e)
{
	int64_t now = clock_mono_ms();
	int number = 0;

	if (run->kill_at_ms == 0) {
		run->kill_at_ms = now + PATIENCE_MS;
		number = SIGTERM;
		end_early(run, e);
	} else if (now >= run->kill_at_ms) {
		number = SIGKILL;
	}
	for (int64_t i = 0; number && i < run->sweep->policy->jobs; i++)
		if (run->turns[i].visit.pid != 0)
			(void)kill(run->turns[i].visit.pid, number);
}

static int
poll_timeout(const struct run *run)
{
	int64_t left = run->kill_at_ms > 0 ? run->kill_at_ms - clock_mono_ms()
					   : stop_left_ms();

	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left + 1;
}

static void
wait_for_visits(struct run *run)
{
	size_t jobs = (size_t)run->sweep->policy->jobs;
	autofree struct pollfd *fds = xcalloc(jobs + 1, sizeof(*fds));

	for (size_t i = 0; i < jobs; i++)
		fds[i] = (struct pollfd){
			.fd = run->turns[i].visit.pid ? run->turns[i].visit.fd
						      : -1,
			.events = POLLIN,
		};
	/* Once it was seen, it would wake us for ever. */
	fds[jobs] = (struct pollfd){
		.fd = run->kill_at_ms > 0 ? -1 : stop_fd(),
		.events = POLLIN,
	};
	if (poll(fds, jobs + 1, poll_timeout(run)) <= 0)
		return;
	for (size_t i = 0; i < jobs; i++)
		if (fds[i].revents)
			end_visit(run, &run->turns[i]);
}

static void
visit_all(struct run *run)
{
	struct err stopped;

	while (run->n_running > 0 ||
	    (run->next < run->n && run->result->early.class == ERR_NONE)) {
		if (stop_check(&stopped) == -1)
			stop_visits(run, &stopped);
		else
			start_visits(run);
		log_flush();
		if (run->n_running > 0)
			wait_for_visits(run);
	}
}

static void
explain_early(const struct run *run)
{
	const struct err *e = &run->result->early;

	if (e->class == ERR_NONE || run->kill_at_ms > 0)
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

int
sweep_run(const struct sweep *sweep, const struct text_list *roots,
    struct sweep_result *result, struct err *e)
{
	struct run run = { .sweep = sweep, .result = result };
	struct err why;
	int outcome;

	*result = (struct sweep_result){ 0 };
	splay(sweep->policy);
	run.turns = xcalloc((size_t)sweep->policy->jobs, sizeof(*run.turns));
	outcome = find_due(&run, roots, e);
	if (run.n > 0 &&
	    pipeline_check_reach(sweep->visit.pipeline, &why) == -1)
		end_early(&run, &why);
	visit_all(&run);
	result->left = run.n - run.next;
	explain_early(&run);
	for (size_t i = 0; i < run.n; i++)
		free(run.due[i].path);
	free(run.due);
	free(run.turns);
	return outcome;
}

#include "sweep/sweep.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "sweep/sweep_internal.h"

enum { LOOK_MS = 60 * 1000, HOST_BYTES = 256 };

/* One pass over the roots. */
struct pass {
	struct run run;
	const struct text_list *roots;
	int64_t looked_ms; /* clock_mono_ms() */
};

int64_t
sweep_splay_ms(const char *host, int64_t splay_ms)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	/* FNV-1a: evenly distributed, and the same in each sweep of a host. */
	for (; *host; host++)
		hash = (hash ^ (unsigned char)*host) * UINT64_C(1099511628211);
	return splay_ms > 0 ? (int64_t)((hash >> 11) % (uint64_t)splay_ms) : 0;
}

/* At every sweep, as no journal remembers it. */
static void
tell_refused(struct pass *pass, const struct finding *f)
{
	if (pass->looked_ms > 0 || !survey_is_refused(f))
		return;
	log_error("%s: not delivered: %s", f->path ? f->path : f->name, f->why);
	pass->run.result->worst =
	    err_worse(pass->run.result->worst, ERR_PERMANENT);
}

static void
on_found(void *ctx, struct finding *f)
{
	struct pass *pass = ctx;
	struct run *run = &pass->run;

	tell_refused(pass, f);
	sweep_offer_ahead(run, f);
	if (!sweep_offer(run, f))
		return;
	run->result->found[f->verdict]++;
	run->result->paused +=
	    f->verdict == VERDICT_DUE && sweep_is_paused(run, f->path);
	run->result->has_copies |= f->facts.is_copy;
}

static int
look(struct pass *pass, struct err *e)
{
	struct run *run = &pass->run;
	struct survey survey = {
		.policy = run->sweep->verdict,
		.recording = &run->sweep->visit.pipeline->recording,
	};
	int result;

	memset(run->result->found, 0, sizeof(run->result->found));
	run->result->tried_held = run->result->paused = 0;
	result = survey_roots(&survey, pass->roots, on_found, pass, e);
	sweep_sort(run);
	pass->looked_ms = clock_mono_ms();
	run->has_visited = false;
	return result;
}

/*
 * Recordings may have arrived during the visits: look again when none is left
 * to visit, and every minute during visits.
 */
static bool
is_news_likely(const struct pass *pass)
{
	bool is_late = clock_mono_ms() - pass->looked_ms >= LOOK_MS;

	return pass->run.has_visited && (is_late || pass->run.n_running == 0);
}

static void
look_again(struct pass *pass)
{
	struct run *run = &pass->run;
	struct err ignored;

	if (run->next < run->n || run->result->early.class != ERR_NONE ||
	    !(is_news_likely(pass) || sweep_is_ahead_short(run)))
		return;
	(void)look(pass, &ignored);
	/* Those still running were visited after this look. */
	run->has_visited = run->n_running > 0;
}

static void
visit_all(struct pass *pass)
{
	struct run *run = &pass->run;
	struct err stopped;

	for (;;) {
		if (stop_check(&stopped) == -1) {
			sweep_stop_visits(run, &stopped);
		} else {
			(void)sweep_note_pauses(run, pass->roots);
			look_again(pass);
			sweep_start_visits(run);
			sweep_give_way(run);
		}
		log_flush();
		if (run->n_running == 0 &&
		    (run->is_stopped || run->n_ahead == 0))
			return;
		sweep_wait(run, NULL, 0, LOOK_MS);
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

/* Spread the hosts' load; ends at a stop. */
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
	struct pass pass = { .roots = roots };
	struct run *run = &pass.run;
	int outcome;

	splay(sweep->policy);
	sweep_open(run, sweep, result);
	(void)sweep_note_pauses(run, roots);
	outcome = look(&pass, e);
	if (run->n > 0)
		sweep_check_reach(run);
	visit_all(&pass);
	result->left = run->n - run->next;
	result->paused += run->skipped;
	explain_early(run);
	sweep_end_ahead(run);
	sweep_close(run);
	return outcome;
}

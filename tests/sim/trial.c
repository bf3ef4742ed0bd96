#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "trace.h"
#include "world.h"

/* Real time; a history takes less than a hundredth of it. */
enum { PATIENCE_S = 60, SCRIPT_MAX = 1 << 20 };

/* Where a child reports its result. */
static struct report {
	struct verdict_of verdict;
	uint64_t done;
	size_t n[DRAW_STREAMS];
	uint32_t v[DRAW_STREAMS][SCRIPT_MAX];
} * report;

static void
share(void)
{
	if (report)
		return;
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (report == MAP_FAILED)
		mem_exhausted();
}

static void
one(uint64_t seed, const struct script *script)
{
	struct verdict_of *v = &report->verdict;
	const char *why;

	v->seed = seed;
	draw_begin(seed, script);
	(void)alarm(PATIENCE_S);
	history_run();
	v->law = laws_broken(&why);
	(void)snprintf(v->why, sizeof(v->why), "%s",
	    v->law == LAW_COUNT ? "" : why);
}

static void
wait_for(pid_t pid)
{
	struct verdict_of *v = &report->verdict;
	int status = 0;

	(void)waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
		return;
	v->law = LAW_ENDS;
	if (WIFSIGNALED(status))
		(void)snprintf(v->why, sizeof(v->why),
		    "the program dies of SIG%s",
		    sigabbrev_np(WTERMSIG(status)));
	else
		(void)snprintf(v->why, sizeof(v->why),
		    "the program ends with %d", WEXITSTATUS(status));
}

static pid_t
start(void)
{
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == -1)
		mem_exhausted();
	return pid;
}

struct verdict_of
trial_run(uint64_t seed, uint64_t n, uint64_t *done)
{
	pid_t pid;

	share();
	report->done = 0;
	report->verdict = (struct verdict_of){ .law = LAW_COUNT };
	pid = start();
	if (pid == 0) {
		for (uint64_t i = 0; i < n && report->verdict.law == LAW_COUNT;
		     i++) {
			one(seed + i, NULL);
			report->done++;
		}
		_exit(EXIT_SUCCESS);
	}
	wait_for(pid);
	*done = report->done + (report->verdict.law == LAW_ENDS);
	return report->verdict;
}

struct verdict_of
trial_replay(uint64_t seed, const struct script *script, bool is_shown)
{
	pid_t pid;

	share();
	report->verdict = (struct verdict_of){ .law = LAW_COUNT };
	pid = start();
	if (pid == 0) {
		trace_is_on = is_shown;
		one(seed, script);
		(void)fflush(stdout);
		_exit(EXIT_SUCCESS);
	}
	wait_for(pid);
	return report->verdict;
}

/* Also if its process dies half-way. */
void
trial_record(uint64_t seed, struct script *script)
{
	pid_t pid;

	share();
	memset(report->n, 0, sizeof(report->n));
	pid = start();
	if (pid == 0) {
		const struct script *taken;

		one(seed, NULL);
		taken = draw_script();
		for (int i = 0; i < DRAW_STREAMS; i++) {
			report->n[i] =
			    taken->n[i] < SCRIPT_MAX ? taken->n[i] : SCRIPT_MAX;
			if (report->n[i] > 0)
				memcpy(report->v[i], taken->v[i],
				    report->n[i] * sizeof(uint32_t));
		}
		_exit(EXIT_SUCCESS);
	}
	wait_for(pid);
	*script = (struct script){ 0 };
	for (int i = 0; i < DRAW_STREAMS; i++) {
		script->n[i] = script->cap[i] = report->n[i];
		script->v[i] = xcalloc(report->n[i] + 1, sizeof(uint32_t));
		memcpy(script->v[i], report->v[i],
		    report->n[i] * sizeof(uint32_t));
	}
}

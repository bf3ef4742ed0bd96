#include "sweep/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"

enum { REAP_MS = 1500, REAP_STEP_MS = 2 };

/* A pipe takes it in one piece, also when nobody reads. */
_Static_assert(sizeof(struct visit_report) <= PIPE_BUF, "a small report");

/* One try of each request: the pause between two is the sweep's affair. */
void
visit_deliver(const struct visit_policy *policy, const char *directory,
    struct visit_report *report)
{
	struct pipeline_policy pipeline = *policy->pipeline;
	const struct attempt_request request = {
		.directory = directory,
		.is_visit = true,
		/* The server may have lost what the journal has as stored. */
		.is_by_hand = policy->takes_held,
		.takes_held = policy->takes_held,
		.watch = policy->watch,
	};
	struct attempt_result result;

	pipeline.retry.tries = 1;
	pipeline.is_checked = true;
	pipeline.auth.inherited = policy->token;
	if (pipeline.http.rate_bytes > 0)
		pipeline.http.rate_bytes =
		    pipeline.http.rate_bytes / policy->jobs + 1;
	if (attempt_run(&request, policy->attempt, &pipeline, &result,
		&report->err) == 0)
		report->err.class = ERR_NONE;
	else if (!result.is_logged && report->err.class != ERR_BUSY)
		log_error("%s", report->err.text);
	report->is_own = result.is_own;
	report->is_token_renewed = result.is_token_renewed;
	report->outage = result.outage;
	attempt_result_free(&result);
}

/* What is hostile in one recording sees none of the others. */
static void
confine_to(const struct visit_policy *policy, const char *directory)
{
	struct text_list own = { 0 };

	text_list_add(&own, directory);
	confine_files(policy->confine, &own);
	text_list_free(&own);
}

static _Noreturn void
run_child(const struct visit_policy *policy, const char *directory,
    pid_t parent, int fd)
{
	struct visit_report report = { 0 };
	struct err e;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	log_after_fork();
	if (stop_after_fork(&e) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	/* That of the sweep is none of its own: it gets a signal then. */
	stop_at(clock_mono_ms() + policy->deadline_ms);
	confine_to(policy, directory);
	visit_deliver(policy, directory, &report);
	(void)file_write_all(fd, &report, sizeof(report));
	log_finish();
	_exit(EXIT_SUCCESS);
}

int
visit_start(struct visit *v, const struct visit_policy *policy,
    const char *directory, struct err *e)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) == -1)
		return err_sys(e, "create a pipe");
	v->pid = fork();
	if (v->pid == 0) {
		mem_close(&fds[0]);
		run_child(policy, directory, parent, fds[1]);
	}
	mem_close(&fds[1]);
	v->fd = fds[0];
	v->began_ms = clock_mono_ms();
	v->kill_at_ms = v->began_ms + policy->deadline_ms + STOP_KILL_MS;
	if (v->pid != -1)
		return 0;
	mem_close(&fds[0]);
	v->pid = 0;
	return err_sys(e, "start a process");
}

/*
 * False when even SIGKILL does not end it: it hangs in the kernel.  A child
 * that has said all may still have lines for a slow reader.
 */
static bool
reap(const struct visit *v, int *status)
{
	bool is_overdue = clock_mono_ms() >= v->kill_at_ms;
	int64_t began_ms = clock_mono_ms();
	int64_t age_ms;

	while ((age_ms = clock_mono_ms() - began_ms) < 2 * REAP_MS) {
		pid_t pid;

		if (is_overdue || age_ms >= REAP_MS)
			(void)kill(v->pid, SIGKILL);
		pid = waitpid(v->pid, status, WNOHANG);
		if (pid == v->pid || (pid == -1 && errno != EINTR))
			return true;
		(void)poll(NULL, 0, REAP_STEP_MS);
	}
	return false;
}

static void
explain_death(int status, struct err *e)
{
	if (WIFSIGNALED(status))
		(void)err_set(e, ERR_TEMPORARY,
		    "its process was ended by SIG%s",
		    sigabbrev_np(WTERMSIG(status)));
	else
		(void)err_set(e, ERR_TEMPORARY,
		    "its process ended with exit code %d", WEXITSTATUS(status));
}

bool
visit_end(struct visit *v, struct visit_report *report)
{
	bool is_reaped;
	ssize_t n;
	int status = 0;

	is_reaped = reap(v, &status);
	do
		n = read(v->fd, report, sizeof(*report));
	while (n == -1 && errno == EINTR);
	mem_close(&v->fd);
	v->pid = 0;
	if (n == (ssize_t)sizeof(*report))
		return true;
	*report = (struct visit_report){ 0 };
	if (is_reaped)
		explain_death(status, &report->err);
	else
		(void)err_set(&report->err, ERR_TEMPORARY,
		    "its process hangs in the kernel and cannot be ended");
	return false;
}

#include "sweep/visit.h"

#include <errno.h>
#include <fcntl.h>
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

/* One try of each request: the pause between two is the sweep's affair. */
static void
deliver(const struct visit_policy *policy, const char *directory,
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
	if (pipeline.http.rate_bytes > 0)
		pipeline.http.rate_bytes =
		    pipeline.http.rate_bytes / policy->jobs + 1;
	if (attempt_run(&request, policy->attempt, &pipeline, &result,
		&report->err) == 0)
		report->err.class = ERR_NONE;
	else if (!result.is_logged && report->err.class != ERR_BUSY)
		log_error("%s", report->err.text);
	report->was_done = result.was_done;
	report->sent = result.totals.sent;
	report->sent_bytes = result.totals.sent_bytes;
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
	int64_t left_ms = stop_left_ms();
	struct visit_report report = { 0 };
	struct err e;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	log_after_fork();
	if (stop_after_fork(&e) == -1 || getppid() != parent)
		_exit(EXIT_FAILURE);
	if (policy->deadline_ms < left_ms)
		left_ms = policy->deadline_ms;
	stop_at(clock_mono_ms() + left_ms);
	confine_to(policy, directory);
	deliver(policy, directory, &report);
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

	if (pipe2(fds, O_CLOEXEC) == -1)
		return err_sys(e, "create a pipe");
	v->pid = fork();
	if (v->pid == 0) {
		mem_close(&fds[0]);
		run_child(policy, directory, parent, fds[1]);
	}
	mem_close(&fds[1]);
	v->fd = fds[0];
	if (v->pid != -1)
		return 0;
	mem_close(&fds[0]);
	v->pid = 0;
	return err_sys(e, "start a process");
}

static int
wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	return status;
}

bool
visit_end(struct visit *v, struct visit_report *report)
{
	ssize_t n;
	int status;

	do
		n = read(v->fd, report, sizeof(*report));
	while (n == -1 && errno == EINTR);
	mem_close(&v->fd);
	status = wait_for(v->pid);
	v->pid = 0;
	if (n == (ssize_t)sizeof(*report))
		return true;
	*report = (struct visit_report){ 0 };
	if (WIFSIGNALED(status))
		(void)err_set(&report->err, ERR_TEMPORARY,
		    "its process was ended by SIG%s",
		    sigabbrev_np(WTERMSIG(status)));
	else
		(void)err_set(&report->err, ERR_TEMPORARY,
		    "its process ended with exit code %d", WEXITSTATUS(status));
	return false;
}

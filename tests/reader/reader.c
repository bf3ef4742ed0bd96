/*
 * Starts a program as Jibri does, and reads it as Jibri does.
 *
 *     reader STARTS DELAY_MS LINES PROGRAM [ARGUMENT...]
 *
 * Stdout and stderr are one pipe, stdin is one that never closes, SIGQUIT is
 * blocked.  A thread of Jibri reads the pipe from the start, line by line, and
 * passes each line to the listeners.  The log becomes one only some
 * milliseconds later: earlier lines are lost, and if the output has ended
 * before, the log is never told and stays open (Jibri waits 10 s for it).  Here
 * the log attaches 0 to DELAY_MS after the start, in steps.
 *
 * The last line of output is the number of lost lines and of listeners that
 * were left open.  Exit code 0: none, and each start gave LINES lines, the same
 * exit code, and an end of its output within 10 s.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { END_MS = 10000, EXIT_UNABLE = 2, FIXED_ARGUMENTS = 4 };

struct child {
	pid_t pid;
	int in, out;
	int64_t started_ms;
};

struct seen {
	long lines, lost;
	bool has_ended, is_left_open;
	int status;
};

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
make_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) == -1)
		err(EXIT_UNABLE, "pipe");
}

static _Noreturn void
become(char **argv, int in, int out)
{
	sigset_t quit;

	(void)sigemptyset(&quit);
	(void)sigaddset(&quit, SIGQUIT);
	(void)sigprocmask(SIG_BLOCK, &quit, NULL);
	if (dup2(in, STDIN_FILENO) != -1 && dup2(out, STDOUT_FILENO) != -1 &&
	    dup2(out, STDERR_FILENO) != -1)
		(void)execv(argv[0], argv);
	_exit(EXIT_UNABLE);
}

/* It has started once exec closed its copy of `begun`. */
static void
start(struct child *c, char **argv)
{
	int in[2], out[2], begun[2];
	char byte;

	make_pipe(in);
	make_pipe(out);
	make_pipe(begun);
	c->pid = fork();
	if (c->pid == -1)
		err(EXIT_UNABLE, "fork");
	if (c->pid == 0)
		become(argv, in[0], out[1]);
	(void)close(in[0]);
	(void)close(out[1]);
	(void)close(begun[1]);
	(void)!read(begun[0], &byte, 1);
	(void)close(begun[0]);
	c->in = in[1];
	c->out = out[0];
	c->started_ms = now_ms();
}

static long
count_lines(const char *data, ssize_t n)
{
	long lines = 0;

	for (ssize_t i = 0; i < n; i++)
		lines += data[i] == '\n';
	return lines;
}

static void
listen_to(const struct child *c, int64_t attached_ms, struct seen *s)
{
	struct pollfd pfd = { .fd = c->out, .events = POLLIN };
	char data[4096];

	for (;;) {
		int64_t left = c->started_ms + END_MS - now_ms();
		ssize_t n;
		long lines;

		if (left <= 0 || poll(&pfd, 1, (int)left) <= 0)
			return;
		n = read(c->out, data, sizeof(data));
		if (n <= 0) {
			s->has_ended = true;
			s->is_left_open = now_ms() < attached_ms;
			return;
		}
		lines = count_lines(data, n);
		s->lines += lines;
		if (now_ms() < attached_ms)
			s->lost += lines;
	}
}

static void
finish(const struct child *c, struct seen *s)
{
	if (!s->has_ended)
		(void)kill(c->pid, SIGKILL);
	if (waitpid(c->pid, &s->status, 0) == -1)
		err(EXIT_UNABLE, "waitpid");
	(void)close(c->in);
	(void)close(c->out);
}

static long
number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (*end != '\0' || n < 0)
		errx(EXIT_UNABLE, "%s is not a number", text);
	return n;
}

int
main(int argc, char **argv)
{
	long starts, delay, lines, lost = 0, open = 0, odd = 0;
	int status = 0;

	if (argc <= FIXED_ARGUMENTS)
		errx(EXIT_UNABLE, "see the head of reader.c");
	starts = number(argv[1]);
	delay = number(argv[2]);
	lines = number(argv[3]);
	for (long i = 0; i < starts; i++) {
		struct seen s = { 0 };
		struct child c;

		start(&c, argv + FIXED_ARGUMENTS);
		listen_to(&c,
		    c.started_ms + (starts > 1 ? delay * i / (starts - 1) : 0),
		    &s);
		finish(&c, &s);
		if (i == 0)
			status = s.status;
		lost += s.lost;
		open += s.is_left_open;
		odd += !s.has_ended || s.lines != lines || s.status != status;
	}
	printf("%ld starts, %ld lines lost, %ld readers left open, %ld odd, "
	       "exit code %d\n",
	    starts, lost, open, odd,
	    WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	return lost > 0 || open > 0 || odd > 0;
}

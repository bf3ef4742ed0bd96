/*
 * Runs a command and prints what it cost:
 *
 *     bench-measure COMMAND [ARGUMENT...]
 *
 * prints, when it has ended, one line: exit code, wall time and processor
 * time in microseconds, and the peak memory in KiB of the largest process
 * among it and its descendants, then when it was started, in nanoseconds of
 * CLOCK_MONOTONIC.  Output of the command goes to /dev/null.
 *
 * ru_maxrss is inherited over exec from whoever starts a process: this one
 * is smaller than anything that is measured.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t
now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static long long
micros(struct timeval tv)
{
	return (long long)tv.tv_sec * 1000000 + tv.tv_usec;
}

static _Noreturn void
become(char **argv)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd <= 2; fd++)
		(void)dup2(null, fd);
	(void)execvp(argv[0], argv);
	_exit(127);
}

int
main(int argc, char **argv)
{
	struct rusage used;
	int64_t start, end;
	int status;
	pid_t pid;

	if (argc < 2)
		return 64;
	start = now_ns();
	pid = fork();
	if (pid == 0)
		become(argv + 1);
	if (pid == -1 || waitpid(pid, &status, 0) == -1)
		return 1;
	end = now_ns();
	/* Of the child and of all that it has waited for. */
	(void)getrusage(RUSAGE_CHILDREN, &used);
	return printf("%d %lld %lld %ld %lld\n",
		   WIFEXITED(status) ? WEXITSTATUS(status) : 128,
		   (long long)(end - start) / 1000,
		   micros(used.ru_utime) + micros(used.ru_stime),
		   used.ru_maxrss, (long long)start) < 0;
}

#include "base/log_out.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/stop.h"

enum { HOLD_MS = 100, PATIENCE_MS = 1000, STOPPED_PATIENCE_MS = 200 };

static int64_t release_ms; /* nothing is written before this moment */

struct log_out log_stdout = { .fd = STDOUT_FILENO,
	.has_reader = true,
	.is_patient = true };
struct log_out log_stderr = { .fd = STDERR_FILENO, .has_reader = true };

static void
init(struct log_out *out)
{
	struct stat st = { 0 };

	(void)fstat(out->fd, &st);
	/* A regular file and /dev/null never block. */
	out->has_reader =
	    !S_ISREG(st.st_mode) && (!S_ISCHR(st.st_mode) || isatty(out->fd));
	if (S_ISFIFO(st.st_mode))
		release_ms = clock_mono_ms() + HOLD_MS;
}

void
log_out_init(void)
{
	init(&log_stdout);
	init(&log_stderr);
}

bool
log_out_is_held(void)
{
	return clock_mono_ms() < release_ms;
}

void
log_out_await(void)
{
	int64_t left;

	while ((left = release_ms - clock_mono_ms()) > 0)
		(void)poll(NULL, 0, (int)left);
}

/*
 * A pipe that polls as writable takes PIPE_BUF bytes without blocking, so a
 * reader that stops reading costs one wait, not the whole run.
 */
int
log_out_patience_ms(bool is_stuck)
{
	struct err stopped;

	return is_stuck                  ? 0
	    : stop_check(&stopped) == -1 ? STOPPED_PATIENCE_MS
					 : PATIENCE_MS;
}

static bool
has_time(const struct log_out *out)
{
	struct err stopped;

	return out->is_patient && stop_check(&stopped) == 0;
}

static void
write_all(struct log_out *out, const char *data, size_t len)
{
	if (file_write_all(out->fd, data, len) == -1) {
		out->error = errno;
		out->is_stuck = true;
	}
}

static void
write_patiently(struct log_out *out, const char *data, size_t len)
{
	struct pollfd pfd = { .fd = out->fd, .events = POLLOUT };

	while (len > 0) {
		size_t piece = len > PIPE_BUF ? PIPE_BUF : len;
		int ready = poll(&pfd, 1, log_out_patience_ms(out->is_stuck));

		if (ready == -1 ? errno == EINTR : ready == 0 && has_time(out))
			continue;
		out->is_stuck = ready <= 0;
		if (!out->is_stuck)
			write_all(out, data, piece);
		if (out->is_stuck)
			return;
		data += piece;
		len -= piece;
	}
}

static void
flush_out(struct log_out *out)
{
	if (out->has_reader)
		write_patiently(out, buf_str(&out->waiting), out->waiting.len);
	else if (out->waiting.len > 0)
		write_all(out, out->waiting.data, out->waiting.len);
	buf_free(&out->waiting);
}

void
log_out_flush(void)
{
	if (log_out_is_held())
		return;
	flush_out(&log_stderr);
	flush_out(&log_stdout);
}

int64_t
log_out_due_ms(void)
{
	return release_ms;
}

void
log_out_put(struct log_out *out, const char *text)
{
	(void)buf_adds(&out->waiting, text);
	log_out_flush();
}

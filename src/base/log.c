#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log_journal.h"
#include "base/log_out.h"
#include "base/mem.h"
#include "base/owned.h"
#include "base/term.h"
#include "base/text.h"
#include "base/wrap.h"

static struct log_policy policy = { .level = LOG_INFO, .is_looking = true };
static char *session, *room, *trace;
static const char *message_id; /* of the journal's next outcome */
static struct {
	bool is_stderr, is_native, is_stdout;
	bool is_stuck; /* not waited for again until it accepts output */
} journal;
static int file_fd = -1;
static struct stat file_st; /* of the log file, also while it is not open */
static bool has_color;

void
log_init(void)
{
	log_out_init();
	journal.is_stderr = term_is_journal(STDERR_FILENO);
	journal.is_stdout = term_is_journal(STDOUT_FILENO);
	journal.is_native = journal.is_stderr && log_journal_open();
	has_color = term_has_color(STDERR_FILENO);
}

int
log_configure(const struct log_policy *p, struct err *e)
{
	policy = *p;
	log_stdout.is_patient = policy.is_looking;
	mem_close(&file_fd);
	if (policy.file == NULL || *policy.file == '\0')
		return 0;
	if (policy.is_looking) {
		(void)lstat(policy.file, &file_st);
		return 0;
	}
	file_fd =
	    owned_open_file(policy.file, O_WRONLY | O_APPEND | O_CREAT, 0640);
	if (file_fd == -1 && errno == EMLINK)
		return err_set(e, ERR_PERMANENT,
		    "the log file %s is not a regular file without hard links",
		    policy.file);
	if (file_fd == -1 || fstat(file_fd, &file_st) == -1)
		return err_sys(e, "open the log file %s", policy.file);
	return 0;
}

void
log_set_session(const char *name)
{
	mem_replace(&session, name);
	mem_replace(&trace, NULL);
	mem_replace(&room, NULL);
}

void
log_set_room(const char *name)
{
	mem_replace(&room, name);
}

void
log_set_trace(const char *trace_id)
{
	mem_replace(&trace, trace_id);
}

void
log_set_message_id(const char *id)
{
	message_id = id;
}

void
log_flush(void)
{
	log_out_flush();
}

int64_t
log_due_ms(void)
{
	return log_out_due_ms();
}

/* The live lines */

static struct {
	struct buf text; /* shown below all other lines */
	size_t rows;     /* how many are on the screen now */
} live;

/* Replace the live rows with this text, then draw them again below it. */
static void
add_frame(struct buf *frame, const char *above)
{
	const char *line = buf_str(&live.text);

	if (live.rows > 0)
		(void)buf_addf(frame, "\r\033[%zuA", live.rows);
	/* The text may wrap: clear the rest of the screen. */
	if (*above)
		(void)buf_addf(frame, "\033[J%s", above);
	for (live.rows = 0; *line; live.rows++) {
		size_t len = strcspn(line, "\n");

		(void)buf_addf(frame, "%.*s\033[K\n", (int)len, line);
		line += len + (line[len] == '\n');
	}
	(void)buf_adds(frame, "\033[J");
}

static bool
is_writable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLOUT };

	return poll(&pfd, 1, 0) == 1;
}

void
log_set_live(const char *lines)
{
	autobuf struct buf frame = { 0 };

	buf_free(&live.text);
	(void)buf_adds(&live.text, lines);
	if ((*lines == '\0' && live.rows == 0) || log_out_is_held() ||
	    !is_writable(STDERR_FILENO))
		return;
	add_frame(&frame, "");
	log_out_put(&log_stderr, buf_str(&frame));
}

/* On a terminal, break lines between words. */
static void
wrap(int fd, struct buf *wrapped, const char *line)
{
	if (policy.format == LOG_TEXT && isatty(fd))
		wrap_add(wrapped, line, term_size(fd).columns);
	else
		(void)buf_adds(wrapped, line);
}

static void
put_line(const char *line)
{
	autobuf struct buf wrapped = { 0 }, frame = { 0 };

	wrap(STDERR_FILENO, &wrapped, line);
	if (live.rows > 0)
		add_frame(&frame, buf_str(&wrapped));
	log_out_put(&log_stderr, buf_str(frame.len > 0 ? &frame : &wrapped));
}

/* The lines */

static const struct {
	const char *name;
	int priority; /* of syslog(3) */
	const char *color;
} levels[] = {
	[LOG_ERROR] = { "error", 3, "\033[1;31m" },
	[LOG_WARN] = { "warning", 4, "\033[33m" },
	[LOG_INFO] = { "info", 6, NULL },
	[LOG_DEBUG] = { "debug", 7, NULL },
	[LOG_TRACE] = { "trace", 7, NULL },
};

static void
add_string(struct buf *line, const char *s)
{
	autofree char *safe = text_escape(s);

	text_add_json(line, safe);
}

static void
format_json(struct buf *line, enum log_level level, const char *time,
    const char *message)
{
	(void)buf_addf(line,
	    "{\"time\":\"%s\",\"level\":\"%s\",\"session\":", time,
	    levels[level].name);
	if (session)
		add_string(line, session);
	else
		(void)buf_adds(line, "null");
	if (trace)
		(void)buf_addf(line, ",\"traceId\":\"%s\"", trace);
	(void)buf_adds(line, ",\"message\":");
	add_string(line, message);
	(void)buf_adds(line, "}\n");
}

/* Instead of a file descriptor. */
enum { TO_FILE = -1, TO_JOURNAL = -2 };

/* The journal adds the name of the program itself. */
static void
format(struct buf *line, enum log_level level, const char *time,
    const char *message, int fd)
{
	bool is_colored = fd == STDERR_FILENO && has_color;
	autofree char *who =
	    term_text(fd, session ? session : "jibri-finalize");
	autofree char *what = term_text(fd, message);

	if (policy.format == LOG_JSON) {
		format_json(line, level, time, message);
		return;
	}
	if (session || fd != TO_JOURNAL)
		(void)buf_addf(line, "%s: ", who);
	if (level <= LOG_WARN && is_colored)
		(void)buf_addf(line, "%s%s:\033[0m ", levels[level].color,
		    levels[level].name);
	else if (level <= LOG_WARN)
		(void)buf_addf(line, "%s: ", levels[level].name);
	(void)buf_addf(line, "%s\n", what);
}

/* Stop using a log file that fails, and say so once. */
static void
put_file(enum log_level level, const char *time, const char *message)
{
	autobuf struct buf line = { 0 };

	if (policy.format == LOG_TEXT)
		(void)buf_addf(&line, "%s ", time);
	format(&line, level, time, message, TO_FILE);
	if (file_write_all(file_fd, line.data, line.len) == 0)
		return;
	mem_close(&file_fd);
	log_warn("the log file %s cannot be written: %s; logging continues "
		 "without it",
	    policy.file, strerror(errno));
}

bool
log_shows(enum log_level level)
{
	return (int)level <= policy.level;
}

static bool
send_entry(enum log_level level, const char *line)
{
	const struct log_entry entry = {
		.priority = levels[level].priority,
		.message = line,
		.session = session,
		.room = room,
		.message_id = message_id,
	};

	journal.is_stuck =
	    !log_journal_send(&entry, log_out_patience_ms(journal.is_stuck));
	return !journal.is_stuck;
}

/* Where the socket fails, write to stderr as other programs do. */
static void
show_in_journal(enum log_level level, const char *time, const char *message)
{
	autobuf struct buf line = { 0 };
	autofree char *shown = NULL;

	format(&line, level, time, message, TO_JOURNAL);
	line.data[line.len - 1] = '\0';
	if (journal.is_native && send_entry(level, line.data))
		return;
	shown = xasprintf("<%d>%s\n", levels[level].priority, line.data);
	put_line(shown);
}

static void
show(enum log_level level, const char *time, const char *message)
{
	autobuf struct buf line = { 0 };

	format(&line, level, time, message, STDERR_FILENO);
	put_line(buf_str(&line));
}

static void
emit(enum log_level level, const char *message, bool is_shown)
{
	char time[CLOCK_TEXT_BYTES] = "";

	if (policy.format == LOG_JSON || file_fd != -1)
		clock_rfc3339(clock_unix_ms(), time);
	if (is_shown)
		(journal.is_stderr ? show_in_journal : show)(level, time,
		    message);
	if (file_fd != -1)
		put_file(level, time, message);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	autofree char *message = NULL;
	va_list ap;

	if (!log_shows(level))
		return;
	va_start(ap, fmt);
	message = xvasprintf(fmt, ap);
	va_end(ap);
	emit(level, message, level == LOG_ERROR || !policy.is_quiet);
}

static void
put_outcome(const char *text, bool is_shown)
{
	autobuf struct buf line = { 0 }, wrapped = { 0 };
	bool is_entry = journal.is_native && journal.is_stdout;

	if (is_shown && policy.format == LOG_TEXT && !is_entry) {
		format(&line, LOG_INFO, "", text, STDOUT_FILENO);
		wrap(STDOUT_FILENO, &wrapped, buf_str(&line));
		log_result(buf_str(&wrapped));
	}
	emit(LOG_INFO, text,
	    is_shown && (policy.format == LOG_JSON || is_entry));
	message_id = NULL;
}

void
log_final(bool is_success, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	put_outcome(text, !is_success || !policy.is_quiet);
}

void
log_event(const char *id, enum log_level level, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list ap;

	if (!journal.is_native || !log_shows(level) ||
	    (policy.is_quiet && level != LOG_ERROR))
		return;
	va_start(ap, fmt);
	text = xvasprintf(fmt, ap);
	va_end(ap);
	message_id = id;
	emit(level, text, true);
	message_id = NULL;
}

bool
log_is_file(const struct stat *st)
{
	return file_st.st_ino != 0 && file_st.st_dev == st->st_dev &&
	    file_st.st_ino == st->st_ino;
}

void
log_result(const char *text)
{
	log_set_live("");
	log_out_put(&log_stdout, text);
}

void
log_after_fork(void)
{
	buf_free(&log_stdout.waiting);
	buf_free(&log_stderr.waiting);
}

/* A pipe that nobody reads any more is not an error. */
static bool
has_lost_result(void)
{
	int error = log_stdout.error;

	if (!policy.is_looking || error == 0 || error == EPIPE)
		return false;
	log_error("standard output: cannot write: %s", strerror(error));
	return true;
}

int
log_finish(void)
{
	bool is_lost;

	log_out_await();
	log_set_live("");
	log_flush();
	is_lost = has_lost_result();
	buf_free(&live.text);
	log_set_session(NULL);
	mem_close(&file_fd);
	return is_lost ? -1 : 0;
}

#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_policy {
	int level;       /* enum log_level */
	int format;      /* enum log_format */
	char *file;      /* also append to this file; NULL or empty: none */
	bool is_quiet;   /* only errors go to stderr */
	bool is_looking; /* inspecting only: do not write to the file */
};

/*
 * Note the start of the program.  When stdout or stderr is a pipe, nothing is
 * written and log_finish() does not return until 100 ms after this moment:
 * Jibri attaches its reader late, loses what came before, and can wait ten
 * seconds for a reader that missed the end
 * (org.jitsi.jibri.util.ProcessFactory, LoggingUtils).
 */
void log_init(void);

/*
 * Apply the policy, which must outlive the program.  The log file is reopened
 * even if its name is unchanged.  -1 when it cannot be opened; everything else
 * still works.
 */
int log_configure(const struct log_policy *, struct err *e);

/*
 * Put this session, or with NULL none, in every line from now on.  Resets the
 * room, which is a field in systemd's journal.
 */
void log_set_session(const char *session);
void log_set_room(const char *room);

/* Put this trace id, plain text, in every JSON line until the next call. */
void log_set_trace(const char *trace_id);

/*
 * Log one line to stderr and to the log file.  It is ASCII, except on a
 * terminal that shows UTF-8.  A reader that does not take it within a second
 * loses it, and is not waited for again until it reads: logging never stops a
 * delivery.  For systemd's journal it is an entry with fields, or, where its
 * socket cannot be used, a line with a priority (sd-daemon(3)).  On a terminal
 * it is wrapped, with "error" and "warning" coloured.
 */
void log_line(enum log_level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_trace(...) log_line(LOG_TRACE, __VA_ARGS__)

/* Is this level shown anywhere? */
bool log_shows(enum log_level);

/* Is this the log file? */
bool log_is_file(const struct stat *);

/*
 * Keep these lines below all others on stderr until they are replaced; ""
 * removes them.  Each ends with a newline and is shorter than the terminal is
 * wide.  Dropped silently while the terminal does not accept output.
 */
void log_set_live(const char *lines);

/* Write a result to stdout unchanged; the live lines are removed first. */
void log_result(const char *text);

/*
 * Log the result for the session's recording, at any level: to stdout and as a
 * line of the log file.  In JSON both get a log line.  A success is only in the
 * log file with --quiet.
 */
void log_final(bool is_success, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define log_outcome(...) log_final(false, __VA_ARGS__)
#define log_success(...) log_final(true, __VA_ARGS__)

/*
 * Set the MESSAGE_ID (systemd.journal-fields(7)) of the next outcome, or log an
 * entry that goes only to the journal.
 */
#define LOG_DONE_ID "5c67311e4dce4f09a1c34c0fef6637b5"
#define LOG_HELD_ID "f017f18b00a34b03b907425cdea9dedb"
void log_set_message_id(const char *message_id);
void log_event(const char *message_id, enum log_level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Write held-back lines if they are due. */
void log_flush(void);

/* When they are due, by clock_mono_ms(); in the past once written. */
int64_t log_due_ms(void);

/*
 * Call in one of the two processes after fork(2): the other writes the
 * held-back lines.
 */
void log_after_fork(void);

/*
 * Write held-back lines.  Call this last before the program ends.  -1, logged,
 * if a run with is_looking could not write its result; a pipe that is no longer
 * read does not count.
 */
int log_finish(void);

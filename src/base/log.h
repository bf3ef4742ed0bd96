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
	char *file;      /* also appended to this file; NULL or empty: none */
	bool is_quiet;   /* stderr gets errors only */
	bool is_looking; /* nothing is written to the file */
};

/*
 * Note the start of the program.  When stdout or stderr is a pipe, nothing
 * is written and log_finish() does not return before 100 ms after this
 * moment: Jibri attaches its reader late, loses what came earlier and can
 * wait ten seconds for a reader that missed the end
 * (org.jitsi.jibri.util.ProcessFactory, LoggingUtils).
 */
void log_init(void);

/*
 * Obey the policy, which must outlive the program, from now on.  The log file
 * is opened anew, also where its name is the same.  -1 when
 * the log file cannot be opened; everything else works anyway.
 */
int log_configure(const struct log_policy *, struct err *e);

/*
 * Name the session in every line from now on; NULL for none.  The room, which
 * is a field in the journal, is not known after that.
 */
void log_set_session(const char *session);
void log_set_room(const char *room);

/* And in JSON the id of its trace, plain text, until another is named. */
void log_set_trace(const char *trace_id);

/*
 * One line to stderr and to the log file, ASCII only but on a terminal that
 * shows UTF-8.  A reader that does not take it within a second loses it, and
 * is not waited for again until it reads: no log can stop a delivery.  In
 * systemd's journal it is an entry with fields, or where its socket is not to
 * be had has its priority (sd-daemon(3)).  On a terminal it is wrapped, and
 * "error" and "warning" are coloured.
 */
void log_line(enum log_level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_trace(...) log_line(LOG_TRACE, __VA_ARGS__)

/* Does anyone see lines of this level? */
bool log_shows(enum log_level);

/* Is this the log file? */
bool log_is_file(const struct stat *);

/*
 * Lines, each with its newline and shorter than the terminal is wide, that
 * stay below all others on stderr until they are replaced; "" takes them
 * away.  Lost without a word while the terminal takes nothing.
 */
void log_set_live(const char *lines);

/* A result, as it is, to stdout; the live lines are taken away before. */
void log_result(const char *text);

/*
 * What became of the session's recording, whatever the level: a result, and
 * a line of the log file.  In JSON it is a line of the log in both.
 */
void log_outcome(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The same of a success, which --quiet shows nobody but the log file. */
void log_success(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * What an entry of the journal is (MESSAGE_ID of systemd.journal-fields(7)):
 * the next outcome, or one that is only in the journal.
 */
#define LOG_DONE_ID "5c67311e4dce4f09a1c34c0fef6637b5"
#define LOG_HELD_ID "f017f18b00a34b03b907425cdea9dedb"
void log_set_message_id(const char *message_id);
void log_event(const char *message_id, enum log_level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Write what waits, if its time has come. */
void log_flush(void);

/* When that is, by clock_mono_ms(); in the past once it was. */
int64_t log_due_ms(void);

/* In one of the two processes after fork(2): what waits is the other's. */
void log_after_fork(void);

/* Write what waits.  The last thing before the program ends. */
void log_finish(void);

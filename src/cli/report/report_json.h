#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * What --json prints: one document for each command, that of jibri-finalize(1)
 * and packaging/schema.  Commands put their members in; schema, command,
 * class, exitCode and error are added at its end, also after a failure.
 * Without --json nothing of this does anything.
 */
enum report_form {
	REPORT_OBJECT, /* the recording's members are the document's */
	REPORT_LIST,   /* "recordings" has them, in the order of the words */
	REPORT_LINES,  /* the document is the last line of several */
};

/* Begin it; the name is a command's, or NULL while none is known. */
void report_begin(const char *command, enum report_form);
bool report_is_json(void);

/* A member of the document; releases the value. */
void report_set(const char *key, json_t *value);

/* The members of this object, which is released. */
void report_set_all(json_t *object);

/* What there is to say of a recording: an object, which is released. */
void report_recording(json_t *object);

/* How many of them there are. */
size_t report_recordings(void);

/*
 * It was handled, and that ended so (NULL: well): add class, exitCode and
 * lastError.  Where there are still as many as before, its path is all that
 * is known.
 */
void report_seal_recording(size_t before, const char *path, const struct err *);

/* Why the command failed; the first counts.  Nothing where text is empty. */
void report_error(const char *text);

/* What is text for people in any case: as it is, or as the member text. */
void report_text(const char *text);

/* A line of REPORT_LINES, printed at once; releases it. */
void report_line(json_t *object);

/* Print the document. */
void report_end(const struct err *);

/*
 * A process that does a part of the command's work has a document of its own,
 * and leaves it in this file, which the one that waits for it takes over.
 * report_share() returns -1 without --json; what cannot be used is left out.
 */
int report_share(void);
void report_leave(int fd);
void report_take(int fd);
void report_restart(void); /* in the process, first */

/* A string, or null; what is no UTF-8 is escaped. */
json_t *report_json_text(const char *);

/* A number, or null while it is not known. */
json_t *report_json_number(bool is_known, int64_t number);

/* A moment in RFC 3339, or null for 0. */
json_t *report_json_time(int64_t unix_ms);

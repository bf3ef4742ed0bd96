#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The output of --json: one document per command, as described in
 * jibri-finalize(1) and packaging/schema.  Commands add their members; schema,
 * command, class, exitCode and error are added at the end, also after a
 * failure.  Without --json these functions do nothing.
 */
enum report_form {
	REPORT_OBJECT, /* one recording: its members are the document's */
	REPORT_LIST,   /* in "recordings", in the order of the words */
	REPORT_LINES,  /* the document is the last of several lines */
};

/* Begin the document; command is NULL while unknown. */
void report_begin(const char *command, enum report_form);
bool report_is_json(void);

/* Set a member of the document; releases the value. */
void report_set(const char *key, json_t *value);

/* Set all members of an object; releases it. */
void report_set_all(json_t *object);

/* Add a recording as an object; releases it. */
void report_recording(json_t *object);

/* The number of recordings so far. */
size_t report_recordings(void);

/*
 * A recording was handled, with this error or NULL: add class, exitCode and
 * lastError.  If none was added since before, add one that has only its path.
 */
void report_seal_recording(size_t before, const char *path, const struct err *);

/* Why the command failed; the first call counts.  Ignores an empty text. */
void report_error(const char *text);

/* Text that is only for people: print it, or make it the member text. */
void report_text(const char *text);

/* Print a line of REPORT_LINES at once; releases the object. */
void report_line(json_t *object);

/* Print the document. */
void report_end(const struct err *);

/*
 * A process that does part of the command's work has its own document, which it
 * leaves in this file for its parent to take over. report_share() returns -1
 * without --json; an unusable file is ignored.
 */
int report_share(void);
void report_leave(int fd);
void report_take(int fd);
void report_restart(void); /* first call in that process */

/* A string, or null; bytes that are not UTF-8 are escaped. */
json_t *report_json_text(const char *);

/* A number, or null if unknown. */
json_t *report_json_number(bool is_known, int64_t number);

/* A moment in RFC 3339, or null for 0. */
json_t *report_json_time(int64_t unix_ms);

/*
 * The requested faults: the file `faults`, read again whenever it changes.
 *
 *     STAGE MATCH TIMES FAULT [ARGS...]
 *
 * STAGE is a stage's name or `any`.  MATCH is a glob for the subject: the file
 * name of an upload, the body of a webhook, otherwise the raw target.  TIMES is
 * a number, `*`, or `N%` for a random share of the requests.  The first line
 * that matches and has uses left applies; a changed file resets all counts.
 * Empty lines and lines that begin with `#` are ignored.
 *
 *   status CODE [HEADERS]         that answer, the body read, nothing stored
 *   status-stored CODE [HEADERS]
 *   status-body CODE FILE [TYPE]  that answer with this body, nothing stored
 *   s3-error CODE NAME            an <Error> of S3, nothing stored
 *   s3-error-stored CODE NAME
 *   unexpected CODE [HEADERS]     early, if the request has an Expect
 *   unexpected-late CODE [HEADERS] the same after the body
 *   early CODE [HEADERS]          that answer, the body unread, then closed
 *   early-200                     the same with a good answer
 *   drop-at N|N%                  closed after so much of the body
 *   reset-at N|N%
 *   stall-at N|N% SECONDS         reads no further, then closed
 *   drop-after, drop-stored       closed after the body
 *   drop-stored-reused            only where a connection is used again
 *   reset-stored
 *   stall-answer SECONDS          silence, then closed, nothing stored
 *   stall-stored SECONDS          stored, silence, then the good answer
 *   slow-store SECONDS            silence, stored, then the good answer
 *   late-store SECONDS CODE       that answer at once, stored afterwards
 *   html, html-stored             a page with 200
 *   garbage, garbage-stored       bytes that are not HTTP; not with --tls
 *   truncate, truncate-lost       a good answer cut short; lost: not stored
 *   redirect CODE LOCATION
 *   lie-size N                    stored, with this size in the answer
 *   body FILE [TYPE], body-stored FILE [TYPE]
 *   endless                       2 GiB of JSON that never closes
 *   slow N                        the body read at N bytes a second
 *   dribble SECONDS               stored; blanks one by one, then the answer
 *
 * HEADERS are `Name: value` with " | " between them; a relative FILE is in
 * DIR.  With --tls, `early` needs the MATCH `*`.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "target.h"

enum fault_moment {
	FAULT_AT_HEADER,   /* before the body is read */
	FAULT_AT_POSITION, /* at a byte of the body, at the latest its end */
	FAULT_AFTER_BODY,
};

enum fault_storing {
	FAULT_STORES_NOTHING,
	FAULT_STORES, /* before the answer, or before none */
	FAULT_WAITS_AND_STORES,
	FAULT_STORES_LATER, /* in the background */
};

enum fault_ending {
	ENDING_GOOD,
	ENDING_STATUS,
	ENDING_S3_ERROR,
	ENDING_PAGE,
	ENDING_CLOSE,
	ENDING_RESET,
	ENDING_SILENT,
	ENDING_LATE,
	ENDING_HTML,
	ENDING_GARBAGE,
	ENDING_TRUNCATED,
	ENDING_REDIRECT,
	ENDING_LIE,
	ENDING_FILE,
	ENDING_ENDLESS,
	ENDING_DRIBBLE,
};

/*
 * args, one letter for each argument: c a status code, h the rest of the
 * line as headers with " | " between them, p a position N or N%, s seconds,
 * n a number, w a word, o a word that may be missing.
 */
struct fault_kind {
	const char *word;
	const char *args;
	enum fault_moment moment;
	enum fault_storing storing;
	enum fault_ending ending;
	bool is_reused_only; /* not on a connection's first request */
	bool is_expect_only; /* not without an Expect */
	bool is_slow;        /* the body is read at `number` bytes a second */
};

struct fault {
	const struct fault_kind *kind;
	unsigned code;
	double seconds;
	unsigned long long number;
	bool is_percent;
	char text[512]; /* headers, location or file */
	char type[128];
	char spelling[256]; /* as in the file; empty: no fault */
};

struct fault_rule;

struct fault_list {
	struct fault_rule *rules;
	size_t count;
	struct stat seen;
	unsigned chance; /* the state of rand_r(), initially the seed */
};

/* Read the file again if it changed; a mistake in it ends the sandbox. */
void fault_refresh(struct fault_list *);

/*
 * Set *f to the fault of a request, or to no fault.  False when this depends on
 * the subject and subject is NULL; then ask again later.
 */
bool fault_decide(struct fault_list *, enum stage, const char *subject,
    bool is_reused, bool has_expect, struct fault *f);

void fault_release(struct fault_list *);

#endif

#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Errors are values: a function returns 0 or -1 and fills a struct err that
 * its caller provides.  The class decides everything that follows: the log,
 * the journal, the webhook and the exit code all read the same value.
 */
enum err_class {
	ERR_NONE,
	ERR_TEMPORARY,   /* will be retried */
	ERR_BUSY,        /* another process works on the recording */
	ERR_INTERRUPTED, /* a signal or the deadline ended the run */
	ERR_PERMANENT,   /* held: an operator must look */
	ERR_REFUSED,     /* credentials were not accepted */
	ERR_CONFIG,      /* the configuration is wrong */
	ERR_ALARM,       /* a condition asked to be alarmed about is present */
	ERR_CRITICAL,    /* the same, and it needs an operator now */
	ERR_UNKNOWN,     /* whether it is present is unknown */
	ERR_NO_INPUT,    /* the recording does not exist */
	ERR_USAGE,       /* the command line is wrong */
	ERR_CLASSES
};

enum { ERR_TEXT_BYTES = 1024 };

struct err {
	enum err_class class;
	bool is_outage;            /* the server as a whole does not work */
	int64_t retry_after_ms;    /* requested pause; 0: none */
	char text[ERR_TEXT_BYTES]; /* truncated if longer */
};

/* Is this error, which another process sent, well-formed? */
bool err_is_valid(const struct err *);

/* Set class and text, nothing else.  Returns -1 for the caller to return. */
int err_set(struct err *e, enum err_class kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * As err_set() for a failed system call: adds the text of errno and takes
 * the class from it.  What only an operator can fix (permission, symbolic
 * link, not a directory) is permanent, the rest is temporary.
 */
int err_sys(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Is this errno about the moment (no descriptor or memory left, a failing disk
 * or server) rather than about the file?
 */
bool err_is_passing(int number);

/* Prefix the text with "context: ".  Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Append "; hint", which says how to fix it, whole or not at all: it may have a
 * command.  Returns -1.
 */
int err_hint(struct err *e, const char *hint);

/* The class as a word, as in the journal, the log and status. */
const char *err_class_name(enum err_class kind);

/* The inverse; an unknown word gives ERR_TEMPORARY. */
enum err_class err_class_parse(const char *name);

/* The exit code (sysexits.h) of a run that ends with this class. */
int err_exit_code(enum err_class kind);

/*
 * The class that counts when both apply.  The order is configuration, refused,
 * permanent, temporary, none.
 */
enum err_class err_worse(enum err_class a, enum err_class b);

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
	ERR_ALARM,       /* what was asked to be watched for is there */
	ERR_NO_INPUT,    /* there is no such recording */
	ERR_USAGE,       /* the command line is wrong */
	ERR_CLASSES
};

enum { ERR_TEXT_BYTES = 1024 };

struct err {
	enum err_class class;
	bool is_outage;            /* the server as a whole does not work */
	int64_t retry_after_ms;    /* it asked for this pause; 0: it did not */
	char text[ERR_TEXT_BYTES]; /* cut where it would be longer */
};

/* Can one that another process has sent be used as it is? */
bool err_is_valid(const struct err *);

/* Set class and text, nothing else.  Returns -1, so that a caller can, too. */
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
 * Does this errno speak of the moment (no descriptor, no memory, a disk or a
 * server that fails), not of the file?
 */
bool err_is_passing(int number);

/* Put "context: " in front of the text; the rest stays.  Returns -1. */
int err_wrap(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Put "; hint", which says how to fix it, behind the text.  Returns -1. */
int err_hint(struct err *e, const char *hint);

/* The class in a word, as journal, log and status show it. */
const char *err_class_name(enum err_class kind);

/* The inverse; an unknown word is ERR_TEMPORARY. */
enum err_class err_class_parse(const char *name);

/* The exit code of sysexits.h that this class ends the program with. */
int err_exit_code(enum err_class kind);

/*
 * The class that counts when both apply: configuration, refused, permanent,
 * temporary, none, the first wins.
 */
enum err_class err_worse(enum err_class a, enum err_class b);

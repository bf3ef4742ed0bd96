#pragma once

#include "cli/settings/config.h"

/*
 * The doctor: what is found out about an installation, each with how to mend
 * it.  It changes nothing, here or at the services.
 */

enum check_result { CHECK_OK, CHECK_WARNING, CHECK_FAILED, CHECK_RESULTS };

struct diagnosis {
	enum check_result result;
	char *what; /* "file-service" */
	char *text; /* one sentence without its full stop */
	char *mend; /* NULL: nothing is to be mended */
};

struct diagnoses {
	struct diagnosis *items;
	size_t n, cap;
};

/* Add one; mend is a sentence, or NULL. */
void check_note(struct diagnoses *, enum check_result, const char *what,
    const char *mend, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
#define check_ok(f, what, ...) check_note(f, CHECK_OK, what, NULL, __VA_ARGS__)
#define check_warn(f, ...) check_note(f, CHECK_WARNING, __VA_ARGS__)
#define check_fail(f, ...) check_note(f, CHECK_FAILED, __VA_ARGS__)

void check_free(struct diagnoses *);

/*
 * check_config.c: where the settings are from, and whether they can work
 * together; path is --config's, or NULL.
 */
void check_config(struct diagnoses *, const struct loaded *, const char *path);

/* check_services.c: both services, as a recording would meet them. */
void check_services(struct diagnoses *, const struct loaded *);

/* check_machine.c: the directory of the recordings, this program. */
void check_machine(struct diagnoses *, const struct loaded *);

/* check_jibri.c: what Jibri's own configuration says of us. */
void check_jibri(struct diagnoses *, const struct loaded *);

/*
 * check_jibri.c: the value of the last line "key = value" or "key: value" of
 * a HOCON text, wherever it stands; "a.b.key" counts as key.  NULL for none;
 * the caller frees it.
 */
char *check_hocon_value(const char *text, const char *key);

/* check_machine.c: may this user enter the path and execute its end?  By its
 * mode bits. */
bool check_may_execute(const char *path, const char *user);

/* The user that Jibri's package makes, or NULL where there is none. */
const char *check_jibri_user(void);

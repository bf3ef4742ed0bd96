#pragma once

#include "cli/settings/config.h"

/*
 * The doctor: what is found out about an installation, each with how to fix
 * it.  It changes nothing, here or at the services, unless it is asked to.
 */

enum check_result { CHECK_OK, CHECK_WARNING, CHECK_FAILED, CHECK_RESULTS };

struct diagnosis {
	enum check_result result;
	char *what; /* "file-service" */
	char *text; /* one sentence without its full stop */
	char *fix;  /* NULL: nothing is to be fixed */
};

struct diagnoses {
	struct diagnosis *items;
	size_t n, cap;
};

/* Add one; fix is a sentence, or NULL. */
void check_note(struct diagnoses *, enum check_result, const char *what,
    const char *fix, const char *fmt, ...)
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

/*
 * check_services.c: the services and the store, as a recording would meet them;
 * where an object can be removed again, writes one if that is asked for.
 */
void check_services(struct diagnoses *, const struct loaded *, bool may_write);

/* check_s3.c: the bucket, once its endpoint answers. */
void check_s3(struct diagnoses *, const struct destination *, bool may_write);

/* check_parts.c: does the file-service take parts?  Asked only if it may. */
void check_parts(struct diagnoses *, const struct destination *,
    bool may_write);

/* check_machine.c: the directory of the recordings, this program. */
void check_machine(struct diagnoses *, const struct loaded *);

/* check_jibri.c: what Jibri's own configuration says of us. */
void check_jibri(struct diagnoses *, const struct loaded *);

/*
 * check_machine.c: can Jibri's user, if there is one and we are it or root,
 * else whoever runs us, enter the path and execute its end?  If not, note it.
 */
bool check_executable(struct diagnoses *, const char *what, const char *path);

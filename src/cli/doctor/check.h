#pragma once

#include "cli/settings/config.h"

/*
 * The doctor: what is found out about an installation, each with how to fix
 * it.  It changes nothing, here or at the services, unless it is asked to, and
 * ends within CHECK_MS, whatever a service does.
 */

enum { CHECK_MS = 9000 };

enum check_result { CHECK_OK, CHECK_WARNING, CHECK_FAILED, CHECK_RESULTS };

struct diagnosis {
	enum check_result result;
	char *what;    /* "file-service" */
	char *text;    /* one sentence without its full stop */
	char *fix;     /* what to do; NULL: nothing is to be fixed */
	char *command; /* does that, in a shell; NULL where fix is */
};

struct diagnoses {
	struct diagnosis *items;
	size_t n, cap;
	/* What the commands need, as it was before any right was given up. */
	struct check_shell {
		const char *file;      /* the configuration that is read, or
					would be */
		bool is_there;         /* the first of these */
		bool is_to_be_had;     /* it is a file, or can be made */
		const char *sudo;      /* "sudo ", or nothing for root */
		const char *file_sudo; /* to write to file */
		bool has_jibri;        /* a user of this name */
	} shell;
};

/* Begin; path is --config's, or NULL. */
void check_begin(struct diagnoses *, const char *path);

/* Add one; fix is a phrase, or NULL.  A check_run() has to follow a fix. */
void check_note(struct diagnoses *, enum check_result, const char *what,
    const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
#define check_ok(f, what, ...) check_note(f, CHECK_OK, what, NULL, __VA_ARGS__)
#define check_warn(f, ...) check_note(f, CHECK_WARNING, __VA_ARGS__)
#define check_fail(f, ...) check_note(f, CHECK_FAILED, __VA_ARGS__)

/*
 * The command of what was noted last, in printable ASCII; ignored where that
 * is ok.
 */
void check_run(struct diagnoses *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Move what was found, in its order, to the end of another. */
void check_append(struct diagnoses *, struct diagnoses *from);

void check_free(struct diagnoses *);

/* check_machine.c: everything that can be seen on this machine. */
void check_machine(struct diagnoses *, const struct loaded *);

/*
 * check_remedy.c: the commands of several checks.  What only a person can know
 * is a word in capitals.
 */

/* The setting gets another value, where its value is from. */
void check_run_set(struct diagnoses *, const struct loaded *, const char *name,
    const char *value);

/* The setting is no longer set. */
void check_run_unset(struct diagnoses *, const struct loaded *,
    const char *name);

/* The setting, which is secret, gets what the command reads. */
void check_run_secret(struct diagnoses *, const struct loaded *,
    const char *name);

/* The file, where it is, in an editor. */
void check_run_edit(struct diagnoses *, const char *path);

/* A word of such a command; the caller frees it. */
char *check_word(const char *);

/* "runuser -u jibri -- ", or nothing for who runs us; the caller frees it. */
char *check_as_user(const char *user);

/*
 * The one who should work here: Jibri's user, if there is one, else whoever
 * runs us.  The caller frees it.
 */
char *check_owner(void);

/* check_config.c: where the settings are from, and do they fit together? */
void check_config(struct diagnoses *, const struct loaded *);

/* check_user.c: who runs this, and can Jibri's user run it? */
void check_user(struct diagnoses *, const struct loaded *);

/*
 * Can Jibri's user, if there is one and we are it or root, else whoever runs
 * us, enter the path and execute its end?  If not, note it.
 */
bool check_executable(struct diagnoses *, const char *what, const char *path);

/* check_disk.c: the recordings, and the files and places that we write. */
void check_recordings(struct diagnoses *, const struct loaded *);
void check_places(struct diagnoses *, const struct loaded *);

/* check_unit.c: may the packaged units write where they have to? */
void check_units(struct diagnoses *, const struct loaded *);

/* Where systemd looks for units, what goes first at first; ends with NULL. */
extern const char *const check_unit_dirs[];

/* check_sweeper.c: does anybody sweep? */
void check_sweeper(struct diagnoses *, const struct loaded *);

/* Is this unit enabled, and not masked? */
bool check_is_enabled(const char *unit);

/* check_jibri.c: what Jibri's own configuration says of us. */
void check_jibri(struct diagnoses *, const struct loaded *);

/*
 * check_services.c: the services and the store, as a recording would meet them,
 * at once; where an object can be removed again, writes one if that is asked
 * for.
 */
void check_services(struct diagnoses *, const struct loaded *, bool may_write);

/* check_s3.c: the bucket, once its endpoint answers. */
void check_s3(struct diagnoses *, const struct loaded *,
    const struct destination *, bool may_write);

/* check_parts.c: does the file-service take parts?  Asked only if it may. */
void check_parts(struct diagnoses *, const struct loaded *,
    const struct destination *, bool may_write);

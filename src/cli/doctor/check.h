#pragma once

#include "cli/settings/config.h"

/*
 * The doctor: findings about an installation, each with a fix.  Changes
 * nothing, here or at the services, unless asked to, and ends within CHECK_MS,
 * whatever a service does.
 */

enum { CHECK_MS = 9000 };

enum check_result { CHECK_OK, CHECK_WARNING, CHECK_FAILED, CHECK_RESULTS };

struct diagnosis {
	enum check_result result;
	char *what;    /* "file-service" */
	char *text;    /* one sentence without a full stop */
	char *fix;     /* what to do; NULL: nothing */
	char *command; /* a shell command for it; NULL if fix is */
};

struct diagnoses {
	struct diagnosis *items;
	size_t n, cap;
	/* For the commands: the situation before privileges were dropped. */
	struct check_shell {
		const char *file;      /* the configuration file, existing
					  or not */
		bool is_there;         /* that file exists */
		bool is_to_be_had;     /* it is a file, or can be created */
		const char *sudo;      /* "sudo ", or "" for root */
		const char *file_sudo; /* to write to file */
		bool has_jibri;        /* there is a user jibri */
		char *owner; /* who should work here: jibri, or this user */
		char *as;    /* "runuser -u OWNER -- ", "" for this user */
	} shell;
};

/* Begin; path is from --config, or NULL. */
void check_begin(struct diagnoses *, const char *path);

/* Add a finding; fix is a phrase, or NULL.  After a fix, call check_run(). */
void check_note(struct diagnoses *, enum check_result, const char *what,
    const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
#define check_ok(f, what, ...) check_note(f, CHECK_OK, what, NULL, __VA_ARGS__)
#define check_warn(f, ...) check_note(f, CHECK_WARNING, __VA_ARGS__)
#define check_fail(f, ...) check_note(f, CHECK_FAILED, __VA_ARGS__)

/*
 * Set the command of the last finding, in printable ASCII; ignored if the
 * finding is ok.
 */
void check_run(struct diagnoses *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Move the findings to the end of another list. */
void check_append(struct diagnoses *, struct diagnoses *from);

void check_free(struct diagnoses *);

/*
 * check_remedy.c: commands that several checks use.  What only a person can
 * know is a word in capitals.
 */

/* Give the setting another value, where its value comes from. */
void check_run_set(struct diagnoses *, const struct loaded *, const char *name,
    const char *value);

/* Remove the setting. */
void check_run_unset(struct diagnoses *, const struct loaded *,
    const char *name);

/* Read the value of a secret setting from the terminal. */
void check_run_secret(struct diagnoses *, const struct loaded *,
    const char *name);

/* Read a new file of a secret from the terminal; its folder exists. */
void check_run_new_secret(struct diagnoses *, const char *path);

/* Edit the file. */
void check_run_edit(struct diagnoses *, const char *path);

/* A shell word for such a command; the caller frees it. */
char *check_word(const char *);

/* "runuser -u jibri -- ", or "" for the current user; the caller frees it. */
char *check_as_user(const char *user);

/*
 * check_config.c: where the settings come from, and whether they are
 * consistent.
 */
void check_config(struct diagnoses *, const struct loaded *);

/* One of loaded.lax, "TEXT; close it: COMMAND". */
void check_lax(struct diagnoses *, enum check_result, const char *lax);

/* check_user.c: who runs this, and can Jibri's user run it? */
void check_user(struct diagnoses *, const struct loaded *);

/*
 * Can Jibri's user (or the current one, unless that is root or Jibri's) reach
 * the path and execute it?  If not, add a finding.
 */
bool check_executable(struct diagnoses *, const char *what, const char *path);

/* check_disk.c: the recordings, and other files and places we write to. */
void check_recordings(struct diagnoses *, const struct loaded *);
void check_places(struct diagnoses *, const struct loaded *);

/* check_unit.c: may the packaged units write where they need to? */
void check_units(struct diagnoses *, const struct loaded *);

/* Where systemd looks for units, in order of precedence; ends with NULL. */
extern const char *const check_unit_dirs[];

/* check_sweeper.c: does a sweeper run? */
void check_sweeper(struct diagnoses *, const struct loaded *);

/* check_roots.c: which recordings directory does a command line work on? */
struct check_home {
	const char *root, *file; /* ours: recordings-dir, the configuration */
};

/*
 * Is this process, "/proc/PID", a watch of our recordings directory, whatever
 * it calls it?  One that sees another file system is not.
 */
bool check_watches(const struct check_home *, const char *proc);

/* Does this line of a crontab, which is changed, sweep it? */
bool check_line_sweeps(const struct check_home *, char *line);

/* Is this unit enabled, and not masked? */
bool check_is_enabled(const char *unit);

/* check_jibri.c: what Jibri's own configuration says about us. */
void check_jibri(struct diagnoses *, const struct loaded *);

/*
 * check_services.c: the services and the store, all at once, as a recording
 * would use them.  If asked to, writes an object where it can be removed again.
 */
void check_services(struct diagnoses *, const struct loaded *, bool may_write);

/* check_s3.c: the bucket, once its endpoint answers. */
void check_s3(struct diagnoses *, const struct loaded *,
    const struct destination *, bool may_write);

/* check_parts.c: does the file-service accept parts?  Asks if may_write. */
void check_parts(struct diagnoses *, const struct loaded *,
    const struct destination *, bool may_write);

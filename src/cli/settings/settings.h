#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "archive/bundle.h"
#include "base/confine.h"
#include "base/err.h"
#include "base/log.h"
#include "base/nearest.h"
#include "delivery/attempt.h"
#include "delivery/pipeline.h"
#include "sweep/retention.h"
#include "sweep/sweep.h"
#include "sweep/verdict.h"

/*
 * Every setting is a row of a table.  The flag, the key in the file, the
 * variable, --help, the manual and `config` come from it.
 */

/* The policies of all modules; only cli/ sees them together. */
struct config {
	struct pipeline_policy pipeline;
	struct attempt_policy attempt;
	struct bundle_policy bundle;
	struct log_policy log;
	char *recordings_dir;
	struct verdict_policy verdict;
	struct sweep_policy sweep;
	struct sweep_watch_policy watch;
	struct ahead_policy ahead;
	struct retention_policy retention;
	char *metrics_file, *metrics_push_url;
	bool is_deferred;
	int64_t deadline_ms;
	bool strict_permissions;
	struct confine_policy confine;
	struct s3_keys s3_keys;
	int progress;       /* enum meter_when */
	char *jibri_config; /* Jibri's own configuration file */
};

enum setting_type {
	SETTING_TEXT,    /* char * */
	SETTING_SECRET,  /* char *; never a flag, never shown */
	SETTING_LIST,    /* struct text_list */
	SETTING_MILLIS,  /* int64_t */
	SETTING_SIZE,    /* int64_t, bytes */
	SETTING_PERCENT, /* int64_t */
	SETTING_COUNT,   /* int64_t, from min to max */
	SETTING_BOOL,    /* bool */
	SETTING_CHOICE,  /* int, an index into choices */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset;       /* in struct config */
	const char *initial; /* parsed like what a user writes */
	const char *arg;     /* placeholder of the value in help */
	const char *help;    /* one line */
	const char *manual;  /* sentences for the manual; may be NULL */
	const char *legacy;  /* the old script's variable, or NULL */
	const char *const *choices;
	int64_t min, max;
	size_t file; /* where to note the file it came from; 0: nowhere */
	/* Returns NULL, or why the text is not allowed. */
	const char *(*check)(const char *text);
};

/* The row at i, from 0 to settings_count() - 1; NULL past the last. */
const struct setting *setting_at(size_t i);
size_t settings_count(void);
const char *setting_subject(size_t i); /* of that row: "services", ... */
size_t setting_index(const struct setting *);

/* By its name, or NULL. */
const struct setting *setting_find(const char *name);

/* Can it be given as NAME-file? */
bool setting_takes_file(const struct setting *);

/* By the name in a flag or a key: its own, or NAME-file. */
const struct setting *setting_find_key(const char *key, bool *is_file);

/* Offer the names that a flag, or a key of the file, can have. */
void settings_offer(struct nearest *, bool is_flag);

/* Parse text into the field.  -1 with ERR_CONFIG saying what is wrong. */
int setting_set(struct config *, const struct setting *, const char *text,
    struct err *e);

/* The value as a user would write it; the caller frees it. */
char *setting_show(const struct config *, const struct setting *);

/* JIBRI_FINALIZE_...; the caller frees it. */
char *setting_variable(const char *name);

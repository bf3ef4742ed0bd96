#pragma once

#include "cli/settings/settings.h"
#include "recording/openfiles.h"

/*
 * Where the settings come from: defaults, then systemd's credentials, the
 * file, the environment, the flags; what comes later wins.  A secret, and
 * what belongs to one, can also be given as NAME-file, the path of a file that
 * contains it.
 */

#define CONFIG_DEFAULT_FILE "/etc/jitsi/jibri/finalize.conf"

/* One flag of the command line, "--name" and its value. */
struct flag {
	const struct setting *setting;
	const char *value;
	bool is_file; /* the value is the path of the file with it */
};

struct loaded {
	struct config config;
	char **origins;       /* by index, see setting_at() */
	struct text_list lax; /* warnings of files open to others */
	bool is_looking;
	struct text_list unread;     /* files that we may not read */
	struct openfiles open_files; /* from before it was confined */
};

/* The file that is read; path is --config's, or NULL.  NULL: there is none. */
const char *config_file(const char *path);

/*
 * Fill in everything.  path is --config's, or NULL.  -1: ERR_CONFIG naming
 * file and line or variable, ERR_USAGE for a flag.
 *
 * A file that contains a secret and can be read or written by everybody is
 * noted in lax, or refused with strict-permissions.  Secrets are wiped from
 * the environment.
 */
int config_load(struct loaded *, const char *path, const struct flag *flags,
    size_t n, struct err *e);

/*
 * The same for a command that only looks: files that it may not read are noted
 * in unread and ignored.
 */
int config_load_readable(struct loaded *, const char *path,
    const struct flag *flags, size_t n, struct err *e);

/*
 * Load again: -1 with *e leaves it as it was.  Secrets from the environment,
 * which were wiped there, are kept.
 */
int config_reload(struct loaded *, const char *path, const struct flag *flags,
    size_t n, struct err *e);
void config_free(struct loaded *);

/* Is it not set anywhere? */
bool config_is_default(const struct loaded *, const char *setting);

#pragma once

#include "cli/settings/settings.h"
#include "recording/openfiles.h"

/*
 * Where the settings come from: defaults, then systemd's credentials, the
 * file, the environment, the flags; what comes later wins.  A secret, and
 * what belongs to one, also comes as NAME-file, the path of a file that holds
 * it.
 */

#define CONFIG_DEFAULT_FILE "/etc/jitsi/jibri/finalize.conf"

/* One flag of the command line, "--name" and its value. */
struct flag {
	const struct setting *setting;
	const char *value;
	bool is_file; /* the value names the file that holds it */
};

struct loaded {
	struct config config;
	char **origins;       /* by index, see setting_at() */
	struct text_list lax; /* what to say of files open to others */
	bool is_looking;
	struct text_list unread;     /* files that we may not read */
	struct openfiles open_files; /* of before the command was confined */
};

/* The file that is read; path is --config's, or NULL.  NULL: there is none. */
const char *config_file(const char *path);

/*
 * Fill in everything.  path is --config's, or NULL.  -1: ERR_CONFIG naming
 * file and line or variable, ERR_USAGE for a flag.
 *
 * A file that holds a secret and can be read or written by everybody is
 * noted in lax, or refused with strict-permissions.  Secrets are wiped out of
 * the environment.
 */
int config_load(struct loaded *, const char *path, const struct flag *flags,
    size_t n, struct err *e);

/*
 * The same for who only looks: what may not be read is noted in unread, and
 * left out.
 */
int config_load_readable(struct loaded *, const char *path,
    const struct flag *flags, size_t n, struct err *e);

/*
 * The same for one that is filled in: -1 with *e leaves it as it was.  The
 * environment's secrets, which are wiped, stay.
 */
int config_reload(struct loaded *, const char *path, const struct flag *flags,
    size_t n, struct err *e);
void config_free(struct loaded *);

/* Did nobody set it? */
bool config_is_default(const struct loaded *, const char *setting);

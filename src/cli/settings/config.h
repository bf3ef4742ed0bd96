#pragma once

#include "cli/settings/settings.h"
#include "recording/openfiles.h"

/*
 * Settings come from the defaults, systemd's credentials, the configuration
 * file, the environment and the flags; later sources win.  A secret, or what
 * belongs to one, can also be given as NAME-file, the path of a file with it.
 */

#define CONFIG_DEFAULT_FILE "/etc/jitsi/jibri/finalize.conf"

struct options;

struct loaded {
	struct config config;
	char **origins;       /* by index, see setting_at() */
	struct text_list lax; /* warnings of files open to others */
	bool is_onlooker;
	char *wrong_file;            /* that caused the error, or NULL */
	struct text_list unread;     /* files that we may not read */
	struct openfiles open_files; /* from before it was confined */
};

/* The file to read, or NULL for none; path is from --config, or NULL. */
const char *config_file(const char *path);

/*
 * Read all settings; the options name the file and have the flags.  -1:
 * ERR_CONFIG naming file and line or variable, ERR_USAGE for a flag.  For an
 * onlooker, files that may not be read are noted in unread and skipped.
 *
 * A file that has a secret and that everybody can read or write is noted in
 * lax, or refused with strict-permissions.  Secrets are wiped from the
 * environment.
 */
int config_load(struct loaded *, const struct options *, bool is_onlooker,
    struct err *e);

/*
 * Read them again; secrets that came from the environment stay.  If that fails
 * or accept() does, -1 with *e, and all is as it was.
 */
int config_reload(struct loaded *, const struct options *,
    int accept(const struct loaded *, struct err *), struct err *e);
void config_free(struct loaded *);

/* Does nothing set it? */
bool config_is_default(const struct loaded *, const char *setting);

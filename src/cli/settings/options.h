#pragma once

#include "cli/settings/config.h"

/*
 * Options that are not settings.  Each command lists those that it accepts;
 * all accept OPTIONS_GLOBAL.
 */
enum {
	OPTION_CONFIG = 1 << 0,
	OPTION_HELP = 1 << 1,
	OPTION_VERSION = 1 << 2,
	OPTION_FORCE = 1 << 3,
	OPTION_JSON = 1 << 4,
	OPTION_ALL = 1 << 5,
	OPTION_RESET = 1 << 6,
	OPTION_YES = 1 << 7,
	OPTION_SAMPLE = 1 << 8,
	OPTION_HELD = 1 << 9,
	OPTION_DRY_RUN = 1 << 10,
	OPTION_STATE = 1 << 11,
	OPTION_CHECK = 1 << 12,
	OPTION_ROOM = 1 << 13,
	OPTION_SESSION = 1 << 14,
	OPTION_MEETING_ID = 1 << 15,
	OPTION_ONLY = 1 << 16,
	OPTION_NO_WEBHOOK = 1 << 17,
	OPTION_DEEP = 1 << 20,
	OPTION_ERROR = 1 << 21,
	OPTION_QUIET = 1 << 18,
	OPTION_VERBOSE = 1 << 19,
	OPTION_OUTPUT = 1 << 22,
	OPTION_UNREDACTED = 1 << 23,
	OPTION_WRITE = 1 << 24,
	OPTION_WATCH = 1 << 25,
	OPTION_LOG = 1 << 26,
	OPTION_UTC = 1 << 27,
	OPTION_ROWS = 1 << 28, /* --older-than, --sort, --limit */
	OPTION_FOR = 1 << 29,

	OPTIONS_GLOBAL = OPTION_CONFIG | OPTION_HELP | OPTION_VERSION |
	    OPTION_QUIET | OPTION_VERBOSE | OPTION_JSON,
};

struct option_switch;

/* A setting given as a flag. */
struct flag {
	const struct setting *setting;
	const char *value;
	bool is_file; /* the value names the file that has it */
};

struct options {
	unsigned given;                        /* OPTION_..., or-ed */
	const struct option_switch **switches; /* those, each as given */
	size_t n_switches;
	const char *config_path;
	const char *states; /* names of verdicts, with commas */
	const char *older_than, *sort, *limit, *lasts;
	const char *room, *session, *meeting_id, *error, *output;
	const char *archive; /* that upload unpacked the recording from */
	struct text_list only;
	struct flag *flags;
	size_t n_flags;
	char **words; /* all that are not flags, in order; borrowed from argv */
	size_t n_words;
};

struct option_switch {
	const char *name;
	char letter;     /* 0: none */
	unsigned option; /* OPTION_... */
	size_t offset;   /* of the value in struct options */
	const char *arg; /* NULL: it takes no value */
	const char *help;
	bool is_list; /* the field is a struct text_list, not a const char * */
};

extern const struct option_switch option_switches[]; /* the last has no name */

/* The options that the command of this name accepts. */
typedef unsigned options_of(const char *command);

/*
 * Parse the command line: --name value, --name=value, -h; -qn is -q -n, and
 * -oFILE or -o=FILE is -o FILE.  Flags may be anywhere before "--".  Names are
 * never abbreviated: "--token" must not become "--token-file".  For an unknown
 * flag it suggests only what the command before it accepts; NULL: anything.
 * -1 with ERR_USAGE.
 */
int options_parse(struct options *, int argc, char **argv, options_of *,
    struct err *e);
void options_free(struct options *);

/* The first given option that is not among these, or NULL. */
const struct option_switch *options_beyond(const struct options *,
    unsigned allowed);

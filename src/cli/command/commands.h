#pragma once

#include "cli/settings/options.h"

struct command;

/*
 * Run a command; the words follow its name.  The configuration is NULL for a
 * command that needs none, and with --sample.  -1 with *e, whose text is empty
 * when it was already logged.
 */
typedef int command_run(struct loaded *, const struct options *, struct err *e);

command_run cmd_check;
command_run cmd_config;
command_run cmd_finalize;
command_run cmd_forget;
command_run cmd_help;
command_run cmd_notify;
command_run cmd_pack;
command_run cmd_pause;
command_run cmd_resume;
command_run cmd_show;
command_run cmd_status;
command_run cmd_sweep;
command_run cmd_upload;
command_run cmd_verify;
command_run cmd_watch;

/*
 * Append the directories for sweep and status: the words, or else
 * recordings-dir.
 */
void roots_of(const struct loaded *, const struct options *,
    struct text_list *roots);

/* Print what a sweep of the roots finds, except done recordings. */
int show_pending(const struct loaded *, const struct text_list *roots,
    struct err *e);

/*
 * Call before files are confined: below a paused root, a call of the hook is
 * only noted; upload says that it sends anyway.
 */
void heed_pauses(struct loaded *, const struct command *,
    const struct options *);

/* What a command does with one of its words. */
typedef int word_run(struct loaded *, const struct options *, const char *word,
    struct err *);

/*
 * Run it for the recording that word names; NULL: for none.  Root runs it in a
 * child that becomes the owner and reports everything: -1 with only a class.
 * For the last word, if root owns the recording, this process drops root's
 * rights instead, as nothing needs them afterwards.
 */
int handle(struct loaded *, const struct options *, const char *word,
    bool is_last, word_run *, struct err *e);

/*
 * Handle each word, continuing after failures.  -1 with the worst class; a stop
 * skips the rest.
 */
int handle_each(struct loaded *, const struct options *, word_run *,
    struct err *e);

/* What a command opens for writing, and is therefore confined to. */
enum command_scope {
	SCOPE_NONE,       /* not confined */
	SCOPE_FIRST,      /* the recording of the first word */
	SCOPE_SECOND,     /* that of the second */
	SCOPE_ALL,        /* those of all words */
	SCOPE_AND_OUTPUT, /* and the place of the archive */
	SCOPE_READ,       /* nothing; the first word is a recording */
	SCOPE_ROOTS,      /* each visit is confined to its recording */
};

/* The user's tasks, by which --help groups the commands. */
enum command_task { TASK_DELIVER, TASK_LOOK, TASK_HANDLE, TASK_SET_UP, TASKS };

enum { MOST_EXAMPLES = 3, MOST_NOTES = 5, MOST_EXITS = 7 };

struct command_example {
	const char *what, *line;
};

/* What a flag does in this command, beyond its line in the general help. */
struct command_note {
	const char *flag, *text;
};

struct command_exit {
	int code;
	const char *when;
};

/*
 * The texts of a command for help and manual.  Lists end with an empty row.
 * Tests run each example (tests/docs.bats) and see each exit code
 * (tests/manual.bats).
 */
struct command_text {
	const char *manual; /* what it does, in about two sentences */
	struct command_note flags[MOST_NOTES + 1];
	const char *more; /* further explanation; may be NULL */
	struct command_exit exits[MOST_EXITS + 1];
	struct command_example examples[MOST_EXAMPLES + 1];
};

struct command {
	const char *name;
	enum command_task task;
	const char *synopsis; /* after the name, with its own options */
	const char *help;     /* a few words */
	const struct command_text *text;
	size_t min_words, max_words;
	unsigned options;     /* accepted OPTION_... */
	bool needs_no_config; /* works with any configuration */
	bool loads_config;    /* by itself, to handle an invalid one */
	bool is_looking;      /* does not open the log file */
	bool needs_no_rights; /* what it may not read of the configuration is
				 left out, with a warning */
	bool has_list;        /* --json has a list of recordings */
	bool visits;          /* --json also has a line per visit */
	enum command_scope scope;
	command_run *run;
};

extern const struct command commands[]; /* the last has no name */

/*
 * Confine the process to the files that the command needs for its words.  Not
 * for a sweep: its visits confine themselves.
 */
void confine_command(const struct loaded *, const struct command *,
    const struct options *);

/*
 * The range of words that are recordings: from first up to, not including, end.
 */
void command_recordings(const struct command *, const struct options *,
    size_t *first, size_t *end);

/*
 * Replace each of these words that is a session below recordings-dir, or the
 * unique beginning of one, by the path of its directory, which is kept in
 * paths.  A path, the name of an existing file, and a word without a match are
 * left as they are.  -1 with ERR_USAGE for several matches, or as err_sys().
 */
int sessions_resolve(const struct loaded *, const struct command *,
    struct options *, struct text_list *paths, struct err *e);

/*
 * Run it with this configuration: find its recordings and confine the process
 * to them.  -1 as commands_run().
 */
int command_run_loaded(struct loaded *, const struct command *,
    const struct options *, struct err *e);

/* The options that this command accepts; all if there is no such command. */
options_of commands_options;

/*
 * Find the command and run it.  The first word is a command's name, or the
 * recording's directory as given by Jibri (it contains a slash or exists).  -1
 * with *e, whose text is empty when it was already logged.
 */
int commands_run(const struct options *, struct err *e);

#pragma once

#include "cli/settings/options.h"

struct command;

/*
 * What a command does; the words are what follows its name.  The
 * configuration is NULL for one that needs none, and with --sample.  -1 with
 * *e, whose text is empty when it was already logged.
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

/* Add what sweep and status look at: the words, else recordings-dir. */
void roots_of(const struct loaded *, const struct options *,
    struct text_list *roots);

/* Print what a sweep of the roots finds that is not done. */
int show_pending(const struct loaded *, const struct text_list *roots,
    struct err *e);

/*
 * Before its files are confined: a call of the hook below a root that is
 * paused is only written down; upload says that it sends anyway.
 */
void heed_pauses(struct loaded *, const struct command *,
    const struct options *);

/* What a command does with one of its words. */
typedef int word_run(struct loaded *, const struct options *, const char *word,
    struct err *);

/*
 * Do it with the recording that word names, or with none where it is NULL.
 * Root does it in a process of its own, which becomes the owner and says what
 * there is to be said: -1 with the class alone.  With the last, if root owns
 * it, this process gives up root's rights instead: nothing needs them any more.
 */
int handle(struct loaded *, const struct options *, const char *word,
    bool is_last, word_run *, struct err *e);

/*
 * Handle each word, going on after one that failed.  -1 with the worst class;
 * after a stop the rest is left.
 */
int handle_each(struct loaded *, const struct options *, word_run *,
    struct err *e);

/* What a command opens for writing, and so what it is confined to. */
enum command_scope {
	SCOPE_NONE,       /* it is not confined */
	SCOPE_FIRST,      /* the recording that the first word names */
	SCOPE_SECOND,     /* the second */
	SCOPE_ALL,        /* those that all words name */
	SCOPE_AND_OUTPUT, /* and the place of the archive */
	SCOPE_READ,       /* nothing; the first word names a recording */
	SCOPE_ROOTS,      /* each visit its own recording */
};

/* What somebody wants to do who needs it: --help is grouped by it. */
enum command_task { TASK_DELIVER, TASK_LOOK, TASK_HANDLE, TASK_SET_UP, TASKS };

enum { MOST_EXAMPLES = 3, MOST_NOTES = 5, MOST_EXITS = 7 };

struct command_example {
	const char *what, *line;
};

/* What a flag means to this command, beyond its one line in every help. */
struct command_note {
	const char *flag, *text;
};

struct command_exit {
	int code;
	const char *when;
};

/*
 * What its help and the manual say of a command.  The lists end with an empty
 * row.  Each example was run (tests/docs.bats), and each exit code was seen
 * (tests/manual.bats).
 */
struct command_text {
	const char *manual; /* what it does, in two sentences or so */
	struct command_note flags[MOST_NOTES + 1];
	const char *more; /* what else is to be known; may be NULL */
	struct command_exit exits[MOST_EXITS + 1];
	struct command_example examples[MOST_EXAMPLES + 1];
};

struct command {
	const char *name;
	enum command_task task;
	const char *synopsis; /* behind the name, its own options too */
	const char *help;     /* a few words */
	const struct command_text *text;
	size_t min_words, max_words;
	unsigned options;     /* OPTION_... that it takes */
	bool needs_no_config; /* works whatever is configured */
	bool loads_config;    /* itself, as it has to do with a bad one */
	bool is_looking;      /* it opens no log file */
	bool needs_no_rights; /* what it may not read of the configuration is
				 left out, with a warning */
	bool has_list;        /* --json has its recordings in a list */
	bool visits;          /* and a line for each visit */
	enum command_scope scope;
	command_run *run;
};

extern const struct command commands[]; /* the last has no name */

/*
 * Confine the process to the files that the command needs for its words, but
 * for a sweep: its visits confine themselves.
 */
void confine_command(const struct loaded *, const struct command *,
    const struct options *);

/* The words, from first to before end, that name recordings. */
void command_recordings(const struct command *, const struct options *,
    size_t *first, size_t *end);

/*
 * Let each of these that names a session below recordings-dir, or is how just
 * one begins, be the path of its directory, which is kept in paths.  A path, or
 * the name of something that is here, stays as it is, and so does what nothing
 * is found for.  -1 with ERR_USAGE where several are, or as err_sys().
 */
int sessions_resolve(const struct loaded *, const struct command *,
    struct options *, struct text_list *paths, struct err *e);

/*
 * Run it with what is configured: its recordings are found, and the process is
 * confined to them.  -1 as commands_run().
 */
int command_run_loaded(struct loaded *, const struct command *,
    const struct options *, struct err *e);

/*
 * Find the command and run it.  The first word is a command's name, or the
 * recording's directory as Jibri gives it (it holds a slash or is one).
 * -1 with *e, whose text is empty when it was already logged.
 */
int commands_run(const struct options *, struct err *e);

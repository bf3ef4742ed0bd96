#ifndef CLI_SETTINGS_FLAGS_H
#define CLI_SETTINGS_FLAGS_H

#include "base/buf.h"
#include "cli/command/commands.h"

/* Every flag in the same form, whatever it comes from: for help, manuals and
 * completions. */
struct flag_view {
	char name[NEAREST_LONGEST + 1]; /* without its hyphens */
	char letter;                    /* 0: none */
	const char *arg;                /* NULL: it needs no value */
	const char *help;
	/* What the value can be, ending with NULL; NULL: anything. */
	const char *const *choices;
	bool is_file;                  /* the value is a file's name */
	unsigned option;               /* 0: it is a setting */
	const struct setting *setting; /* NULL: it is none */
};

/*
 * The flag at *at, which is moved behind it; from 0 on, hidden ones left
 * out.  False past the last.
 */
bool flag_next(size_t *at, struct flag_view *);

/* Does the command take this flag? */
bool flag_fits(const struct flag_view *, const struct command *);

/* What the words of a command are. */
enum word_kind {
	WORD_DIRECTORY = 1 << 0,
	WORD_FILE = 1 << 1,
	WORD_COMMAND = 1 << 2,
};

/*
 * Of the command's synopsis: which kinds it names, or-ed, and the words that
 * stand for themselves, separated by blanks.
 */
unsigned command_words(const struct command *, struct buf *literals);

#endif

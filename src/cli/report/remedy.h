#pragma once

#include <stdbool.h>

#include "base/mem.h"
#include "sweep/survey.h"

/*
 * What an operator does about a held recording, from the text of its error.
 * That may contain text of a server, which nobody should paste into a shell: a
 * command in it counts only if we could have written it ourselves, and one that
 * changes files only if all of them are in the recording.
 */

enum remedy_kind {
	REMEDY_DELIVER,  /* fix the cause, then run the command */
	REMEDY_FIX,      /* run the fix, then the command */
	REMEDY_ANNOUNCE, /* its media is damaged: only --force announces it */
	REMEDY_LOOK,     /* only its owner can tell: the command shows it */
	REMEDY_CHECK,    /* it waits for what check finds */
	REMEDY_RELEASE,  /* the host that has its lock may be gone */
	REMEDIES
};

struct remedy {
	enum remedy_kind kind;
	bool is_own;   /* the command is in the error */
	char *fix;     /* NULL unless REMEDY_FIX */
	char *command; /* delivers or announces it */
};

/* Does it need an operator?  Only then there is a remedy_of() it. */
bool remedy_is_needed(const struct finding *);
void remedy_of(struct remedy *, const struct finding *, const char *path);

/* Of an error.  why may be NULL.  The path is the recording's. */
void remedy_find(struct remedy *, const char *why, const char *path);
void remedy_free(struct remedy *);

/* why without the command that fixes it, if any; the caller frees it. */
char *remedy_reason(const char *why, const char *path);

#define autoremedy __attribute__((cleanup(remedy_free)))

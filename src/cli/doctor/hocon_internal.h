#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { HOCON_BYTES = 1 << 20, HOCON_FILES = 100, HOCON_DEPTH = 50 };

/* The kind of a piece of a value, and of an evaluated value. */
enum kind {
	UNDEFINED = '\0',
	TEXT = 't',
	BLANK = 'b', /* between two pieces of a string */
	NOTHING = 'n',
	OBJECT = '{',
	ARRAY = '[',
	NEEDED = '$',
	OPTIONAL = '?',
	UNSEEN = 'u', /* an include that may define any key */
	HIDDEN = '-'  /* a path leads through another kind of value */
};

/*
 * A definition for a path: "\1key\1key".  The members of an object are separate
 * definitions; HOCON's merging is that newer ones win.
 */
struct value {
	char *path;
	char *pieces; /* for each a kind, a text and a NUL; then a final NUL */
	bool is_busy;
	struct value *older;
};

struct hocon {
	struct value *newest;
	size_t n, bytes, files, steps, depth, mute;
	char *open; /* describes the variable that the value depends on */
	struct err *e;
	struct place {
		const char *file,
		    *prefix; /* the path at which it is included */
		const char *text, *at;
	} in;
};

/*
 * hocon_parse.c: add all members of a file below path.  1; 0 for a missing
 * file; -1 with h->e.
 */
int hocon_parse(struct hocon *h, const char *path, const char *file);

/* Parse a path expression at h->in.at; NULL with h->e. */
char *hocon_parse_path(struct hocon *h, const char *base);

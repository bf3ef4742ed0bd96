#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { HOCON_BYTES = 1 << 20, HOCON_FILES = 100, HOCON_DEPTH = 50 };

/* What a piece of a value is, or what a value turned out to be. */
enum kind {
	UNDEFINED = '\0',
	TEXT = 't',
	BLANK = 'b', /* between two pieces of a string */
	NOTHING = 'n',
	OBJECT = '{',
	ARRAY = '[',
	NEEDED = '$',
	OPTIONAL = '?',
	UNSEEN = 'u', /* an include: any key may be in it */
	HIDDEN = '-'  /* a path leads through what is no object */
};

/*
 * What was put at a path: "\1key\1key".  The members of an object are values
 * of their own; that newer ones go first is all of HOCON's merging.
 */
struct value {
	char *path;
	char *pieces; /* of each a kind, a text, a NUL; then one more NUL */
	bool is_busy;
	struct value *older;
};

struct hocon {
	struct value *newest;
	size_t n, bytes, files, steps, depth, mute;
	char *open; /* the variable that a value hangs on, in words */
	struct err *e;
	struct place {
		const char *file,
		    *prefix; /* the path at which it is included */
		const char *text, *at;
	} in;
};

/*
 * hocon_parse.c: put all members of a file below path.  1; 0 if there is no
 * such file; -1 with h->e.
 */
int hocon_parse(struct hocon *h, const char *path, const char *file);

/* Parse a path expression at h->in.at; NULL with h->e. */
char *hocon_parse_path(struct hocon *h, const char *base);

#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A line of JSON with nothing difficult in it: no blanks, ASCII without
 * escapes, whole numbers from 0 on.  The program's own lines are mostly so,
 * and are read without a tree.  Each function says no to anything else, and
 * then jansson has to read the line.
 */
struct plain {
	char *at; /* in a text that ends with NUL, which is written to */
};

bool plain_skip(struct plain *, char c);

/* The string, which is ended in place; NULL: none. */
char *plain_string(struct plain *);
bool plain_number(struct plain *, int64_t *number);
bool plain_true(struct plain *);

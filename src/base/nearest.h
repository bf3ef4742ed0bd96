#pragma once

#include <stddef.h>

/* Which of several names was probably meant by a mistyped one? */

enum { NEAREST_LONGEST = 63 }; /* characters of a name */

struct nearest {
	const char *typed;
	char best[NEAREST_LONGEST + 1]; /* empty: none is near */
	size_t distance;                /* of the best */
};

/* Offer a name; the first of the best wins. */
void nearest_offer(struct nearest *, const char *name);

/*
 * How many characters are typed wrong, left out, added, or swapped with
 * their neighbour.  SIZE_MAX where either is longer than any name.
 */
size_t nearest_distance(const char *a, const char *b);

/* "; did you mean PREFIXname?", or "" for none; the caller frees it. */
char *nearest_question(const struct nearest *, const char *prefix);

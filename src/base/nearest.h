#pragma once

#include <stddef.h>

/* Which of several names did a mistyped one probably mean? */

enum { NEAREST_LONGEST = 63 }; /* characters of a name */

struct nearest {
	const char *typed;
	char best[NEAREST_LONGEST + 1]; /* empty: none is near */
	size_t distance;                /* of the best */
};

/* Offer a candidate; the first of the best wins. */
void nearest_offer(struct nearest *, const char *name);

/*
 * The number of characters that are wrong, missing, extra, or swapped with
 * their neighbour.  SIZE_MAX when either is longer than NEAREST_LONGEST.
 */
size_t nearest_distance(const char *a, const char *b);

/* "; did you mean PREFIXname?", or "" if none is near; the caller frees it. */
char *nearest_question(const struct nearest *, const char *prefix);

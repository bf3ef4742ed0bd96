#ifndef SIM_DRAW_H
#define SIM_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The source of all random choices of a history.  Each choice is a small
 * number, of which 0 is the least eventful, so that a history is a few lists of
 * numbers, and smaller numbers make a smaller history.
 */

enum draw_stream {
	DRAW_WORLD, /* who exists, and what happens when */
	DRAW_TIME,  /* who yields, and for how long */
	DRAW_DISK,  /* which call fails, and where a process is killed */
	DRAW_NET,   /* what becomes of a request */
	DRAW_STREAMS
};

/* The choices of one history. */
struct script {
	uint32_t *v[DRAW_STREAMS];
	size_t n[DRAW_STREAMS], cap[DRAW_STREAMS];
};

/*
 * From now on, choose by this seed; or as in the script, with 0 beyond its end.
 */
void draw_begin(uint64_t seed, const struct script *replayed);

/* From 0 to n - 1. */
uint32_t draw(enum draw_stream, uint32_t n);

/* True with this probability, in thousandths. */
bool draw_chance(enum draw_stream, uint32_t permille);

/* 1 or more, about mean; INT64_MAX when the choice is 0, or mean is. */
int64_t draw_gap(enum draw_stream, uint32_t mean);

/* Not a choice: arbitrary bits, the same for the same seed. */
uint32_t draw_bits(void);

/* What was chosen; valid until draw_begin(). */
const struct script *draw_script(void);

void script_copy(struct script *, const struct script *);
void script_free(struct script *);

#endif

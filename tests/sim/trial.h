#ifndef SIM_TRIAL_H
#define SIM_TRIAL_H

#include <stdint.h>

#include "draw.h"
#include "laws.h"

/* Histories in separate processes, so that a crash ends only its own. */

struct verdict_of {
	enum law law; /* LAW_COUNT: none is broken */
	uint64_t seed;
	char why[400];
};

/*
 * Run the histories of these seeds until one breaks a law; *done is the number
 * that were run.
 */
struct verdict_of trial_run(uint64_t seed, uint64_t n, uint64_t *done);

/* One history, by its script unless NULL; printed with is_shown. */
struct verdict_of trial_replay(uint64_t seed, const struct script *,
    bool is_shown);

/* The script of the history of this seed. */
void trial_record(uint64_t seed, struct script *);

/* Minimise it while it still breaks the same law. */
void shrink(uint64_t seed, enum law, struct script *);

#endif

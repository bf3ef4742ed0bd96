#pragma once

#include "base/text.h"
#include "sweep/sweep_internal.h"

/* Changes in the undelivered recordings below the roots. */

struct places {
	int fd; /* of inotify(7); -1: not available */
	struct run *run;
	const struct text_list *roots;
	int *root_wds;
	unsigned round;
	bool is_full; /* no more watches; already reported */
	bool is_lost; /* events were lost: examine everything */
};

/* Places known from before are kept, without watches. */
void places_open(struct places *, struct run *, const struct text_list *roots);
void places_close(struct places *);

/* Around a complete examination: places not noted in between are gone. */
void places_begin(struct places *);
void places_end(struct places *);

/* Update from a finding. */
void places_note(struct places *, const struct finding *);

/* Examine it no later than that moment of clock_mono_ms(), or never again. */
void places_touch(struct places *, const char *path, int64_t look_ms);

/* Read the events: changed places are examined soon. */
void places_read(struct places *);

/* The next examination of any; INT64_MAX: none. */
int64_t places_next_ms(const struct places *);

/* Append the names below the root that are to be examined now. */
void places_take(struct places *, const char *root, struct text_list *names);

/* How many are live, to be delivered, and held. */
struct places_count {
	size_t live, due, held;
};
struct places_count places_count(const struct places *);

/* Log each by name; returns how many are to be delivered. */
size_t places_tell(const struct places *);

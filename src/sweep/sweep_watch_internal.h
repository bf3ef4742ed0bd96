#pragma once

#include "base/text.h"
#include "sweep/survey.h"
#include "sweep/sweep_internal.h"

/* The undelivered recordings below the roots, and changes in them. */

struct place {
	char *path;
	int wd; /* of inotify(7); -1: none */
	enum verdict verdict;
	bool is_live;    /* still being recorded */
	int64_t look_ms; /* clock_mono_ms(): next examination */
	unsigned round;  /* the last one that found it */
};

struct places {
	int fd; /* of inotify(7); -1: not available */
	const struct text_list *roots;
	int *root_wds;
	void *by_path; /* a tsearch(3) tree of struct place */
	unsigned round;
	bool is_full; /* no more watches; already reported */
	bool is_lost; /* events were lost: examine everything */
};

void places_open(struct places *, const struct text_list *roots);
void places_close(struct places *);

/* Around a complete examination: places not noted in between are gone. */
void places_begin(struct places *);
void places_end(struct places *);

/* Update from a finding; what is being written to settles after settle_ms. */
void places_note(struct places *, const struct finding *, int64_t settle_ms);

/* Examine it no later than that moment of clock_mono_ms(), or never again. */
void places_touch(struct places *, const char *path, int64_t look_ms);
void places_drop(struct places *, const char *path);

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

#pragma once

#include "base/text.h"
#include "sweep/survey.h"
#include "sweep/sweep_internal.h"

/* The recordings below the roots that are not delivered, and their news. */

struct place {
	char *path;
	int wd; /* of inotify(7); -1: none */
	enum verdict verdict;
	bool is_live;    /* it is still made */
	int64_t look_ms; /* clock_mono_ms(): to be looked at then */
	unsigned round;  /* the last that found it */
};

struct places {
	int fd; /* of inotify(7); -1: there is none */
	const struct text_list *roots;
	int *root_wds;
	void *by_path; /* a tsearch(3) tree of struct place */
	unsigned round;
	bool is_full; /* that no more can be watched was said */
	bool is_lost; /* events were: look at everything */
};

void places_open(struct places *, const struct text_list *roots);
void places_close(struct places *);

/* Between the two everything is found; what is not is gone. */
void places_begin(struct places *);
void places_end(struct places *);

/* Take in what was found; what is written to settles after so long. */
void places_note(struct places *, const struct finding *, int64_t settle_ms);

/* Look at it, or do not, at that moment of clock_mono_ms() at the latest. */
void places_touch(struct places *, const char *path, int64_t look_ms);
void places_drop(struct places *, const char *path);

/* Read the events: what changed is to be looked at soon. */
void places_read(struct places *);

/* The first moment of any; INT64_MAX: none. */
int64_t places_next_ms(const struct places *);

/* Append the names below the root whose moment has come. */
void places_take(struct places *, const char *root, struct text_list *names);

/* How many are still made, are to be delivered, and wait for somebody. */
struct places_count {
	size_t live, due, held;
};
struct places_count places_count(const struct places *);

/* Name each in the log; returns how many are to be delivered. */
size_t places_tell(const struct places *);

#pragma once

#include <poll.h>

#include "sweep/sweep.h"

/* What a sweep and a watch have in common: the visits to what is due. */

enum { SWEEP_TURNS = 128 }; /* twice the most jobs */

struct due {
	char *path;
	int64_t tried_ms; /* since 1970; 0: never */
	int64_t ended_ms; /* of its last visit, by clock_mono_ms() */
	bool is_held, is_visited, is_running;
};

struct turn {
	struct child visit;
	struct due *due;
};

struct run {
	const struct sweep *sweep;
	struct sweep_result *result;
	void *by_path; /* a tsearch(3) tree of all that are or were due */
	struct due **due;
	size_t n, cap, next;
	struct turn *turns;
	size_t n_running;
	struct sweep_streak streak;
	struct auth_token token; /* that the visits begin with */
	int64_t pause_ms;        /* where it ended early: for how long */
	struct text_list paused; /* roots */
	size_t skipped;          /* due, and paused when its turn came */
	bool has_visited;        /* since the caller cleared it */
	bool has_returned;       /* one of the visits */
	bool is_stopped;
	/* Of a watch alone: a visit has ended. */
	void (*ended)(void *ctx, const char *path, const struct err *);
	void *ctx;
};

void sweep_open(struct run *, const struct sweep *, struct sweep_result *);
void sweep_close(struct run *);

/* Is the meeting's and the file's service to be had?  Else it ends early. */
void sweep_check_reach(struct run *);

/*
 * Queue what was found if it is due.  False for one whose turn is over: a
 * sweep has no other for it, a watch has once its journal has gone on or a
 * minute is over.
 */
bool sweep_offer(struct run *, struct finding *);

/*
 * Which of the roots are paused now?  A pause that is over is removed.  True
 * when one that was paused is so no more.
 */
bool sweep_note_pauses(struct run *, const struct text_list *roots);

/* Is this below one that is? */
bool sweep_is_paused(const struct run *, const char *path);

/* It is done: nothing has to be kept of it. */
void sweep_drop(struct run *, const char *path);

/* Who has waited longest comes first. */
void sweep_sort(struct run *);

/* What a visit is to know, with proofs that are not out of date. */
int sweep_equip(struct run *, struct visit_policy *, struct err *e);

/* Start as many as there is room for; none once it ended early. */
void sweep_start_visits(struct run *);

/*
 * Until a visit has ended or is overdue, another of the n descriptors is
 * readable (its revents are set), there is a stop, or ms are over.
 */
void sweep_wait(struct run *, struct pollfd *others, size_t n, int ms);

/* Pass a stop on to the visits; who does not end in time is ended. */
void sweep_stop_visits(struct run *, const struct err *);

/* The visits to recordings that are still made. */

enum { LIVES = 64 }; /* the most jobs */

struct live {
	char *path; /* NULL: none */
	struct child visit;
	int64_t rest_ms; /* clock_mono_ms(): until then it is left alone */
};

struct lives {
	struct live all[LIVES];
	int64_t until_ms; /* so long visits begin; 0: none has, yet */
	bool is_short;    /* of room: not all that were offered are visited */
	bool is_closed;
};

/*
 * Visit it, if it is one and there is something to do for it, while nothing
 * that is finished is visited or waits for it.
 */
void lives_offer(struct lives *, struct run *, const struct finding *);

/* Is there room again for those that there was none for? */
bool lives_are_short(struct lives *, const struct run *);

/* Stop them while something finished is there, and what is paused. */
void lives_give_way(struct lives *, const struct run *);

/* How many are under way. */
size_t lives_count(const struct lives *);

/* What to wait for; returns how many. */
size_t lives_poll(const struct lives *, struct pollfd fds[LIVES]);

/* Take leave of those that have ended; ended may be NULL. */
void lives_end(struct lives *, void (*ended)(void *ctx, const char *path),
    void *ctx);

/* They have a second. */
void lives_stop(struct lives *);

/* None is visited any more. */
void lives_close(struct lives *);

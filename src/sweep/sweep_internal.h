#pragma once

#include <poll.h>

#include "sweep/sweep.h"

/* Shared by sweep and watch: the visits to what is due. */

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
	void *by_path; /* a tsearch(3) tree of all that is or was due */
	struct due **due;
	size_t n, cap, next;
	struct turn *turns;
	size_t n_running;
	struct sweep_streak streak;
	struct auth_token token; /* for the visits to start with */
	int64_t pause_ms;        /* how long to pause after an early end */
	struct text_list paused; /* roots */
	size_t skipped;          /* due, but paused when its turn came */
	bool has_visited;        /* since the caller cleared it */
	bool has_returned;       /* a visit ended */
	bool is_stopped;
	/* Only for watch: a visit has ended. */
	void (*ended)(void *ctx, const char *path, const struct err *);
	void *ctx;
};

void sweep_open(struct run *, const struct sweep *, struct sweep_result *);
void sweep_close(struct run *);

/* Are meeting-service and file-service reachable?  If not, it ends early. */
void sweep_check_reach(struct run *);

/*
 * Queue a finding if it is due.  False when it has had its turn: in a sweep it
 * gets no other, in a watch only when its journal has changed or after a
 * minute.
 */
bool sweep_offer(struct run *, struct finding *);

/*
 * Update which roots are paused, and remove expired pauses.  True when a paused
 * one has resumed.
 */
bool sweep_note_pauses(struct run *, const struct text_list *roots);

/* Is this path below a paused root? */
bool sweep_is_paused(const struct run *, const char *path);

/* It is done: forget it. */
void sweep_drop(struct run *, const char *path);

/* Longest waiting first. */
void sweep_sort(struct run *);

/* Fill in what a visit needs, with fresh credentials. */
int sweep_equip(struct run *, struct visit_policy *, struct err *e);

/* Start visits while there is room; none after an early end. */
void sweep_start_visits(struct run *);

/*
 * Wait until a visit has ended or is overdue, one of the n other descriptors is
 * readable (sets its revents), a stop, or ms have passed.
 */
void sweep_wait(struct run *, struct pollfd *others, size_t n, int ms);

/* Pass a stop on to the visits, and kill those that do not end in time. */
void sweep_stop_visits(struct run *, const struct err *);

/* Visits to recordings in progress. */

enum { LIVES = 64 }; /* the most jobs */

struct live {
	char *path; /* NULL: none */
	struct child visit;
	int64_t rest_ms; /* clock_mono_ms(): not visited until then */
};

struct lives {
	struct live all[LIVES];
	int64_t until_ms; /* new visits until then; 0: not set yet */
	bool is_short;    /* of room: some were not visited */
	bool is_closed;
};

/*
 * Visit it if it is live and has something to do, unless a finished recording
 * is being visited or waits for a visit.
 */
void lives_offer(struct lives *, struct run *, const struct finding *);

/* Is there room again for those that were rejected? */
bool lives_are_short(struct lives *, const struct run *);

/* Stop them for a finished recording, and where paused. */
void lives_give_way(struct lives *, const struct run *);

/* How many are running. */
size_t lives_count(const struct lives *);

/* The descriptors to wait for; returns their number. */
size_t lives_poll(const struct lives *, struct pollfd fds[LIVES]);

/* Clean up those that have ended; ended may be NULL. */
void lives_end(struct lives *, void (*ended)(void *ctx, const char *path),
    void *ctx);

/* Stop all within a second. */
void lives_stop(struct lives *);

/* Stop visiting. */
void lives_close(struct lives *);

#pragma once

#include <poll.h>

#include "base/map.h"
#include "sweep/sweep.h"

/* Shared by sweep and watch: the recordings below the roots, and the visits. */

enum {
	SWEEP_TURNS = 128, /* twice the most jobs */
	SWEEP_AHEAD = 64   /* the most jobs */
};

enum turn_state {
	TURN_NONE, /* not due so far */
	TURN_QUEUED,
	TURN_RUNNING,
	TURN_OVER
};

/* A recording that is due, in progress or, for watch, undelivered. */
struct place {
	char *path;
	enum turn_state turn;
	int64_t tried_ms; /* since 1970; 0: never */
	int64_t ended_ms; /* of its last visit, by clock_mono_ms() */
	bool is_held;
	bool is_ahead;   /* a visit sends it ahead */
	int64_t rest_ms; /* clock_mono_ms(): no such visit until then */
	/* Only for watch, see sweep_watch_internal.h. */
	int wd; /* of inotify(7); -1: none */
	enum verdict verdict;
	bool is_live;
	int64_t look_ms; /* clock_mono_ms(): next examination */
	unsigned round;  /* the last one that found it */
};

struct turn {
	struct child visit;
	struct place *place;
};

struct run {
	const struct sweep *sweep;
	struct sweep_result *result;
	struct map places;
	struct place **queue;
	size_t n, cap, next;
	/* SWEEP_TURNS for finished ones, SWEEP_AHEAD for those in progress. */
	struct turn *turns;
	size_t n_running, n_ahead;
	struct sweep_streak streak;
	struct auth_token token; /* for the visits to start with */
	int64_t pause_ms;        /* how long to pause after an early end */
	struct text_list paused; /* roots */
	size_t skipped;          /* due, but paused when its turn came */
	bool has_visited;        /* since the caller cleared it */
	bool has_returned;       /* a visit ended */
	bool is_stopped;
	int64_t ahead_until_ms; /* send ahead until then; 0: not set yet */
	bool is_ahead_short;    /* of room: some were not visited */
	/* Only for watch: a visit has ended; without e, one ahead. */
	void (*ended)(void *ctx, const char *path, const struct err *e);
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

/* The place of this path, added if needed. */
struct place *sweep_place(struct run *, const char *path);

/* Remove it unless it waits for a visit or has one. */
void sweep_drop(struct run *, struct place *);

/*
 * Update which roots are paused, and remove expired pauses.  True when a paused
 * one has resumed.
 */
bool sweep_note_pauses(struct run *, const struct text_list *roots);

/* Is this path below a paused root? */
bool sweep_is_paused(const struct run *, const char *path);

/* Longest waiting first. */
void sweep_sort(struct run *);

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

/*
 * Visit it if it is live and has something to do, unless a finished recording
 * is being visited or waits for a visit.
 */
void sweep_offer_ahead(struct run *, const struct finding *);

/* Is there room again for those that were rejected? */
bool sweep_is_ahead_short(struct run *);

/* Stop them for a finished recording, and where paused. */
void sweep_give_way(struct run *);

/* Stop all within a second. */
void sweep_stop_ahead(struct run *);

/* The same, and wait; no others are started. */
void sweep_end_ahead(struct run *);

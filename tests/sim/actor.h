#ifndef SIM_ACTOR_H
#define SIM_ACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Processes of the simulated world as coroutines.  They yield where they wait,
 * and at random; time passes only while all of them wait.
 */

/* A machine, with a clock that is its own. */
struct host {
	const char *name;
	int64_t offset_ms;    /* of its clock, at moment 0 */
	int64_t was_wrong_ms; /* until then; 0: it never jumped */
	int64_t drift_ppm;
	bool is_read_only; /* has the disk mounted read-only */
};

enum { HOSTS = 3, RECORDINGS = 4, ACTORS = 64 };

struct actor {
	int id; /* also the pid */
	struct host *host;
	struct actor *parent; /* of a visit */
	char name[48];
	void (*run)(void *ctx);
	void *ctx;
	struct coroutine *coroutine;
	bool is_used, is_ended, is_killed;
	bool is_signalled; /* SIGTERM */
	int64_t wake_ms;
	uint64_t turn; /* of those that wake together, the lowest runs first */
	int64_t deadline_ms;
	int64_t began_ms;
	/* What it does with each recording. */
	bool is_overtaken[RECORDINGS];
	int in_flight[RECORDINGS];
	int unnoted[RECORDINGS];  /* answers not yet in the journal */
	int unsynced[RECORDINGS]; /* in it, but lost in a power cut */
	int recording;            /* it works on; -1: none, or many */
	bool is_visit, is_sweep;
	bool is_stale;   /* its locks were lost */
	bool is_cut_off; /* its host died */
	bool has_sent, has_achieved;
	size_t n_sent;
	bool has_begun;     /* its journal says that it delivers */
	bool has_concluded; /* its journal says how it ended */
	bool is_unwritten;  /* it cannot write its journal */
	int64_t call_ms;    /* when its last call to the disk began */
	bool is_failed;     /* one of its calls failed */
	size_t journal_bytes;
};

/* The running process; NULL: the world itself. */
extern struct actor *actor_now;

/* Milliseconds since the world began. */
extern int64_t now_ms;

void actor_reset(void);

/* Begin at once; the caller keeps ctx. */
struct actor *actor_start(struct host *, const char *name,
    void (*run)(void *ctx), void *ctx);

/* Yield until then, or until it is woken. */
void actor_sleep(int64_t until_ms);
void actor_wake(struct actor *);

/* SIGTERM, SIGKILL. */
void actor_signal(struct actor *, int number);
struct actor *actor_find(int id);

/* Every process of a host dies at once. */
void actor_kill_all(const struct host *);

/* End the history: no process runs any more. */
void actor_give_up(void);

/* Milliseconds since 1970 by the host's clock; NULL: the true time. */
int64_t host_unix_ms(const struct host *);

/* Run this at that moment, outside of any process. */
void event_at(int64_t at_ms, void (*run)(int64_t arg), int64_t arg);

/* Run the world until then, or until the history ends. */
void world_run(int64_t until_ms);
bool world_is_over(void);

#endif

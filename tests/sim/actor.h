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
	bool is_read_only; /* it has the disk mounted so */
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
	uint64_t turn; /* of those that wake at once, the lowest is first */
	int64_t deadline_ms;
	int64_t began_ms;
	/* What it does with each recording. */
	bool is_overtaken[RECORDINGS];
	int in_flight[RECORDINGS];
	int unnoted[RECORDINGS];  /* answers that the journal has not yet */
	int unsynced[RECORDINGS]; /* that it has, and a power cut takes */
	int recording;            /* that it is about; -1: none, or many */
	bool is_visit, is_sweep;
	bool is_stale;   /* its locks were lost */
	bool is_cut_off; /* its host died */
	bool has_sent, has_achieved;
	size_t n_sent;
	bool has_begun;     /* it has written down that it delivers */
	bool has_concluded; /* it has written down how it ended */
	bool is_unwritten;  /* it cannot write down anything */
	int64_t call_ms;    /* its last call to the disk began then */
	bool is_failed;     /* a call of it failed */
	size_t journal_bytes;
};

/* The running process; NULL: the world itself. */
extern struct actor *actor_now;

/* Milliseconds since the world began. */
extern int64_t now_ms;

void actor_reset(void);

/* Begin at once; ctx is the caller's. */
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

/* Leave the history: no process runs any more. */
void actor_give_up(void);

/* In the year's milliseconds since 1970, by the host's clock; NULL: true. */
int64_t host_unix_ms(const struct host *);

/* What happens at a moment, without any process. */
void event_at(int64_t at_ms, void (*run)(int64_t arg), int64_t arg);

/* Run the world until then, or until the history is left. */
void world_run(int64_t until_ms);
bool world_is_over(void);

#endif

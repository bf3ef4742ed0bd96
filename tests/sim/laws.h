#ifndef SIM_LAWS_H
#define SIM_LAWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actor.h"

/* A file of another room in the directory of a recording. */
#define LAWS_STRANGER "Stranger_2026-01-05-12-00-00.mp4"

/* The meeting that an operator names. */
enum { LAWS_ELSEWHERE = 900 };

struct node;
struct version;
struct arrival;

/* What must be true, whatever happens; tests/README.md explains each. */
#define LAWS(X) \
	X(STOPPED, "stopped") \
	X(DOUBLED, "doubled") \
	X(REMOVED, "removed") \
	X(SECRET, "secret") \
	X(STRANGER, "stranger") \
	X(ALONE, "alone") \
	X(SAME_BODY, "same-body") \
	X(SAME_ID, "same-id") \
	X(OLDER, "older") \
	X(LIVE, "live") \
	X(DELIVERED, "delivered") \
	X(QUIET, "quiet") \
	X(KEPT, "kept") \
	X(BOUNDED, "bounded") \
	X(JOURNAL, "journal") \
	X(EARLY, "early") \
	X(OUTAGE, "outage") \
	X(ENDS, "ends") \
	X(ORPHAN, "orphan") \
	X(BARE, "bare")

enum law {
#define X(name, text) LAW_##name,
	LAWS(X)
#undef X
	    LAW_COUNT
};

extern const char *const law_names[LAW_COUNT];
extern bool law_is_watched[LAW_COUNT];

/* End the history, if this law is watched. */
void law_break(enum law, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* LAW_COUNT: none. */
enum law laws_broken(const char **why);
void laws_reset(void);

/* Checks of events as they happen. */
void laws_actor_ended(struct actor *);
void laws_synced(const struct node *);
void laws_written(const struct node *, const void *data, size_t len);
void laws_removed(const struct node *);
void laws_sending(int recording);
void laws_sent(int recording);
void laws_changed(int recording);

/* A process that did not get the answer cannot see what was stored. */
void laws_unclear(int recording);

/* No record of what was announced is left. */
void laws_forget_told(int recording);

/* The old script has sent it, unredacted. */
void laws_planted(int recording);

/* A run cannot write its journal. */
void laws_unwritten(int recording);

/* Does its directory have anything that makes it a recording? */
bool laws_is_recording(int recording);

/* Does it have a file that must not be sent? */
bool laws_has_withheld(int recording);

/* Or may it stay for another reason, although delivered? */
bool laws_may_stay(int recording);
void laws_counted(int recording, int64_t ambiguous);
void laws_acknowledged(const struct arrival *);
void laws_asked_while_out(bool is_file_service, int64_t since_ms);
void laws_ended_early(const char *why);
bool laws_is_delivered(int recording, const char **missing);
void laws_stored(int recording, const char *path, const void *data, size_t len,
    int meeting);
void laws_stopped(const struct arrival *);
void laws_webhook(const struct arrival *);
void laws_seen(const void *data, size_t len, const char *where);

/*
 * The program has lost what it knew of it, and can only believe the list, by
 * path and size.
 */
void laws_excuse(int recording, const char *why);

/* At the end of a history. */
void laws_end(void);

/* Nothing is left to do except for recordings shown as held. */
void laws_done(void);

#endif

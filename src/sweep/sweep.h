#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "sweep/survey.h"
#include "sweep/visit.h"

/*
 * The sweeper: find every recording below the roots that is due, and deliver it
 * with attempt_run().
 */

struct sweep_policy {
	int64_t jobs;        /* recordings at once */
	int64_t splay_ms;    /* start delay up to this, fixed per host */
	int64_t max_time_ms; /* of the whole sweep; 0: no limit */
};

struct sweep {
	const struct sweep_policy *policy;
	const struct verdict_policy *verdict;
	struct visit_policy visit;
	/* Called after each visit to a due recording; may be NULL. */
	void (*visited)(const char *path, const struct visit_report *,
	    int64_t took_ms);
};

/* What was found and done. */
struct sweep_result {
	size_t found[VERDICTS]; /* last seen, without those visited */
	size_t delivered, failed, busy;
	size_t was_done; /* by another process, before its visit */
	size_t newly_held, tried_held;
	bool has_copies; /* some were unpacked from an archive */
	struct text_list delivered_paths; /* the caller frees it */
	size_t removed;                   /* set by the caller */
	size_t removed_new;       /* of these, delivered by this sweep */
	size_t paused;            /* due, but below paused roots */
	size_t left;              /* due, but not visited for other reasons */
	struct err early;         /* why it ended early; or ERR_NONE */
	bool is_file_service_out; /* and this was the reason */
	enum err_class worst;     /* of the visits and early */
};

/*
 * Sweep the roots.  While visits run, the roots are examined again, and what
 * becomes due is visited too, each recording once.  -1 with *e when a root
 * cannot be read; the others are swept anyway.
 */
int sweep_run(const struct sweep *, const struct text_list *roots,
    struct sweep_result *, struct err *e);

struct sweep_watch_policy {
	int64_t interval_ms; /* between examinations of everything */
	int64_t drain_ms;    /* how long to deliver after SIGTERM */
};

struct sweep_watch {
	const struct sweep_watch_policy *policy;
	const struct sweep *sweep;
	/* Reload the settings, including policy and sweep, and the roots. */
	void (*reload)(void *ctx, struct text_list *roots);
	/* Other tasks of a sweep, every five minutes in a separate process. */
	void (*tend)(void *ctx, const struct text_list *roots,
	    struct sweep_result *);
	void *ctx;
};

/*
 * Run permanently and deliver recordings as soon as a sweep would: on events of
 * inotify(7), when they become due, and after a regular examination of
 * everything.  SIGHUP reloads; SIGTERM and SIGINT end it and log the names of
 * undelivered recordings.  -1 with only a class set when there are any.
 */
int sweep_watch(const struct sweep_watch *, struct text_list *roots,
    struct err *e);

/* This host's start delay within splay_ms, by its name.  Pure. */
int64_t sweep_splay_ms(const char *host, int64_t splay_ms);

/*
 * Does the end of a visit end the sweep, because others would fail too?  At
 * once when a service is out; after several consecutive visits for credentials
 * or a configuration that are wrong for all.  Pure except for the streak.
 */
struct sweep_streak {
	enum err_class kind;
	int length;
};
enum sweep_end { SWEEP_GOES_ON, SWEEP_IS_OUT, SWEEP_IS_HOPELESS };
enum sweep_end sweep_judge(struct sweep_streak *, const struct visit_report *);

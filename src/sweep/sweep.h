#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "sweep/survey.h"
#include "sweep/visit.h"

/*
 * The sweeper: find every recording below the roots that is due, and deliver
 * it.  It is nothing but attempt_run(), later.
 */

struct sweep_policy {
	int64_t jobs;        /* recordings at once */
	int64_t splay_ms;    /* wait a part of it first, each host its own */
	int64_t max_time_ms; /* of the whole sweep; 0: no limit */
};

struct sweep {
	const struct sweep_policy *policy;
	const struct verdict_policy *verdict;
	struct visit_policy visit;
	/* Of each visit to what was due, when it has ended; may be NULL. */
	void (*visited)(const char *path, const struct visit_report *,
	    int64_t took_ms);
};

/* What was found, and what became of it. */
struct sweep_result {
	size_t found[VERDICTS]; /* by the last look, but for those visited */
	size_t delivered, failed, busy;
	size_t newly_held, tried_held;
	bool has_copies; /* what came out of an archive was found */
	struct text_list delivered_paths; /* the caller's to free */
	size_t removed;                   /* the caller's */
	size_t removed_new;       /* of these, delivered by this sweep */
	size_t paused;            /* due below roots that are paused */
	size_t left;              /* due, and not visited otherwise */
	struct err early;         /* why it ended early; or ERR_NONE */
	bool is_file_service_out; /* and that was why */
	enum err_class worst;     /* of the visits and of early */
};

/*
 * Sweep the roots.  While visits last they are looked at again: what is due
 * by then is visited too, each recording once.  -1 with *e when a root cannot
 * be read; the others were swept anyway.
 */
int sweep_run(const struct sweep *, const struct text_list *roots,
    struct sweep_result *, struct err *e);

struct sweep_watch_policy {
	int64_t interval_ms; /* between two looks at everything */
	int64_t drain_ms;    /* so long after SIGTERM what is due is sent */
};

struct sweep_watch {
	const struct sweep_watch_policy *policy;
	const struct sweep *sweep;
	/*
	 * Read the settings again, also those of policy and sweep, and the
	 * roots with them.
	 */
	void (*reload)(void *ctx, struct text_list *roots);
	/* What else a sweep does, every five minutes, in its own process. */
	void (*tend)(void *ctx, const struct text_list *roots,
	    struct sweep_result *);
	void *ctx;
};

/*
 * Stay, and do at once what a sweep would do: what inotify(7) tells of, what
 * has become due, and by a look at everything now and then.  SIGHUP reloads;
 * SIGTERM and SIGINT end it, with those that are not delivered named.  -1 with
 * the class alone when there are any.
 */
int sweep_watch(const struct sweep_watch *, struct text_list *roots,
    struct err *e);

/* Of the splay, the part that is this host's, by its name.  Pure. */
int64_t sweep_splay_ms(const char *host, int64_t splay_ms);

/*
 * What ended a visit, and would end those of others as well: a service that
 * is out, at once; credentials or a configuration that are wrong for all,
 * after some visits in a row.  Pure but for the streak.
 */
struct sweep_streak {
	enum err_class kind;
	int length;
};
enum sweep_end { SWEEP_GOES_ON, SWEEP_IS_OUT, SWEEP_IS_HOPELESS };
enum sweep_end sweep_judge(struct sweep_streak *, const struct visit_report *);

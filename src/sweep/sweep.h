#ifndef SWEEP_SWEEP_H
#define SWEEP_SWEEP_H

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
};

/* What was found, and what became of it. */
struct sweep_result {
	size_t found[VERDICTS]; /* before anything was done */
	size_t delivered, failed, busy;
	size_t newly_held, tried_held;
	bool has_copies;      /* what came out of an archive was found */
	size_t removed;       /* delivered before; the caller's */
	size_t left;          /* due, and not visited */
	struct err early;     /* why it ended early; ERR_NONE: it did not */
	enum err_class worst; /* of the visits and of early */
};

/*
 * Sweep the roots.  -1 with *e when a root cannot be read; the others were
 * swept all the same.
 */
int sweep_run(const struct sweep *, const struct text_list *roots,
    struct sweep_result *, struct err *e);

/* Of the splay, the part that is this host's, by its name.  Pure. */
int64_t sweep_splay_ms(const char *host, int64_t splay_ms);

/*
 * The streak of failures that nothing but an operator or the server's return
 * can end.  True when it is long enough to end the sweep.  Pure but for the
 * streak.
 */
struct sweep_streak {
	enum err_class kind;
	bool is_outage;
	int length;
};
bool sweep_is_hopeless(struct sweep_streak *, const struct err *);

#endif

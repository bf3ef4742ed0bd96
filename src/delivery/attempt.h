#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "delivery/pipeline.h"
#include "journal/schedule.h"
#include "recording/openfiles.h"

/* One run over one recording, from opening it to recording the outcome. */

enum failed_webhook { FAILED_AT_ONCE, FAILED_FINAL, FAILED_NEVER };

struct attempt_policy {
	int failed_webhook; /* enum failed_webhook */
	struct schedule_policy schedule;
};

enum outage_service { OUTAGE_NONE, OUTAGE_MEETING, OUTAGE_FILE };

/* A service does not work for anybody, and what it said; or OUTAGE_NONE. */
struct outage {
	enum outage_service service;
	struct err err; /* with its Retry-After */
};

struct attempt_request {
	const char *directory;
	const char *archive; /* by which people know it; or NULL */
	const char *room, *session, *meeting_id; /* NULL: to be found out */
	const struct text_list *only; /* globs of what is sent; NULL: all */
	const struct watch *watch;    /* of its uploads; NULL: nobody */
	struct openfiles *open_files; /* is it recorded still? NULL: no */
	bool is_forced;               /* send everything again */
	bool is_by_hand;              /* also what was given up; the server is
				       asked for what is stored */
	bool is_silent;               /* no webhook is sent */
	bool is_visit;    /* by the sweeper: one try of each request,
				       and only if it is still due */
	bool takes_held;  /* a visit to what is held, too */
	bool is_dry_run;  /* nothing is sent and nothing written */
	bool is_deferred; /* leave it to the sweeper */
};

/* What became of it; strings are its own. */
struct attempt_result {
	char *path, *session, *room, *meeting_id;
	const char *state; /* "done", "waiting", "held", "busy", "unknown",
			      "given-up" */
	size_t artifacts, stored;
	int64_t bytes; /* of all artifacts */
	int64_t attempts;
	int64_t ambiguous;
	struct upload_totals totals; /* of this run */
	bool is_listed;              /* artifacts, stored and bytes are known */
	bool is_logged;              /* the error is in the log */
	bool was_done;               /* there was nothing to do */
	bool is_given_up;            /* and so nothing was done */
	bool was_deferred;           /* the sweeper will deliver it */
	bool is_previewed;           /* only that, and nothing was done */
	struct preview preview;
	bool is_partial;       /* what was selected is stored */
	bool is_withheld;      /* done without a STOPPED */
	bool is_own;           /* it failed of what others need not fail of */
	bool is_token_renewed; /* the one that it began with is no good */
	struct outage outage;
};

/*
 * Deliver the recording as far as it goes now.  0 when it is done; -1 with
 * the class that decides what comes next.  The result is set in any case,
 * and freed by the caller.
 */
int attempt_run(const struct attempt_request *, const struct attempt_policy *,
    const struct pipeline_policy *, struct attempt_result *, struct err *e);
void attempt_result_free(struct attempt_result *);

/* The state of a recording whose last run ended so. */
const char *attempt_state_name(enum err_class kind);

/*
 * Is the backend to be told of this failure?  Never of an interruption, a
 * busy recording or a failed STOPPED, and once until there is a STOPPED.
 * Pure.
 */
bool attempt_tells_failed(const struct attempt_policy *, enum err_class kind,
    bool is_announcing, bool is_room_known, bool was_told);

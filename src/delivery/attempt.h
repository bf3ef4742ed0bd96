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

/* A service that fails for everybody, and its error; or OUTAGE_NONE. */
struct outage {
	enum outage_service service;
	struct err err; /* includes its Retry-After */
};

struct attempt_request {
	const char *directory;
	const char *archive; /* as named by the user; or NULL */
	const char *room, *session, *meeting_id; /* NULL: find out */
	const struct text_list *only; /* globs of what to send; NULL: all */
	const struct watch *watch;    /* of its uploads; may be NULL */
	struct openfiles *open_files; /* is it still recorded? or NULL */
	bool is_forced;               /* send everything again */
	bool is_by_hand;              /* includes what was given up; asks the
					 server what is stored */
	bool is_silent;               /* send no webhook */
	bool is_visit;    /* by the sweeper: each request is tried once,
			     and only if the recording is still due */
	bool takes_held;  /* a visit also to held recordings */
	bool is_dry_run;  /* send and write nothing */
	bool is_deferred; /* leave it to the sweeper */
};

/* The result of an attempt; it owns its strings. */
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
	bool is_given_up;            /* so nothing was done */
	bool was_deferred;           /* the sweeper will deliver it */
	bool is_previewed;           /* a preview only; nothing was done */
	struct preview preview;
	bool is_partial;       /* what was selected is stored */
	bool is_withheld;      /* done without a STOPPED */
	bool is_own;           /* the cause affects only this recording */
	bool is_token_renewed; /* the initial one was refused */
	struct outage outage;
};

/*
 * Deliver the recording as far as possible now.  0 when it is done; -1 with the
 * class that decides what happens next.  The result is always set; the caller
 * frees it.
 */
int attempt_run(const struct attempt_request *, const struct attempt_policy *,
    const struct pipeline_policy *, struct attempt_result *, struct err *e);
void attempt_result_free(struct attempt_result *);

/* The state of a recording after a run that ended with this class. */
const char *attempt_state_name(enum err_class kind);

/*
 * Should the backend be told about this failure?  Never about an interruption,
 * a busy recording or a failed STOPPED, and only once until the next STOPPED.
 * Pure.
 */
bool attempt_tells_failed(const struct attempt_policy *, enum err_class kind,
    bool is_announcing, bool is_room_known, bool was_told);

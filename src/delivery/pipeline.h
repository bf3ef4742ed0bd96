#pragma once

#include "base/retry.h"
#include "delivery/upload.h"
#include "io/http.h"
#include "journal/journal.h"
#include "recording/identity.h"
#include "recording/recording.h"
#include "remote/auth.h"
#include "remote/destination.h"
#include "remote/meeting.h"
#include "remote/webhook.h"

/*
 * The life of a recording: resolve, upload, announce.  The journal's progress
 * alone decides which stage is next, so a first run, a resumed one and a sweep
 * are the same thing.
 */

struct pipeline_policy {
	struct recording_policy recording;
	struct identity_policy identity;
	struct meeting_policy meeting;
	struct destination_policy destination;
	struct webhook_policy webhook;
	struct auth_policy auth;
	struct retry_policy retry;
	struct upload_policy upload;
	struct http_policy http;
	bool require_tls;
	bool is_checked; /* pipeline_check_reach() was called already */
};

struct job {
	const struct pipeline_policy *policy;
	/* Each may be NULL. */
	const char *room_argument, *session_argument, *meeting_id_argument;
	const struct text_list *only; /* globs of what to send; NULL: all */
	const struct watch *watch;    /* may be NULL */
	bool is_forced;
	bool is_swept;              /* found below a root by a sweep */
	bool is_ahead;              /* it is still being recorded */
	bool is_partly_forced;      /* send the selected ones again */
	bool is_silent;             /* send no webhook */
	bool is_hurried;            /* try a webhook once, and briefly */
	bool is_by_hand;            /* see attempt_request */
	struct recording recording; /* open and scanned */
	struct journal journal;     /* open */
	struct identity identity;
	struct retry_run failures;
	struct retry_policy retry; /* the policy's, for this run */
	struct http *http;         /* opened when first needed, as is auth */
	struct auth *auth;
	struct upload_totals totals;
	int64_t damaged;    /* damaged media, besides an intact one */
	bool is_announcing; /* everything is stored and intact */
	bool is_partial;    /* the selected are stored, not all */
};

/*
 * Continue from the present progress until STOPPED is acknowledged or, with
 * is_partial, the selected artifacts are stored.  -1 with the class of what
 * stopped it; the journal has what was achieved.
 */
int pipeline_run(struct job *, struct err *e);

/*
 * Resolve if necessary, or again if is_repeat, and set up access to the store.
 * -1 as the stage.
 */
int pipeline_prepare(struct job *, bool is_repeat, struct upload_deps *,
    struct err *e);

/*
 * Verify the journal against the server: resolve again if the operator names
 * room or meeting, ask what is stored, and reopen the recording if something is
 * gone.  -1 with the reason the server could not be asked.
 */
int pipeline_recheck(struct job *, struct err *e);

/*
 * Is there an intact media file?  Looks at top-level files with video: those
 * named by Jibri if there are any, otherwise all.  Without local media, accepts
 * those stored intact, or listed by the server and not known to be something
 * else.  -1 with ERR_PERMANENT if none, or with the reason it could not look.
 * Sets job->damaged.  The text of a damaged one begins with PIPELINE_DAMAGED.
 */
#define PIPELINE_DAMAGED "recording is damaged: "
int pipeline_check_media(struct job *, struct err *e);

/*
 * What pipeline_run() after pipeline_recheck() would do, up to the webhook;
 * sends nothing.  Open the journal with journal_look().
 */
int pipeline_preview(struct job *, struct preview *, struct err *e);

/*
 * Is there nothing to do: STOPPED is acknowledged, and every artifact is stored
 * in its present state?  If not, *changed is a new or changed artifact, or
 * NULL.
 */
bool pipeline_is_finished(const struct job *, const char **changed);

/*
 * Can these settings work at all?  -1 with ERR_CONFIG for an invalid URL or
 * webhook secret, and as pipeline_check_reach().
 */
int pipeline_check(const struct pipeline_policy *, struct err *e);

/*
 * Checks before any connection.  -1 with ERR_CONFIG for an unreadable TLS file,
 * inconsistent token settings, and http where TLS is required; warns about a
 * secret that would be sent over http through a possibly public network.
 */
int pipeline_check_reach(const struct pipeline_policy *, struct err *e);

/* Append a text for each secret that would be sent over http in this way. */
void pipeline_list_exposed(const struct pipeline_policy *,
    struct text_list *found);

/*
 * Find room and session for job->identity, without network.  -1 as
 * identity_find().
 */
int pipeline_identify(struct job *, struct err *e);

/*
 * Send a webhook ("STARTED", "STOPPED" or "FAILED" with an error) and note its
 * acknowledgement.  Its timestamp is never older than an earlier one's; its id
 * depends on its body.  Sends nothing if the journal was opened by
 * journal_look().  -1 as webhook_send().
 */
int pipeline_send(struct job *, const char *event, const char *error,
    int64_t timestamp_ms, struct err *e);

/* Does an argument name another room, session or id than the journal? */
bool pipeline_is_redirected(const struct job *);

/* Note the number of requests in this run, for statistics. */
void pipeline_note_counts(struct job *);

/* Does job->only select any artifact, or is everything selected? */
bool pipeline_is_anything_selected(const struct job *);

/* An artifact is new or changed: STOPPED, if sent, is no longer valid. */
void pipeline_reopen(struct job *, const char *changed);

/*
 * Abort the unfinished uploads in parts at the recording's place: *n is their
 * number; if the journal was opened by journal_look(), only count them.  -1
 * with the reason it could not.
 */
int pipeline_abort_parts(struct job *, size_t *n, struct err *e);

/*
 * Check the arguments, open recording and journal, and put the session in the
 * log; is_looking uses journal_look().  -1 as these.  Close it even then.
 */
int job_open(struct job *, const char *directory, bool is_looking,
    struct err *e);
void job_close(struct job *);

/* What is known of them so far; the room may be NULL. */
const char *job_session(const struct job *);
const char *job_room(const struct job *);

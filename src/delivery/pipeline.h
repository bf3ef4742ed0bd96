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
 * The life of a recording: resolve, upload, announce.  Which stage comes
 * next is decided by the journal's progress alone, so that a first run, a
 * resumed one and a sweep are the same thing.
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
	const struct text_list *only; /* globs of what is sent; NULL: all */
	const struct watch *watch;    /* NULL: nobody looks on */
	bool is_forced;
	bool is_swept;              /* the directory was found below a root */
	bool is_ahead;              /* it is still being recorded */
	bool is_partly_forced;      /* send again what is selected */
	bool is_silent;             /* no webhook is sent */
	bool is_hurried;            /* a webhook is tried once, and briefly */
	bool is_by_hand;            /* see attempt_request */
	struct recording recording; /* open and scanned */
	struct journal journal;     /* open */
	struct identity identity;
	struct retry_run failures;
	struct retry_policy retry; /* the policy's, of this run */
	struct http *http;         /* both opened when first needed */
	struct auth *auth;
	struct upload_totals totals;
	int64_t damaged;    /* media files beside one that is whole */
	bool is_announcing; /* everything is stored and sound */
	bool is_partial;    /* all that was selected is stored, not all */
};

/*
 * Go on from where the progress stands until STOPPED is acknowledged, or
 * with is_partial until what was selected is stored.  -1 with the class of
 * what stopped it; the journal then holds what was achieved.
 */
int pipeline_run(struct job *, struct err *e);

/*
 * Resolve, where that is not done or has to be done anew, and give what talks
 * to the file-service.  -1 as the stage.
 */
int pipeline_prepare(struct job *, bool is_anew, struct upload_deps *,
    struct err *e);

/*
 * Do not take the journal's word: resolve again where the operator names
 * room or meeting, ask the server for what is stored, and reopen the
 * recording if something is gone.  -1 with what kept us from asking.
 */
int pipeline_recheck(struct job *, struct err *e);

/*
 * Is there a media file that is whole?  Of files of the top level with video:
 * one of those with the name that Jibri gives, or else all.  Without any media,
 * those count that were stored whole, or are listed at the server and not known
 * as anything else.  -1 with ERR_PERMANENT: none; or what kept us from looking.
 * Sets job->damaged.
 */
int pipeline_check_media(struct job *, struct err *e);

/*
 * What pipeline_run(), by hand after pipeline_recheck(), would do, up to the
 * webhook; nothing is sent.  The journal should be open by journal_look().
 */
int pipeline_preview(struct job *, struct preview *, struct err *e);

/*
 * Is there nothing to do: STOPPED acknowledged, and every artifact of the
 * directory stored as it is now?  Otherwise *changed names an artifact that
 * is new or changed, or is NULL.
 */
bool pipeline_is_finished(const struct job *, const char **changed);

/*
 * Can these settings work at all?  -1 with ERR_CONFIG for a URL or a webhook
 * secret that is none, and as pipeline_check_reach().
 */
int pipeline_check(const struct pipeline_policy *, struct err *e);

/* http_url_check() with the setting's name. */
int pipeline_check_url(const char *name, const char *url, struct err *e);

/*
 * What comes before any connection.  -1 with ERR_CONFIG for a file for TLS
 * that cannot be read, for settings of tokens that do not fit together, and
 * for http where TLS is required; a secret that would go over http through
 * a network that looks public is warned of.
 */
int pipeline_check_reach(const struct pipeline_policy *, struct err *e);

/* Add a text for each secret that would so go over http. */
void pipeline_list_exposed(const struct pipeline_policy *,
    struct text_list *found);

/*
 * Find out room and session, into job->identity, without asking anybody.  -1
 * as identity_find().
 */
int pipeline_identify(struct job *, struct err *e);

/*
 * Send a webhook of this event ("STARTED", "STOPPED" or "FAILED" with an
 * error) and note that it was acknowledged.  Its timestamp is never older
 * than that of another before it; its id follows from its body.  Who opened
 * the journal by journal_look() sends nothing.  -1 as webhook_send().
 */
int pipeline_send(struct job *, const char *event, const char *error,
    int64_t timestamp_ms, struct err *e);

/* Tell the meeting-service that the recording failed, and why. */
int pipeline_send_failed(struct job *, const char *why, struct err *e);

/* Does an argument name another room, session or id than the journal? */
bool pipeline_is_redirected(const struct job *);

/* What the run has asked of whom becomes a fact, for statistics. */
void pipeline_note_counts(struct job *);

/* Is there an artifact that job->only selects, or is everything selected? */
bool pipeline_is_anything_selected(const struct job *);

/* An artifact is new or changed: STOPPED counts no more, if it did. */
void pipeline_reopen(struct job *, const char *changed);

/*
 * Abort what was begun to be uploaded in parts at the recording's place: *n
 * of them; with the journal open by journal_look(), only count them.  -1 with
 * what kept us.
 */
int pipeline_abort_parts(struct job *, size_t *n, struct err *e);

/*
 * Check the arguments, open recording and journal, and let the log name the
 * session; is_looking by journal_look().  -1 as these.  To be closed even
 * then.
 */
int job_open(struct job *, const char *directory, bool is_looking,
    struct err *e);
void job_close(struct job *);

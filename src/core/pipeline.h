#ifndef CORE_PIPELINE_H
#define CORE_PIPELINE_H

#include "base/retry.h"
#include "core/auth.h"
#include "core/filestore.h"
#include "core/identity.h"
#include "core/journal.h"
#include "core/meeting.h"
#include "core/recording.h"
#include "core/upload.h"
#include "core/webhook.h"
#include "io/http.h"

/*
 * The life of a recording: resolve, upload, announce.  Which stage comes
 * next is decided by the journal's progress alone, so that a first run, a
 * resumed one and a sweep are the same thing.
 */

struct pipeline_policy {
	struct recording_policy recording;
	struct identity_policy identity;
	struct meeting_policy meeting;
	struct filestore_policy filestore;
	struct webhook_policy webhook;
	struct auth_policy auth;
	struct retry_policy retry;
	struct upload_policy upload;
	struct http_policy http;
};

struct job {
	const struct pipeline_policy *policy;
	const char *room_argument, *session_argument; /* may be NULL */
	bool is_forced;
	bool obeys_pauses; /* of artifacts that were refused again and again */
	struct recording recording; /* open and scanned */
	struct journal journal;     /* open */
	struct identity identity;
	struct http *http; /* opened when first needed */
	struct upload_totals totals;
	bool is_announcing; /* everything is stored and sound */
};

/*
 * Go on from where the progress stands until STOPPED is acknowledged.  -1
 * with the class of what stopped it; the journal then holds what was
 * achieved.
 */
int pipeline_run(struct job *, struct err *e);

/*
 * Is there nothing to do: STOPPED acknowledged, and every artifact of the
 * directory stored as it is now?  Otherwise *changed names an artifact that
 * is new or changed, or is NULL.
 */
bool pipeline_is_finished(const struct job *, const char **changed);

/*
 * Can these settings work at all?  -1 with ERR_CONFIG for a URL or a webhook
 * secret that is none.
 */
int pipeline_check(const struct pipeline_policy *, struct err *e);

/* Tell the meeting-service that the recording failed, and why. */
int pipeline_send_failed(struct job *, const char *why, struct err *e);

/* Does an argument name another room or session than the journal? */
bool pipeline_is_redirected(const struct job *);

/* An artifact is new or changed: STOPPED counts no more. */
void pipeline_reopen(struct job *, const char *changed);

void job_close(struct job *);

#endif

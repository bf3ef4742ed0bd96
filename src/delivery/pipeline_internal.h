#pragma once

#include "delivery/pipeline.h"

/* What the pipeline_*.c files share; nobody else includes this. */

/* Open job->http and job->auth, once.  -1 with ERR_CONFIG. */
int pipeline_open_http(struct job *, struct err *e);

/*
 * Are the settings of meeting-service and store, or of the webhook, consistent
 * and complete?  -1 with ERR_CONFIG.
 */
int pipeline_check_services(const struct pipeline_policy *, struct err *e);
int pipeline_check_webhook(const struct pipeline_policy *, struct err *e);

/* The store, once http is open; valid as long as the job. */
struct destination pipeline_destination(const struct job *);

/*
 * Abort uploads in parts that are still unfinished once everything is stored:
 * nobody else would.  Warns if it cannot.
 */
void pipeline_abort_strays(struct job *);

/* The stage: check the media, then send STOPPED or, with is_silent, nothing. */
int pipeline_announce(struct job *, struct err *e);

/*
 * Do the files belong to the journal's room?  -1 as identity_check_room(); then
 * no webhook is sent either, because it is unknown whose recording failed.
 */
int pipeline_check_room(struct job *, struct err *e);

#pragma once

#include "delivery/pipeline.h"

/* What the pipeline_*.c files share; nobody else includes this. */

/* Open job->http and job->auth, once.  -1 with ERR_CONFIG. */
int pipeline_open_http(struct job *, struct err *e);

/*
 * Do the settings of meeting-service, webhook and store fit together?  And is
 * there a webhook at all?  -1 with ERR_CONFIG.
 */
int pipeline_check_services(const struct pipeline_policy *, struct err *e);
int pipeline_check_webhook(const struct pipeline_policy *, struct err *e);

/* Where it goes, once that is open; for as long as the job. */
struct destination pipeline_destination(const struct job *);

/*
 * Abort uploads in parts of files that are gone or too small for parts by now:
 * nobody else would.  What cannot be aborted is warned of.
 */
void pipeline_abort_unused(struct job *);

/* What was begun, and its answer lost; once everything is stored. */
void pipeline_abort_strays(struct job *);

/* The stage: check the media, then STOPPED or, with is_silent, nothing. */
int pipeline_announce(struct job *, struct err *e);

/*
 * Does what is there belong to the journal's room?  -1 as
 * identity_check_room(); then no webhook is sent either, as it is not known
 * whose recording has failed.
 */
int pipeline_check_room(struct job *, struct err *e);

#pragma once

#include "delivery/pipeline.h"

/* What the pipeline_*.c files share; nobody else includes this. */

/* Open job->http and job->auth, once.  -1 with ERR_CONFIG. */
int pipeline_open_http(struct job *, struct err *e);

/* The stage: media_check, then STOPPED or, with is_silent, nothing. */
int pipeline_announce(struct job *, struct err *e);

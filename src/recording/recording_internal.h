#pragma once

#include "recording/recording.h"

/* What the recording*.c files share; nobody else includes this. */

/*
 * Pass on what a function of trust.h has said, with its reason: -1 with *e, or
 * by the policy 0 with a reason to warn in *doubt.
 */
int recording_judge(const struct recording *, int trusted,
    const struct err *why, char **doubt, struct err *e);

#pragma once

#include "base/err.h"
#include "recording/openfiles.h"
#include "recording/recording.h"

/*
 * Wait for the end of a recording that some process still writes.  A media
 * file that is open for writing is watched for up to ten seconds: -1 with
 * ERR_BUSY once it changes, as it is still being recorded.  One that does not
 * change is delivered, with a warning: whoever has it open has forgotten it.
 * Load the open files before the process is confined.
 */
int recorder_await(struct openfiles *, const struct recording *, struct err *e);

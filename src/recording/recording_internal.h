#pragma once

#include "recording/recording.h"

/* What the recording*.c files share; nobody else includes this. */

/*
 * Turn a refusal from trust.h into -1 with *e or, if the policy permits, into 0
 * with a warning in *doubt.
 */
int recording_judge(const struct recording *, int trusted,
    const struct err *why, char **doubt, struct err *e);

enum examined {
	EXAMINED_PLAIN,    /* sent unchanged */
	EXAMINED_JSON,     /* sent as returned by recording_read_json() */
	EXAMINED_WITHHELD, /* cannot be parsed and must be */
	EXAMINED_NAMING,   /* withheld, too: has the name of a private member */
	EXAMINED_UNREADABLE,
};

/*
 * Examine a file of this size: *size becomes the number of bytes to send.
 * Stores what is needed of metadata.json in the recording.
 */
enum examined recording_examine(struct recording *, const char *path,
    int64_t *size);

#pragma once

#include "recording/recording.h"

/* What the recording*.c files share; nobody else includes this. */

/*
 * Pass on what a function of trust.h has said, with its reason: -1 with *e, or
 * by the policy 0 with a reason to warn in *doubt.
 */
int recording_judge(const struct recording *, int trusted,
    const struct err *why, char **doubt, struct err *e);

/* As trust_check_file(); nearly all of it is the owner's. */
int recording_check_trust(const struct recording *, const struct stat *,
    struct err *e);

enum examined {
	EXAMINED_PLAIN, /* sent as it is */
	EXAMINED_JSON,  /* recording_read_json() says what is sent */
	EXAMINED_WITHHELD,
	EXAMINED_UNREADABLE,
};

/*
 * Look into a file of this size: *size becomes what is sent of it.  What is
 * needed of metadata.json goes into the recording.
 */
enum examined recording_examine(struct recording *, const char *path,
    int64_t *size);

#ifndef SIM_ERRAND_H
#define SIM_ERRAND_H

#include "actor.h"

/*
 * The program's commands, as processes of a host.  Everything that knows its
 * policies is in errand.c; they come from the table of settings.
 */
enum errand {
	ERRAND_HOOK,
	ERRAND_DEFER,
	ERRAND_SWEEP,
	ERRAND_UPLOAD,
	ERRAND_UPLOAD_ELSEWHERE, /* to another meeting */
	ERRAND_VERIFY,
	ERRAND_STARTED,
	ERRAND_STOPPED,
	ERRAND_FAILED,
	ERRAND_FORGET,
	ERRAND_RESET,
	ERRAND_STATUS,
	ERRAND_AHEAD, /* a watch's visit to a recording in progress */
	ERRANDS
};

/* Once for the whole program. */
void errand_init(void);

/*
 * Deliver to a bucket, in small parts, or to the file-service, with wants_parts
 * in parts if it takes them.
 */
void errand_use_store(bool is_s3, bool wants_parts);

/* A setting of this history. */
void errand_set(const char *setting, const char *value);

void errand_start(struct host *, enum errand, int recording);

/* Free what the program's processes have left behind. */
void errand_reset(void);

#endif

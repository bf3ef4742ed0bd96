#ifndef SWEEP_RETENTION_INTERNAL_H
#define SWEEP_RETENTION_INTERNAL_H

#include "sweep/retention.h"

/* What the retention*.c files share; nobody else includes this. */

struct removal {
	const struct retention_deps *deps;
	int rootfd;
	const char *root, *name;
};

enum removal_outcome {
	REMOVAL_DONE,
	REMOVAL_KEPT,   /* *e says why; nobody needs to look */
	REMOVAL_LOST,   /* the server lost something; held from now on */
	REMOVAL_FAILED, /* *e says why */
};

/* Verify a recording at the server and remove it. */
enum removal_outcome removal_run(const struct removal *, struct err *e);

/* Go on with one whose removal a crash has cut short. */
enum removal_outcome removal_finish(const struct removal *, struct err *e);

#endif

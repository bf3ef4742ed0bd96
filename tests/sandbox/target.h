/*
 * The request target as it stood on the wire: whether a strict server would
 * take it, which stage it belongs to, and what it says.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>

enum stage {
	STAGE_OTHER,
	STAGE_LOOKUP,
	STAGE_LIST,
	STAGE_UPLOAD,
	STAGE_DOWNLOAD,
	STAGE_WEBHOOK,
	STAGE_HEALTH,
	STAGE_TOKEN,
	STAGE_COUNT,
};

struct target {
	enum stage stage;
	unsigned refusal; /* the status to refuse it with, or 0 */
	const char *reason;
	char *argument; /* room, reference id or file id, decoded; or NULL */
	char *query;    /* still encoded */
};

const char *target_stage_name(enum stage);

/* False when no stage has this name. */
bool target_stage(const char *name, enum stage *);

void target_parse(struct target *, const char *prefix, const char *method,
    const char *raw);

/* The decoded value of a query parameter, the caller's; NULL if none. */
char *target_query(const struct target *, const char *key);

void target_release(struct target *);

#endif

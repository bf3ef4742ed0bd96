/*
 * The request target as it was on the wire: would a strict server accept it,
 * which stage is it, and what are its arguments?
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum stage {
	STAGE_OTHER,
	STAGE_LOOKUP,
	STAGE_LIST,
	STAGE_UPLOAD,
	STAGE_DOWNLOAD,
	STAGE_WEBHOOK,
	STAGE_HEALTH,
	STAGE_TOKEN,
	/* of files in parts */
	STAGE_URLS,
	/* of S3, and some of files in parts */
	STAGE_BUCKET,
	STAGE_HEAD,
	STAGE_DELETE,
	STAGE_BEGIN,
	STAGE_PART,
	STAGE_PARTS,
	STAGE_COMPLETE,
	STAGE_ABORT,
	STAGE_UPLOADS,
	STAGE_COUNT,
};

struct target {
	enum stage stage;
	unsigned refusal; /* the status to refuse it with, or 0 */
	const char *reason;
	char *argument; /* room, reference id, file id or key of S3, decoded;
	                   or NULL */
	char *bucket;   /* of S3; or NULL */
	char *upload;   /* of a file in parts, whose argument is the number
	                   in a part's URL; or NULL */
	char *query;    /* still encoded */
};

const char *target_stage_name(enum stage);

/* False when no stage has this name. */
bool target_stage(const char *name, enum stage *);

void target_parse(struct target *, const char *prefix, const char *method,
    const char *raw);

/*
 * Undo percent-encoding; the caller frees the result.  NULL for a broken
 * escape, a NUL, and text that is not UTF-8.
 */
char *target_decode(const char *, size_t);

/* Encode as S3 does: all but A-Z a-z 0-9 - . _ ~ and slashes. */
char *target_encode(const char *);
char *target_encode_all(const char *);

/* The decoded value of a query parameter, to be freed; NULL if none. */
char *target_query(const struct target *, const char *key);

void target_release(struct target *);

#endif

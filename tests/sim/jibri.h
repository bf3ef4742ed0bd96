#ifndef SIM_JIBRI_H
#define SIM_JIBRI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "actor.h"

/* What the Jibris write, and each version that a file has had. */

struct version {
	int recording;
	char *path;
	char *data;
	size_t len;
	int64_t from_ms, to_ms; /* to_ms INT64_MAX: the present version */
	bool is_withheld;       /* an invalid metadata.json */
	char *redacted;         /* what may be sent of it; NULL: all */
	int stores;             /* how often a server stored it */
	int sends;              /* how often a visit sent all of it */
	struct version *next;
};

struct session {
	char name[40], room[40], path[64];
	char media[64];         /* its file */
	int64_t handed_over_ms; /* Jibri has called; INT64_MAX: it has not */
	bool is_live;           /* Jibri is writing it */
	size_t pictures;        /* if so: bytes of them */
	bool has_left;          /* an operator gave it up, or removed it */
	bool died_last;         /* its last run died */
	bool is_held;           /* in the last output of status */
	int64_t stopped_ms;     /* acknowledged; 0: never */
};
extern struct session sessions[RECORDINGS];
extern struct version *versions;

void jibri_reset(void);

/* Make a recording's directory, with its files or only their beginning. */
void jibri_make(int recording, size_t extra, bool is_live);

/* Rewrite a file; NULL data: other bytes of the same size. */
void jibri_write(int recording, const char *path, size_t len);
void jibri_rewrite(int recording, const char *path, bool keeps_size,
    bool keeps_time);
void jibri_write_metadata(int recording, bool has_secret, bool is_whole);
void jibri_delete(int recording, const char *path);
/* A recording in progress grows by so many bytes, or ends. */
void jibri_grow(int recording, size_t len);
void jibri_finish(int recording, bool is_rewritten);

/* One of its files; NULL: it has none. */
const struct version *jibri_some(int recording, uint32_t choice);
struct version *jibri_current(int recording, const char *path);
struct node *jibri_directory(int recording);

#define CANARY "canary-of-a-token"

#endif

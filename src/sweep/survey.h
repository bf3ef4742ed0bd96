#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "journal/progress.h"
#include "recording/identity.h"
#include "recording/openfiles.h"
#include "recording/recording.h"
#include "sweep/verdict.h"

/*
 * Examines the directories below a recordings directory without locking or
 * writing: what is each, and what should happen with it?
 */

struct survey {
	const struct verdict_policy *policy;
	const struct recording_policy *recording;
	bool is_deep;      /* list artifacts of waiting and held ones */
	bool is_onlooking; /* for a user who would not deliver them */
	const struct text_list *names; /* only these entries; NULL: all */
	/* Unless NULL: guess unresolved rooms. */
	const struct identity_policy *identity;
	struct openfiles open_files; /* used internally */
};

/* Whole numbers from 0 to FINDING_MOST, as another process may send them. */
struct finding_facts {
	int64_t directory_ms; /* modification time; 0: not our directory */
	int64_t is_refused;   /* not trusted: a sweep leaves it alone */
	int64_t is_elsewhere; /* a process of another host works on it */
	int64_t is_full;      /* its disk, and it is not done: is_deep only */
	/* From the journal; 0 without a readable one. */
	int64_t is_copy; /* unpacked from an archive */
	int64_t failed_class;
	int64_t attempts, ambiguous, damaged;
	/* Since 1970, like all times. */
	int64_t first_event_ms, last_event_ms, next_ms;
	int64_t done_ms; /* of STOPPED */
	int64_t failed_runs[ERR_CLASSES];
	/* If the directory was listed: */
	int64_t is_listed;
	int64_t artifacts, stored;
	int64_t newest_ms;          /* of the newest artifact */
	int64_t media_ms;           /* of the newest media file */
	int64_t is_live;            /* Jibri is still writing it */
	int64_t was_started;        /* and STARTED was sent */
	int64_t ahead;              /* bytes sent ahead to the server */
	int64_t bytes, undelivered; /* bytes of all, and of those not stored */
	struct counts counts;
};

#define FINDING_MOST (INT64_C(1) << 44)

struct finding {
	enum verdict verdict;
	char *name;
	char *path;                        /* NULL: the entry was not opened */
	char *why;                         /* explanation, or NULL */
	char *session, *room, *meeting_id; /* from the journal; or NULL */
	struct finding_facts facts;
};

void survey_free_finding(struct finding *);

/* Held for what its directory is, before any run: why says so. */
bool survey_is_refused(const struct finding *);

/*
 * Judge the entries of all roots, in any order, in one process per owner, whose
 * user root becomes.  An entry that cannot be read is held, with the reason in
 * why. found() may take members out of the finding; the rest is freed.  -1 with
 * *e for the first root that cannot be read: ERR_NO_INPUT when it does not
 * exist, or as err_sys(), or ERR_INTERRUPTED; the other roots are examined
 * anyway.
 */
int survey_roots(struct survey *, const struct text_list *roots,
    void (*found)(void *ctx, struct finding *), void *ctx, struct err *e);

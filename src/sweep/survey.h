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
 * Looking at the directories below a recordings directory, without locks and
 * without writing: what is each, and what is to become of it?
 */

struct survey {
	const struct verdict_policy *policy;
	const struct recording_policy *recording;
	bool is_deep;      /* what waits or is held is listed, too */
	bool is_onlooking; /* for a user who would not deliver it */
	/* Not NULL: guess the room of what is not resolved yet. */
	const struct identity_policy *identity;
	struct openfiles open_files; /* its own */
};

/* Whole numbers, each from 0 to FINDING_MOST: another process may send them. */
struct finding_facts {
	int64_t directory_ms; /* when it was changed; 0: it is none of ours */
	/* Of the journal; 0 without one that was read. */
	int64_t is_copy; /* it came out of an archive */
	int64_t failed_class;
	int64_t attempts, ambiguous, damaged;
	/* Since 1970, like all moments. */
	int64_t first_event_ms, last_event_ms, next_ms;
	int64_t done_ms; /* of the STOPPED */
	int64_t failed_runs[ERR_CLASSES];
	/* As far as the directory was listed. */
	int64_t is_listed;
	int64_t artifacts, stored;
	int64_t newest_ms;          /* of its newest artifact */
	int64_t media_ms;           /* of its newest media file */
	int64_t is_live;            /* Jibri still writes it */
	int64_t was_started;        /* and STARTED was told */
	int64_t ahead;              /* bytes of it that are at the server */
	int64_t bytes, undelivered; /* bytes of all, and of those not stored */
	struct counts counts;
};

#define FINDING_MOST (INT64_C(1) << 44)

struct finding {
	enum verdict verdict;
	char *name;
	char *path; /* NULL where the entry was not opened */
	char *why;  /* what there is to say; or NULL */
	char *session, *room, *meeting_id; /* of the journal; or NULL */
	struct finding_facts facts;
};

void survey_free_finding(struct finding *);

/* Held for what its directory is, before any run: why says so. */
bool survey_is_refused(const struct finding *);

/*
 * Judge the entries of all roots, in no order, in a process of its own for
 * each owner, which root becomes; what cannot be read is held,
 * and why says so.  found() may keep what it takes out of the finding, the
 * rest is freed.  -1 with *e of the first root that cannot be
 * read: ERR_NO_INPUT when there is no such directory, or as err_sys(), or
 * ERR_INTERRUPTED; the others are looked at anyway.
 */
int survey_roots(struct survey *, const struct text_list *roots,
    void (*found)(void *ctx, struct finding *), void *ctx, struct err *e);

/* Only the entries of one root that have these names. */
int survey_names(struct survey *, const char *root,
    const struct text_list *names, void (*found)(void *ctx, struct finding *),
    void *ctx, struct err *e);

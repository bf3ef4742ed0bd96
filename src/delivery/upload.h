#pragma once

#include "base/err.h"
#include "base/retry.h"
#include "delivery/preview.h"
#include "delivery/watch.h"
#include "journal/journal.h"
#include "recording/recording.h"
#include "remote/destination.h"

/*
 * Upload what the server does not have: read its list, then send the
 * difference, several transfers at once.
 *
 * An artifact whose outcome is unknown is settled by the list before it is sent
 * again; its absence is believed only after the server had its answer time to
 * store it.  If the server refuses to list, it is sent again and counted as
 * ambiguous.  If the list fails otherwise, only unknown outcomes have to wait.
 */
enum checksum { CHECKSUM_SHA256, CHECKSUM_NONE };

struct upload_policy {
	int64_t parallel; /* transfers in flight */
	int checksum;     /* of what was sent */
};

struct upload_deps {
	const struct recording *recording;
	struct journal *journal;
	const struct upload_policy *policy;
	struct destination to;
	const struct text_list *only; /* globs of artifacts; NULL: all */
	const struct watch *watch;    /* may be NULL */
	bool is_ahead;                /* a growing file: see upload_ahead.c */
};

struct upload_totals {
	size_t sent, found; /* in this run; before it */
	size_t failed;
	int64_t sent_bytes;
	bool has_strays; /* an upload in parts may have begun unseen */
};

/* Note what is not valid at the server: superseded or lost. */
void upload_note_record(struct journal *, enum event_kind, const char *path,
    const char *id, int64_t size);

/*
 * Note again that the fact's version is stored, under this id and intact or
 * not.
 */
void upload_restate(struct journal *, const struct fact *, const char *id,
    bool is_whole);

/* Is the artifact stored in its present state?  Without disk and network. */
bool upload_is_stored(const struct progress *, const struct artifact *);

/*
 * Compare by hash each artifact whose version is not the stored one: equal
 * bytes count as stored, others supersede what is there.  One that cannot be
 * read is left as it is.
 */
void upload_refresh(const struct recording *, struct journal *);

/* Is it one of the artifacts to send? */
bool upload_is_selected(const struct text_list *only, const struct artifact *);

/*
 * Ask the server whether it still has the selected artifacts that are stored
 * according to the journal, and note those it does not have as lost.  With
 * is_forced all of them count as lost.  If the server refuses to list, the
 * journal is believed, with a warning.  -1 with *e.
 */
int upload_recheck(const struct upload_deps *, bool is_forced, struct err *e);

/*
 * Are two artifacts stored under one id?  Then the server keeps one file for
 * both names, and one has replaced the other.  -1 with ERR_PERMANENT naming
 * two; neither counts as stored any more.
 */
int upload_check_shared(const struct recording *, struct journal *,
    struct err *e);

/*
 * What upload_run() would do with each artifact now, by the same decisions but
 * without sending.  -1 when stopped.
 */
int upload_preview(const struct upload_deps *, struct preview *, struct err *e);

/* Does a file of this size have a part to send ahead?  The first goes last. */
bool upload_ahead_is_of_use(int64_t size, int64_t part_bytes);

/*
 * Send the parts of a growing file, with is_ahead: as they are written, or
 * without stays only the present ones, except the first and those near the end.
 * Completes and announces nothing. left_ms() is called several times a second:
 * -1 means continue, otherwise transfers have that long to finish.  The
 * progress gives session and room.  -1 with the reason it stopped.
 */
int upload_ahead(const struct upload_deps *, const struct progress *place,
    const struct artifact *, bool stays, int64_t (*left_ms)(void *ctx),
    void *ctx, struct err *e);

/*
 * Abort the upload with this key and id, if it still exists.  -1 with *e: it
 * may remain.
 */
int upload_abort(const struct destination *, const char *key, const char *id,
    struct err *e);

/*
 * Store every selected artifact that is not stored yet, using the resolved
 * room, session and meeting id of the journal's progress.  A failure does not
 * stop the other artifacts.  0 when all are stored; -1 with the worst class and
 * a text that names what failed, or with ERR_INTERRUPTED.  Adds to the totals.
 */
int upload_run(const struct upload_deps *, struct upload_totals *,
    struct err *e);

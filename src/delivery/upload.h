#pragma once

#include "base/err.h"
#include "base/retry.h"
#include "delivery/preview.h"
#include "delivery/watch.h"
#include "journal/journal.h"
#include "recording/recording.h"
#include "remote/destination.h"

/*
 * Bring to the server what it does not have: list, then send the
 * difference, several transfers at once.
 *
 * An artifact whose outcome is unknown is settled by the list before it is
 * sent again; its absence is believed only once the server had its answer
 * time to store it.  Where the server refuses to list, the repeat is made
 * and counted as ambiguous.  A list that fails otherwise holds back only
 * what is unknown.
 */
enum checksum { CHECKSUM_SHA256, CHECKSUM_NONE };

struct upload_policy {
	int64_t parallel; /* transfers in flight */
	int checksum;     /* enum checksum: of what was sent */
};

struct upload_deps {
	const struct recording *recording;
	struct journal *journal;
	const struct upload_policy *policy;
	struct destination to;
	const struct text_list *only; /* globs of artifacts; NULL: all */
	const struct watch *watch;    /* NULL: nobody looks on */
	bool is_ahead;                /* what grows: see upload_ahead.c */
};

struct upload_totals {
	size_t sent, found; /* now sent; already there */
	size_t failed;
	int64_t sent_bytes;
	bool has_strays; /* an upload in parts may have begun unseen */
};

/* Once more what is known to be stored: under this id, of a whole medium. */
void upload_restate(struct journal *, const struct fact *, const char *id,
    bool is_whole);

/* Is the artifact stored as it is now?  Disk and network stay untouched. */
bool upload_is_stored(const struct progress *, const struct artifact *);

/*
 * Compare by its hash each artifact whose version is not the stored one: the
 * same bytes are stored, others supersede what is there.  One that cannot be
 * read stays as it is.
 */
void upload_refresh(const struct recording *, struct journal *);

/* Is it one of those that are to be sent? */
bool upload_is_selected(const struct text_list *only, const struct artifact *);

/*
 * Ask the server whether it still has what the journal has as stored, and
 * note as lost what it has not; of the selected artifacts only.  With
 * is_forced all of them count as lost.  Where the server does not let us ask
 * the journal is believed, with a warning.  -1 with *e.
 */
int upload_recheck(const struct upload_deps *, bool is_forced, struct err *e);

/*
 * Two artifacts that are stored under one id: the server keeps one file for
 * both names, and one has replaced the other.  -1 with ERR_PERMANENT that
 * names two; then neither counts as stored any more.
 */
int upload_check_shared(const struct recording *, struct journal *,
    struct err *e);

/*
 * What upload_run() would do with each artifact now: the same decisions, with
 * nothing sent.  -1 when it was stopped.
 */
int upload_preview(const struct upload_deps *, struct preview *, struct err *e);

/* Does a file of that size have a part to send ahead?  The first goes last. */
bool upload_ahead_is_of_use(int64_t size, int64_t part_bytes);

/*
 * Send the parts of a file that grows, as they come or (stays is false) those
 * that are there, but for the first and what is near the end, with is_ahead:
 * nothing is believed, completed or said.
 * left_ms() is asked several times a second: -1 is to go on, else what is under
 * way has so long to arrive.  The progress names session and room.  -1 with
 * what kept it from going on.
 */
int upload_ahead(const struct upload_deps *, const struct progress *place,
    const struct artifact *, bool stays, int64_t (*left_ms)(void *ctx),
    void *ctx, struct err *e);

/*
 * Abort what was begun under this key and id; it may be gone already.  -1 with
 * *e: it may stay.
 */
int upload_abort(const struct destination *, const char *key, const char *id,
    struct err *e);

/*
 * Store every selected artifact that is not stored yet, by the resolved room,
 * session and meeting id of the journal's progress.  One artifact's failure
 * does not stop the others.  0 when all are stored; -1 with the worst class
 * and a text that names what failed, or with ERR_INTERRUPTED.  Totals are
 * added to.
 */
int upload_run(const struct upload_deps *, struct upload_totals *,
    struct err *e);

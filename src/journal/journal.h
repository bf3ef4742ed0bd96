#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "journal/progress.h"

/*
 * The journal of one recording: what has already been achieved, kept as an
 * append-only file of events in the recording's own directory, one JSON
 * object to a line.  It holds facts, never intentions, so replaying it is
 * safe at any moment and any number of times.
 *
 * Invariants, whenever no function of this module is running:
 *  1. Every event noted before the last journal_commit() that did not
 *     degrade the journal is on disk.
 *  2. The progress in memory is the fold of progress_apply() over the lines
 *     and over what was noted since.
 *  3. At most one process has a given journal open: the directory is locked
 *     with flock(2), and the file with an open-file-description lock, which
 *     NFS knows too.  The kernel drops both when the holder dies.
 *
 * A journal that cannot be written (full or read-only disk) is degraded:
 * facts then live in memory only.  The recording is delivered anyway, as
 * uploading is what frees that disk.
 */
struct journal {
	int fd;       /* -1: none */
	int dirfd;    /* the recording's, borrowed */
	int64_t size; /* bytes of the file, as far as we wrote or read it */
	bool is_directory_locked;
	bool is_degraded;
	bool is_lost;     /* another may hold it now */
	bool is_new;      /* its name may not be on disk */
	bool is_damaged;  /* ours, and cannot be replayed */
	bool is_peeking;  /* only looking: nothing is written */
	bool has_history; /* it held an event when it was opened */
	bool was_cut_off; /* and then the last run had not ended */
	bool has_rubbish; /* a line was no event, and that was said */
	const struct event_reader *reader; /* while it is replayed; or NULL */
	struct buf pending;
	bool is_unsynced;    /* written, and not yet on disk */
	int64_t sync_due_ms; /* then: when it is to be there */
	struct progress progress;
};

/*
 * Open, lock, replay, and drop a torn tail.  A holder that only sends ahead
 * (see journal_is_wanted()) is asked to end, for 3 s.  -1 with ERR_BUSY naming
 * the holder, with ERR_PERMANENT when the file is none of ours, with ERR_CONFIG
 * where locking is wanted and the file system has no locks, or as err_sys().
 * To be closed even then, before dirfd.
 */
int journal_open(struct journal *, int dirfd, bool locking, struct err *e);

/* The same, but nobody is asked to end. */
int journal_open_free(struct journal *, int dirfd, bool locking, struct err *e);
void journal_close(struct journal *);

/*
 * Does the file system of this directory have locks?  -1 with ERR_CONFIG, or
 * as err_sys() where that cannot be tried.
 */
int journal_try_locks(int dirfd, struct err *e);

/*
 * Is the file still there and ours?  -1 with ERR_BUSY.  To be asked before
 * anything is told to a server.
 */
int journal_check(const struct journal *, struct err *e);

/* Say that this run ends for whoever asks, and ask whether somebody does. */
void journal_offer(const struct journal *);
bool journal_is_wanted(const struct journal *);

/*
 * Cut a damaged one to nothing, on disk too, and start over.  In place, as a
 * file that is removed would take its lock along, and another process could
 * hold the next one.  -1 with ERR_PERMANENT when it cannot be written.
 */
int journal_clear(struct journal *, struct err *e);

/*
 * Read the journal of a directory without a lock and without writing.  -1
 * with *e: ERR_PERMANENT when it is none of ours, or as err_sys().
 */
enum journal_peek { JOURNAL_ABSENT, JOURNAL_FREE, JOURNAL_BUSY };
int journal_peek(int dirfd, struct progress *, struct err *e);

/*
 * Open it so, to see what would be: facts are noted in memory only.  The
 * reader, unless NULL, is told of the events in it.  -1 as above, or with
 * ERR_BUSY.  To be closed even then.
 */
int journal_look(struct journal *, int dirfd, const struct event_reader *,
    struct err *e);

/* Apply an event to the progress; it reaches the disk with the commit. */
void journal_note(struct journal *, struct event);

/* Make durable what was noted.  Never fails, see above. */
void journal_commit(struct journal *);

/*
 * Hand what was noted to the kernel, so that it outlives the process.  For
 * facts that nothing is built on yet, and that the server knows as well: a
 * power cut may take those of the last 100 ms, and the next run asks for
 * them.  Returns the moment of clock_mono_ms() by which it has to be called
 * again, to make them durable; INT64_MAX: all are.
 */
int64_t journal_commit_soon(struct journal *);

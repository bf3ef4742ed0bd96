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
	int fd;    /* -1: none */
	int dirfd; /* the recording's, borrowed, as is its path */
	const char *path;
	int64_t size; /* size of the file as we know it */
	bool is_directory_locked;
	bool is_degraded;
	bool is_lost;     /* another process may hold it now */
	bool is_new;      /* its directory entry may not be on disk */
	bool is_damaged;  /* our journal, but cannot be replayed */
	bool is_peeking;  /* inspecting only: nothing is written */
	bool has_history; /* had an event when it was opened */
	bool was_cut_off; /* and the last run had not ended */
	bool has_rubbish; /* has an invalid line, already reported */
	const struct event_reader *reader; /* during the replay; may be NULL */
	struct buf pending;
	bool is_unsynced;    /* written but not yet on disk */
	int64_t sync_due_ms; /* then: when it must be on disk */
	struct progress progress;
};

/*
 * Open, lock, replay, and drop an incomplete last line.  A holder that only
 * sends ahead (see journal_is_wanted()) is asked to end, for up to 3 s.  -1
 * with ERR_BUSY naming the holder, with ERR_PERMANENT when the file is not our
 * journal (and the command that moves another kind of file away), with
 * ERR_CONFIG when locking is required and the file system has no locks, or as
 * err_sys().  Close it even then, before dirfd.
 */
int journal_open(struct journal *, int dirfd, const char *path, bool locking,
    struct err *e);

/* The same without asking a holder to end. */
int journal_open_free(struct journal *, int dirfd, const char *path,
    bool locking, struct err *e);
void journal_close(struct journal *);

/*
 * Does the file system of this directory support locks? -1 with ERR_CONFIG if
 * not, or as err_sys() when that cannot be tested.
 */
int journal_try_locks(int dirfd, struct err *e);

/*
 * Is the file still in place and locked by us? -1 with ERR_BUSY.  Call it
 * before telling a server anything.
 */
int journal_check(const struct journal *, struct err *e);

/* Declare that this run ends on request.  Has anybody requested it? */
void journal_offer(const struct journal *);
bool journal_is_wanted(const struct journal *);

/*
 * Truncate a damaged journal, on disk too, and start over.  It is kept in
 * place, because removing the file would remove its lock, and another process
 * could lock the next one.  -1 with ERR_PERMANENT when it cannot be written.
 */
int journal_clear(struct journal *, struct err *e);

/*
 * Read the journal of a directory without locking or writing; for JOURNAL_BUSY,
 * *e names the holder.  -1 with *e: ERR_PERMANENT when the file is not our
 * journal, or as err_sys().
 */
enum journal_peek { JOURNAL_ABSENT, JOURNAL_FREE, JOURNAL_BUSY };
int journal_peek(int dirfd, const char *path, struct progress *, struct err *e);

/*
 * Open it that way, for a preview: events are noted in memory only.  The reader
 * (or NULL) receives the events in the file.  -1 as above, or with ERR_BUSY.
 * Close it even then.
 */
int journal_look(struct journal *, int dirfd, const char *path,
    const struct event_reader *, struct err *e);

/* Apply an event to the progress; journal_commit() writes it to disk. */
void journal_note(struct journal *, struct event);

/* Make the noted events durable.  Never fails, see above. */
void journal_commit(struct journal *);

/*
 * Pass the noted events to the kernel, so that they survive the process.  Only
 * for facts that nothing is based on yet and that the server knows too: a power
 * cut may lose the last 100 ms of them, and the next run asks the server.
 * Returns when to call again to make them durable, by clock_mono_ms();
 * INT64_MAX: all are durable.
 */
int64_t journal_commit_soon(struct journal *);

#pragma once

#include "journal/journal.h"

/* Between the files of journal. */

enum { JOURNAL_LINE_BYTES = 1024 * 1024 };

/* NONE: the file system has no such locks.  FAILED: errno says why. */
enum lock { LOCK_OURS, LOCK_BUSY, LOCK_NONE, LOCK_FAILED };

/* As open(2), whatever comes between. */
int journal_open_file(int dirfd, int flags);

/*
 * Ask the holder to end, for as long as the descriptor that is returned is
 * open; -1: that cannot be asked.
 */
int journal_want(int dirfd);

/* Does the holder of one that was busy end for who asks? */
bool journal_may_be_had(const struct journal *);

enum lock journal_lock_directory(const struct journal *);

/* A journal that cannot be written can be locked against writers only. */
enum lock journal_lock_file(const struct journal *);

/*
 * The directory is locked as well, as the next one may be able to write a
 * journal where this one is not; the file, as other hosts do not see locks
 * of a directory on NFS.
 */
int journal_lock_both(struct journal *, bool locking, struct err *e);

/* 1 while the name leads to the file that was opened, 0, or -1 with *e. */
int journal_is_in_place(const struct journal *, struct err *e);

/*
 * Rewrite one that was just loaded, if it is bloated and nobody else can
 * write to it.  A crash leaves the old or the new; if it fails, the old one
 * stays in use.  What holds lines that are not understood is left alone, as
 * a later version may have written them.
 */
void journal_compact(struct journal *);

#pragma once

#include "journal/journal.h"

/* Shared by the files of journal. */

enum { JOURNAL_LINE_BYTES = 1024 * 1024 };

/* NONE: no such locks on this file system.  FAILED: see errno. */
enum lock { LOCK_OURS, LOCK_BUSY, LOCK_NONE, LOCK_FAILED };

/* Like open(2), creating the file despite races. */
int journal_open_file(int dirfd, int flags);

/*
 * Ask the holder to end, until the returned descriptor is closed; -1: not
 * possible.
 */
int journal_want(int dirfd);

/* Does the holder of a busy journal end on request? */
bool journal_may_be_had(const struct journal *);

enum lock journal_lock_directory(const struct journal *);

/* A journal that cannot be written can only be locked against writers. */
enum lock journal_lock_file(const struct journal *);

/*
 * Lock both.  The directory, because a later process may be able to write a
 * journal where this one is not; the file, because other hosts do not see locks
 * of a directory on NFS.
 */
int journal_lock_both(struct journal *, bool locking, struct err *e);

/* 1 while the name refers to the opened file, 0, or -1 with *e. */
int journal_is_in_place(const struct journal *, struct err *e);

/*
 * Rewrite a freshly loaded journal if it is bloated and nobody else can write
 * to it.  A crash leaves the old or the new one; after a failure the old one
 * stays in use.  A journal with lines that are not understood is left alone: a
 * later version may have written them.
 */
void journal_compact(struct journal *);

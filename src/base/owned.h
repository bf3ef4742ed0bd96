#pragma once

#include <sys/types.h>

/*
 * What root opens where another user may rename, link and swap: as the owner
 * of the directory, and through no link of that user's.  For anybody else all
 * of it is as open(2) does it.
 */

/*
 * As open(2), with O_CLOEXEC.  Root follows no symbolic link but its own, in
 * directories of its own.  -1 with errno; ELOOP is another.
 */
int owned_open(const char *path, int flags);

/*
 * The directory that is to hold path, by owned_open(), and owned_become() of
 * it.  -1 with errno.
 */
int owned_enter(const char *path);

/* Until owned_leave() root opens, makes and renames files as its owner. */
void owned_become(int dirfd);
void owned_leave(void);

/*
 * Open or make a file in its directory as the owner of that.  For root it is
 * no link, it has one name, and it is a regular file or root's own, which root
 * may also read where the owner may not.  -1 with errno, EMLINK for another.
 */
int owned_open_file(const char *path, int flags, mode_t mode);

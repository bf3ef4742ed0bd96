#pragma once

#include <sys/types.h>

/*
 * How root opens files where another user can rename, link and swap them: with
 * the rights of the directory's owner, following none of that user's links.
 * For everybody else, as open(2).
 */

/*
 * Like open(2), with O_CLOEXEC.  Root follows only root's own symbolic links in
 * root's own directories.  -1 with errno, ELOOP for any other link.
 */
int owned_open(const char *path, int flags);

/*
 * Open the parent directory of path by owned_open(), then owned_become() its
 * owner.  -1 with errno.
 */
int owned_enter(const char *path);

/*
 * Root opens, creates and renames files as the owner of dirfd until
 * owned_leave().
 */
void owned_become(int dirfd);
void owned_leave(void);

/*
 * Open or create a file in its directory as the directory's owner.  For root it
 * must not be a link or have several names, and must be a regular file or
 * belong to root.  Root may read its own file even where the owner may not.  -1
 * with errno, EMLINK for several names.
 */
int owned_open_file(const char *path, int flags, mode_t mode);

#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/*
 * Whose are a recording's directory and the files in it?  Jibri's default is
 * below /tmp, where anybody can put a directory beside its recordings, or a
 * link to another one's file into a directory that is open to all.  All of
 * it is pure; user is who runs us.
 */

enum trust {
	TRUST_OWNER, /* what others own or can write is refused */
	TRUST_ANY,   /* it is warned of */
};

/*
 * -1 with ERR_PERMANENT for a directory that is neither the user's nor root's.
 * Root takes everybody's, as it works on it as its owner.
 */
int trust_check_directory(uid_t user, const struct stat *dir, struct err *e);

/*
 * The same for one that a sweep found below a root.  -1 also when others can
 * write to it, or when, swept by root, another than the root's owner may have
 * put it there.
 */
int trust_check_entry(uid_t user, const struct stat *root,
    const struct stat *dir, struct err *e);

/* Add what to do about such a directory at this path.  Returns -1. */
int trust_hint_directory(uid_t user, const char *path, const struct stat *dir,
    struct err *e);

/*
 * -1 with ERR_PERMANENT for what is in a directory of this owner and belongs
 * neither to the owner, to the user nor to root, and for a file of another
 * than the owner that has several names: a hard link needs no right to the
 * file.
 */
int trust_check_file(uid_t user, uid_t owner, const struct stat *st,
    struct err *e);

/* Add what to do about such a file at this path.  Returns -1. */
int trust_hint_file(uid_t owner, const char *path, const struct stat *st,
    struct err *e);

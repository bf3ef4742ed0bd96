#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"

/*
 * Who owns a recording's directory and the files in it? Jibri's default is
 * below /tmp, where anybody can create a directory beside its recordings, or
 * hard-link another user's file into a directory that is open to all.  All
 * functions are pure; user is the user we run as.
 */

enum trust {
	TRUST_OWNER, /* refuse what others own or can write */
	TRUST_ANY,   /* only warn */
};

/*
 * -1 with ERR_PERMANENT unless the directory belongs to the user or root.  Root
 * accepts any, since it works on it as its owner.
 */
int trust_check_directory(uid_t user, const struct stat *dir, struct err *e);

/*
 * The same for a directory that a sweep found below a root.  -1 also when
 * others can write to it, or when root sweeps it and someone other than the
 * root's owner may have put it there.
 */
int trust_check_entry(uid_t user, const struct stat *root,
    const struct stat *dir, struct err *e);

/* Append the remedy for such a directory at this path.  Returns -1. */
int trust_hint_directory(uid_t user, const char *path, const struct stat *dir,
    struct err *e);

/*
 * -1 with ERR_PERMANENT for a file in a directory of this owner that belongs
 * neither to the owner, the user nor root, and for another user's file with
 * several names, since anybody can make a hard link.
 */
int trust_check_file(uid_t user, uid_t owner, const struct stat *st,
    struct err *e);

/* Append the remedy for such a file at this path.  Returns -1. */
int trust_hint_file(uid_t owner, const char *path, const struct stat *st,
    struct err *e);

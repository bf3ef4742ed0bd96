#pragma once

#include <sys/types.h>

#include "base/err.h"

/*
 * Root works as the owner of what it works on, so that what it leaves there is
 * the owner's, and nothing there can misuse root's rights.
 */

/* Who owns nothing. */
enum { USER_NOBODY = 65534 };

/*
 * Be this user for good, with the groups it has, or this group alone where
 * nobody knows it.  0 also where there is nothing to do, as we are not root;
 * root, where the user is, has no groups.  -1 with errno, and still root.
 */
int user_become(uid_t user, gid_t group);

/*
 * The same, and in any case have no capability from now on, and gain none by
 * starting a program.  -1 with ERR_PERMANENT where root may not become the
 * user; the text says what to do.
 */
int user_work_as(uid_t user, gid_t group, struct err *e);

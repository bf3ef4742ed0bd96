#pragma once

#include <sys/types.h>

#include "base/err.h"

/*
 * Root works on files with the rights of their owner: what it creates belongs
 * to the owner, who cannot exploit root's rights.
 */

/* Owns nothing. */
enum { USER_NOBODY = 65534 };

/*
 * Become this user permanently, with all of its groups, or with this group
 * alone if the user is unknown.  0 also when there is nothing to do because we
 * are not root.  If the user is root, drops supplementary groups.  -1 with
 * errno, and still root.
 */
int user_become(uid_t user, gid_t group);

/*
 * The same, and always drop all capabilities and the ability to regain them by
 * starting a program.  -1 with ERR_PERMANENT when root may not become the user;
 * the text says what to do.
 */
int user_work_as(uid_t user, gid_t group, struct err *e);

#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Root works as the owner of what it works on, so that what it leaves there is
 * the owner's, and nothing there can misuse root's rights.
 */

/*
 * From now on be this user, with the groups it has, or this group alone where
 * nobody knows it; is_for_good: with no way back.  0 also where there is
 * nothing to do, as we are not root, or the user is.  -1 with errno, and
 * still root.
 */
int user_become(uid_t user, gid_t group, bool is_for_good);

/* Be root again, if a user_become() that was not for good took it away. */
void user_return(void);

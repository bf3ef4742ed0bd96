#pragma once

#include "base/confine.h"

/* Older ones forbid every rename into another folder. */
enum { CONFINE_LEAST_ABI = 2 };

/* Of Landlock; -1 with errno. */
int confine_landlock_abi(void);

/*
 * writable: these directories, and what libraries need; NULL: nothing can be
 * written, and all of /etc read.  more: what files in these are read; dirfd:
 * this directory as well; or, if it is_alone, only to read it.  -1 with errno.
 */
int confine_restrict_files(const struct text_list *writable,
    const struct text_list *more, int dirfd, bool is_alone);

#pragma once

#include "base/confine.h"

/* Older versions forbid every rename into another directory. */
enum { CONFINE_LEAST_ABI = 2 };

/* The Landlock version of the kernel; -1 with errno. */
int confine_landlock_abi(void);

/*
 * writable: these directories, plus what libraries need to read; NULL: nothing
 * can be written, and all of /etc can be read. more: also read these. dirfd:
 * this directory as well, or, if is_alone, nothing but reading in it.  -1 with
 * errno.
 */
int confine_restrict_files(const struct text_list *writable,
    const struct text_list *more, int dirfd, bool is_alone);

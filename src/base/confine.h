#pragma once

#include <stdbool.h>

#include "base/text.h"

/*
 * What this process, and all that it starts, can do from now on: less than its
 * user may.  Nothing here ever kills: what is forbidden fails with EPERM or
 * EACCES.  What the kernel does not have is left out.
 */

struct confine_policy {
	bool is_on;
	/* Besides what libraries need for names, TLS, types and archives. */
	struct text_list readable;
};

/*
 * No new privileges, no program started, no other process looked into, no
 * mount, namespace, module or key (seccomp), and at most 1 GiB of data.
 */
void confine_calls(const struct confine_policy *);

/*
 * Landlock: from now on only these directories can be opened for writing, and
 * besides them only what the policy and the libraries read.  What is open
 * stays so.  A second call can only take more away.  Not for one who has to
 * look at other processes' open files: the kernel then hides those.
 */
void confine_files(const struct confine_policy *,
    const struct text_list *writable);

/* What the kernel has of it, in words; the caller frees it. */
char *confine_describe(void);

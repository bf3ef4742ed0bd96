#pragma once

#include <stdbool.h>

#include "base/text.h"

/*
 * What this process, and all that it starts, can do from now on: less than its
 * user may.  Nothing here ever kills: what is forbidden fails with EPERM or
 * EACCES, and what came after Linux 6.1 with ENOSYS, so that libraries do
 * without.  What the kernel, or the unit or container around us, does not
 * grant is left out: one warning a run.
 */

struct confine_policy {
	bool is_on;
	bool needs_names; /* of hosts, also once /etc/hosts was replaced */
	bool is_offline;  /* no socket is opened, no signal sent */
	struct text_list readable; /* directories of files to be read again */
};

/*
 * No new privileges, no program started, no other process looked into, no
 * mount, namespace, module or key, nothing typed into a terminal (seccomp),
 * and at most 1 GiB of data.
 */
void confine_calls(const struct confine_policy *);

/*
 * Start a process that looks up hosts and ends with us, as nobody where we are
 * root, so before root gives that up.
 */
void confine_names(const struct confine_policy *);

/*
 * confine_names() and Landlock: from now on only these directories can be
 * opened for writing, and besides them only what the policy names (unless it
 * is offline) and what libraries need for names, TLS, types and archives can be
 * read.  What is open stays so.  A second call can only take more away.  Not
 * for one who has to look at other processes' open files: the kernel then hides
 * those.
 */
void confine_files(const struct confine_policy *,
    const struct text_list *writable);

/*
 * The same for the one directory that is open as dirfd, and no signal is sent:
 * for one who starts no process.  Names are a matter of confine_names().
 */
void confine_directory(const struct confine_policy *, int dirfd);

/* Offline; only this directory can be opened, and that only for reading. */
void confine_reading(const struct confine_policy *, int dirfd);

/* Log at LOG_DEBUG which calls were refused since the last time. */
void confine_tell(void);

/*
 * What can be had of it, tried in a child, in words; the caller frees it.
 * Both: *is_whole.
 */
char *confine_describe(bool *is_whole);

#pragma once

#include <stdbool.h>

#include "base/text.h"

/*
 * Restrict what this process and everything it starts can do, to less than its
 * user may.  Nothing here ever kills: a forbidden call fails with EPERM or
 * EACCES, and a call newer than Linux 6.1 with ENOSYS, so that libraries fall
 * back.  What the kernel, the unit or the container does not support is left
 * out, with one warning per run.
 */

struct confine_policy {
	bool is_on;
	bool needs_names; /* of hosts, even after /etc/hosts was replaced */
	bool is_offline;  /* opens no socket, sends no signal */
	struct text_list readable; /* directories of files to reread */
};

/*
 * Forbid new privileges, starting programs, access to other processes, their
 * limits and shared memory, mounts, namespaces, kernel modules, keys, typing
 * into a terminal (seccomp), and more than 1 GiB of data.
 */
void confine_calls(const struct confine_policy *);

/*
 * Start a helper process that resolves host names and ends with this one.  If
 * this is root, the helper runs as nobody: call it before root drops
 * privileges.
 */
void confine_names(const struct confine_policy *);

/*
 * confine_names(), then Landlock and, except for root, no sockets to programs
 * on this machine.  From now on only these directories can be opened for
 * writing.  Only they, what the policy names (unless it is offline), and what
 * libraries need for names, TLS, file types and archives can be read.  Open
 * descriptors stay usable.  A second call can only restrict further.  Not for a
 * process that inspects the open files of others: the kernel then hides them.
 */
void confine_files(const struct confine_policy *,
    const struct text_list *writable);

/*
 * The same for the one directory open as dirfd, also without local sockets for
 * root, and without signals: for a process that starts no other.  Host names
 * are left to confine_names().
 */
void confine_directory(const struct confine_policy *, int dirfd);

/* Go offline; only this directory can be opened, and only for reading. */
void confine_reading(const struct confine_policy *, int dirfd);

/* Log at LOG_DEBUG which calls were refused since the last call. */
void confine_tell(void);

/*
 * Describe in words which restrictions work here, as tried in a child.
 * *is_whole is true if both do.  The caller frees the text.
 */
char *confine_describe(bool *is_whole);

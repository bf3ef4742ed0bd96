#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Host names for a confined process.  Landlock's rules apply to the files that
 * existed when they were made, so /etc/hosts and /etc/resolv.conf become
 * unreadable once they are replaced, and a rule for all of /etc would expose
 * the configuration.  A helper that may read only /etc then resolves names; it
 * may also ask programs on this machine, such as avahi.
 */

/* Does this URL (or NULL) name its host by name, not by address? */
bool names_are_in(const char *url);

/*
 * Start the helper if there is none.  Returns true in the helper, which has to
 * confine itself and call names_serve().
 */
bool names_start(void);
_Noreturn void names_serve(void);

/* Stop using the helper in this process. */
void names_end(void);

/*
 * Does this nsswitch.conf(5) make programs on this machine resolve host names?
 * A confined process cannot ask them.  Pure.
 */
bool names_are_local(const char *nsswitch);

/*
 * The addresses of a host, separated by commas, where only the helper can
 * resolve it.  NULL when it finds none or is not needed.  The caller frees it.
 */
char *names_find(const char *host, int64_t timeout_ms);

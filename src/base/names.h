#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Names of hosts for a process that is confined: /etc/hosts and
 * /etc/resolv.conf are out of its reach once they were replaced, as Landlock's
 * rules are for what was there before, and one for /etc would open the
 * configuration.  A helper, confined to reading /etc, looks names up then.
 */

/* Does this URL, or NULL, name its host, and not by an address? */
bool names_are_in(const char *url);

/* Start the helper, if none is: true in it, to confine itself and serve. */
bool names_start(void);
_Noreturn void names_serve(void);

/* From now on this process has none. */
void names_end(void);

/*
 * The addresses of a host with commas between them, where only the helper can
 * find them out; NULL where there is none, and where it is not needed.  The
 * caller frees it.
 */
char *names_find(const char *host, int64_t timeout_ms);

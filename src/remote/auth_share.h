#ifndef REMOTE_AUTH_SHARE_H
#define REMOTE_AUTH_SHARE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A token that processes share which are forked after auth_share_open(): the
 * first that has one spares the others the way to the token endpoint.  Whoever
 * dies while it writes ends the sharing, and harms nobody.
 */
struct auth_share;

/* NULL where there is no memory for it: then everyone is on its own. */
struct auth_share *auth_share_open(void);

/* The process that opened it wipes it. */
void auth_share_close(struct auth_share *);

/* Each NULL share holds nothing, and takes nothing. */

/* Replace the token; one that is too long is not shared. */
void auth_share_put(struct auth_share *, const char *token, int64_t renew_at_ms,
    unsigned *version);

/*
 * A token of another version than *version, which is then its own; the
 * caller frees it.  NULL: there is none.
 */
char *auth_share_get(struct auth_share *, int64_t *renew_at_ms,
    unsigned *version);

#endif

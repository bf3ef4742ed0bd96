#pragma once

#include "recording/identity.h"

/* Put room and tenant in their places in the format.  The caller frees it. */
char *identity_format_room(const char *format, const char *tenant,
    const char *room);

/* As metadata.json has it; NULL: unknown; borrowed. */
const char *identity_meeting_url(const struct recording *);

/*
 * -1 with ERR_PERMANENT if such a room could be mistaken for the room of a
 * tenant.
 */
int identity_check_brackets(const char *name, const struct identity_policy *,
    struct err *e);

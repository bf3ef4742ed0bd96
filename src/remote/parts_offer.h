#pragma once

#include <stdbool.h>

#include "remote/destination.h"

/*
 * Whether a file-service accepts parts.  One process asks, once per run; NULL
 * remembers nothing.  A refusal expires after an hour, because `watch` runs for
 * months.
 */

/* May an upload begin now?  After OFFER_ASK the caller must report back. */
enum part_offer parts_offer_look(struct parts_offer *);

void parts_offer_take(struct parts_offer *);
void parts_offer_refuse(struct parts_offer *);
void parts_offer_forget(struct parts_offer *); /* no result */

bool parts_offer_is_taken(struct parts_offer *);
bool parts_offer_is_refused(struct parts_offer *);

#pragma once

#include <stdbool.h>

#include "remote/destination.h"

/*
 * Whether a file-service accepts parts.  One process asks, once per run; NULL
 * remembers nothing.  A refusal expires after an hour, because `watch` runs for
 * months.
 */

enum parts_word { PARTS_UNKNOWN, PARTS_ASKED, PARTS_TAKEN, PARTS_REFUSED };

/* May an upload begin now?  After OFFER_ASK the caller must report back. */
enum part_offer parts_offer_look(struct parts_offer *);
void parts_offer_say(struct parts_offer *, enum parts_word);
bool parts_offer_is(struct parts_offer *, enum parts_word);

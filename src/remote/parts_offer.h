#pragma once

#include <stdbool.h>

#include "remote/destination.h"

/*
 * What a file-service has said of parts.  It is asked once in a run, by one of
 * the processes; NULL remembers nothing.  A refusal counts for an hour, as
 * `watch` runs for months.
 */

/* May an upload be begun now?  Whoever hears OFFER_ASK has to say what came. */
enum part_offer parts_offer_look(struct parts_offer *);

void parts_offer_take(struct parts_offer *);
void parts_offer_refuse(struct parts_offer *);
void parts_offer_forget(struct parts_offer *); /* nothing was said */

bool parts_offer_is_taken(struct parts_offer *);
bool parts_offer_is_refused(struct parts_offer *);

/* How a request ends: its answer is sent unchanged, changed, or not at all. */
#ifndef ENDING_H
#define ENDING_H

#include "answer.h"
#include "request.h"

/*
 * Settle the request and end it as its fault says; a callback of the library.
 */
enum MHD_Result ending_run(struct request *, struct answer *);

#endif

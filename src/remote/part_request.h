#pragma once

#include "remote/destination.h"

/*
 * Run one request of an upload in parts by itself, as request_run(); not
 * PART_PUT. found() is called with each record of the answer.  Returns
 * PART_DONE or PART_MORE, or another outcome with *e.
 */
enum part_outcome part_request_run(const struct destination *,
    const struct part_call *,
    void (*found)(void *ctx, const struct part_record *), void *ctx,
    struct err *e);

#pragma once

#include "remote/destination.h"

/*
 * One request of an upload in parts, made alone, as request_run(); none that
 * carries a part.  found() is shown what the answer names.  PART_DONE or
 * PART_MORE, or *e says what came instead.
 */
enum part_outcome part_request_run(const struct destination *,
    const struct part_call *,
    void (*found)(void *ctx, const struct part_record *), void *ctx,
    struct err *e);

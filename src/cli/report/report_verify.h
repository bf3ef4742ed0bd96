#pragma once

#include "delivery/verify.h"

/* What verify found, to stdout: a row for each file, and the sum. */
void report_verify(const struct verify_result *, bool is_deep);
void report_verify_json(const struct verify_result *, bool is_deep,
    const struct err *);

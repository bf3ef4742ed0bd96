#pragma once

#include "delivery/attempt.h"

/* What --dry-run says, to stdout: a row for each artifact, and the sum. */
void report_preview(const struct attempt_result *);
void report_preview_json(const struct attempt_result *);

#pragma once

#include "cli/doctor/check.h"

/* A line for each finding, how to mend it below, and how many of each. */
void report_check(const struct diagnoses *, bool is_quiet);

/* {"ok": n, "warning": n, "failed": n, "findings": [...]} */
void report_check_json(const struct diagnoses *);

#pragma once

#include "sweep/status.h"
#include "sweep/sweep.h"

/* What sweep and status say, to stdout. */

/*
 * A table, two lines for what is not done: what it is, and why.  As wide as
 * the terminal, else 80 columns.
 */
void report_status(const struct status *);
void report_status_json(const struct status *);

/* One line: "3 delivered, 1 waiting, 2 held, 140 done". */
void report_sweep(const struct sweep_result *);

#pragma once

#include "cli/doctor/check.h"
#include "cli/report/report_json.h"
#include "cli/settings/config.h"
#include "delivery/verify.h"
#include "sweep/status.h"
#include "sweep/sweep.h"

/* Results for people and for programs, on stdout. */

/* One line: the result for the recording, and the next step. */
void report_attempt(const struct attempt_result *, const struct err *);
void report_attempt_json(const struct attempt_result *, const struct err *);

/* For --dry-run: a row per artifact, and the totals. */
void report_preview(const struct attempt_result *);
void report_preview_json(const struct attempt_result *);

/* The result of verify: a row per file, and the totals. */
void report_verify(const struct verify_result *, bool is_deep);
void report_verify_json(const struct verify_result *, bool is_deep,
    const struct err *);

struct status_view {
	bool is_utc; /* absolute times */
	size_t rows; /* of the terminal to fit into; 0: unlimited */
};

/*
 * A table; a recording that is not done has a second line with the reason.  As
 * wide as the terminal, or 80 columns.  Below it are the counts, and the
 * commands for each held recording.
 */
void report_status(struct buf *, const struct status *,
    const struct status_view *);

/*
 * One line for monitoring plugins: "OK - 3 done", or "CRITICAL - 2 held, 1
 * given-up, paused: SESSION..." with the sessions of that level among the rows.
 */
void report_status_check(const struct status *, const struct text_list *roots);

void report_status_json(const struct status *);

/* One line: "3 delivered, 1 waiting, 2 held, 140 done". */
void report_sweep(const struct sweep_result *);
void report_sweep_json(const struct sweep_result *);

/* A line for a visit that has ended. */
void report_visit_json(const char *path, const struct visit_report *,
    int64_t took_ms);

/* Which roots are paused, and how to resume them. */
void report_pauses(const struct text_list *roots);

/* One line about a root. */
void report_root(const char *root, const char *text);

/* A line for each finding with its fix, and the number of each result. */
void report_check(const struct diagnoses *, bool is_quiet);

/* {"ok": n, "warning": n, "failed": n, "findings": [...]} */
void report_check_json(const struct diagnoses *);

/* Every effective value with its origin; secrets are masked. */
void report_config(const struct loaded *);
void report_config_json(const struct loaded *);

/* The version, and those of the libraries. */
void report_version(void);

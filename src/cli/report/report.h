#pragma once

#include "cli/doctor/check.h"
#include "cli/report/report_json.h"
#include "cli/settings/config.h"
#include "delivery/verify.h"
#include "sweep/status.h"
#include "sweep/sweep.h"

/* Results for people and for programs, to stdout. */

/* One line: what became of the recording, and what comes next. */
void report_attempt(const struct attempt_result *, const struct err *);
void report_attempt_json(const struct attempt_result *, const struct err *);

/* What --dry-run says: a row for each artifact, and the sum. */
void report_preview(const struct attempt_result *);
void report_preview_json(const struct attempt_result *);

/* What verify found: a row for each file, and the sum. */
void report_verify(const struct verify_result *, bool is_deep);
void report_verify_json(const struct verify_result *, bool is_deep,
    const struct err *);

struct status_view {
	bool is_utc; /* absolute times */
	size_t rows; /* of the terminal that it has to fit into; 0: none */
};

/*
 * A table, two lines for what is not done: what it is, and why.  As wide as
 * the terminal, else 80 columns.  The last line counts all there are.
 */
void report_status_page(struct buf *, const struct status *,
    const struct status_view *);

/* Print it; on a terminal with a command for each that is held. */
void report_status(const struct status *, const struct status_view *);

/*
 * One line, as monitoring plugins do: "OK - 3 done", or, where one is held,
 * "CRITICAL - 2 held, 1 given-up: SESSION..." with the sessions of all rows.
 */
void report_status_check(const struct status *);

void report_status_json(const struct status *);

/* One line: "3 delivered, 1 waiting, 2 held, 140 done". */
void report_sweep(const struct sweep_result *);
void report_sweep_json(const struct sweep_result *);

/* A line for a visit that has ended. */
void report_visit_json(const char *path, const struct visit_report *,
    int64_t took_ms);

/* Which of the roots are paused, and how to resume them. */
void report_pauses(const struct text_list *roots);

/* One line: what is to be said of a root. */
void report_root(const char *root, const char *text);

/* A line for each finding, how to fix it below, and how many of each. */
void report_check(const struct diagnoses *, bool is_quiet);

/* {"ok": n, "warning": n, "failed": n, "findings": [...]} */
void report_check_json(const struct diagnoses *);

/* Every effective value with its origin; secrets masked. */
void report_config(const struct loaded *);
void report_config_json(const struct loaded *);

/* The version, and those of the libraries. */
void report_version(void);

/* The command that fixes it, which the error ends with, or NULL. */
const char *report_command(const char *why);

/* That, or else the upload of the recording; the caller frees it. */
char *report_remedy(const char *why, const char *path);

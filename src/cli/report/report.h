#pragma once

#include <jansson.h>

#include "cli/settings/config.h"

/* Results for people and for programs, to stdout. */

/* One line: what became of the recording, and what comes next. */
void report_attempt(const struct attempt_result *, const struct err *);
void report_attempt_json(const struct attempt_result *, const struct err *);

/* The version, and those of the libraries. */
void report_version(void);

/* A string, or null; what is no UTF-8 is escaped. */
json_t *report_json_text(const char *);

/* Print and release it. */
void report_json(json_t *);

/* Every effective value with its origin; secrets masked. */
void report_config(const struct loaded *);
void report_config_json(const struct loaded *);

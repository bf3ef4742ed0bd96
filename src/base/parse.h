#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Values as people write them.  Each function returns false and leaves *out
 * unchanged unless s is exactly one valid value: no blanks, no sign, nothing
 * after it.
 */

/* A hundred years: sums of durations cannot overflow. */
#define PARSE_MAX_DURATION_MS (INT64_C(36500) * 86400 * 1000)

/*
 * A whole number with its unit, "250ms", "2s", "15m", "1h", "7d": at most
 * PARSE_MAX_DURATION_MS.
 */
bool parse_duration_ms(const char *s, int64_t *out);

/*
 * A whole number of bytes, "0", "500k", "10M", "1G", with powers of 1024 as
 * units: at most 2^60.
 */
bool parse_size(const char *s, int64_t *out);

/* "0%" to "99%", or the number without the sign. */
bool parse_percent(const char *s, int64_t *out);

/* An unsigned whole number from min to max. */
bool parse_integer(const char *s, int64_t min, int64_t max, int64_t *out);

/* "yes", "true", "on", "1" or "no", "false", "off", "0". */
bool parse_bool(const char *s, bool *out);

#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Values as people write them.  Each returns false, and leaves *out alone,
 * for anything but exactly one value that fits: no blanks, no sign, no rest.
 */

/* A hundred years: sums of times cannot overflow. */
#define PARSE_MAX_DURATION_MS (INT64_C(36500) * 86400 * 1000)

/*
 * "250ms", "2s", "15m", "1h", "7d": a whole number and its unit, at most
 * PARSE_MAX_DURATION_MS.
 */
bool parse_duration_ms(const char *s, int64_t *out);

/*
 * "0", "500k", "10M", "1G": a whole number of bytes, the units being powers
 * of 1024; at most 2^60.
 */
bool parse_size(const char *s, int64_t *out);

/* "0%" to "99%", or the number alone. */
bool parse_percent(const char *s, int64_t *out);

/* A whole number without sign from min to max. */
bool parse_integer(const char *s, int64_t min, int64_t max, int64_t *out);

/* "yes", "true", "on", "1" or "no", "false", "off", "0". */
bool parse_bool(const char *s, bool *out);

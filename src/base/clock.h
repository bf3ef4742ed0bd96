#pragma once

#include <stdint.h>

/* The time of day, in milliseconds since 1970-01-01 UTC; it can jump. */
int64_t clock_unix_ms(void);

/* Milliseconds from an arbitrary start; never goes back. */
int64_t clock_mono_ms(void);

enum { CLOCK_TEXT_BYTES = 32 };

/* RFC 3339 in UTC with milliseconds: 2026-01-02T03:04:05.678Z. */
void clock_rfc3339(int64_t unix_ms, char text[CLOCK_TEXT_BYTES]);

/*
 * The unit tests: every decision that is a pure function, as tables of input
 * and expected output.  A file tests one or a few modules and lists its tests
 * in one array.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Fail the test unless it holds, naming the row of the table.  In this form
 * the name stands behind the result in every output format of cmocka.
 */
#define check(is_good, ...) \
	do { \
		if (!(is_good)) { \
			char row_[2048]; \
			(void)snprintf(row_, sizeof(row_), __VA_ARGS__); \
			assert_string_equal(row_, "what was to be"); \
			fail(); \
		} \
	} while (0)

/* Strings or NULLs that are the same. */
static inline bool
is_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static inline const char *
shown(const char *s)
{
	return s ? s : "(none)";
}

/* A test's name is the sentence that it proves. */
#define TEST(sentence, function) \
	{ \
		.name = (sentence), .test_func = (function) \
	}

struct unit_tests {
	const struct CMUnitTest *tests;
	size_t n;
};

/* A line each, so that two that come at once do not meet. */
extern const struct unit_tests base_tests;
extern const struct unit_tests compact_tests;
extern const struct unit_tests digest_tests;
extern const struct unit_tests http_tests;
extern const struct unit_tests identity_tests;
extern const struct unit_tests json_tests;
extern const struct unit_tests media_tests;
extern const struct unit_tests meter_tests;
extern const struct unit_tests mimetype_tests;
extern const struct unit_tests parts_tests;
extern const struct unit_tests plain_tests;
extern const struct unit_tests progress_tests;
extern const struct unit_tests remote_tests;
extern const struct unit_tests retry_tests;
extern const struct unit_tests s3_tests;
extern const struct unit_tests schedule_tests;

extern const struct unit_tests text_tests;
extern const struct unit_tests trust_tests;
extern const struct unit_tests webhook_tests;

#endif

#include "unit.h"

#include "base/retry.h"

static const struct retry_policy usual = {
	.tries = 5,
	.base_ms = 2000,
	.max_ms = 60000,
	.for_ms = 120000,
};

/* The longest pause after so many failures. */
static int64_t
longest(const struct retry_policy *policy, int failures)
{
	struct retry r = { .failures = failures - 1 };
	int64_t at_ms;

	(void)retry_next(policy, &r, 0, 0, UINT32_MAX, &at_ms);
	return at_ms;
}

static void
test_doubling(void **state)
{
	static const int64_t want[] = { 2000, 4000, 8000, 16000, 32000, 60000,
		60000, 60000 };
	const struct retry_policy small = { .base_ms = 500, .max_ms = 100 };
	const struct retry_policy zero = { .max_ms = 100 };

	(void)state;
	for (size_t i = 0; i < LENGTH(want); i++)
		check(longest(&usual, (int)i + 1) == want[i],
		    "after %zu failures %lld ms", i + 1,
		    (long long)longest(&usual, (int)i + 1));
	assert_int_equal(longest(&usual, 1000), 60000);
	assert_int_equal(longest(&small, 1), 100);
	assert_int_equal(longest(&zero, 7), 0);
}

static void
test_full_jitter(void **state)
{
	uint64_t sum = 0;
	enum { N = 10000 };

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		struct retry r = { .failures = 2 };
		int64_t at_ms;

		(void)retry_next(&usual, &r, 1000, 0, i * (UINT32_MAX / N),
		    &at_ms);
		check(at_ms >= 1000 && at_ms <= 9000, "%u: %lld", i,
		    (long long)at_ms);
		sum += (uint64_t)at_ms - 1000;
	}
	assert_in_range(sum / N, 3900, 4100);
}

static void
test_retry_after(void **state)
{
	static const struct {
		int64_t asked_ms, least_ms;
	} rows[] = {
		{ 0, 0 },
		{ -817040617000, 0 },
		{ 7000, 7000 },
		{ 3600000, 3600000 },
		{ 3600001, 3600000 },
		{ INT64_MAX, 3600000 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct retry r = { 0 };
		int64_t early_ms, late_ms;

		(void)retry_next(&usual, &r, 500, rows[i].asked_ms, 0,
		    &early_ms);
		assert_int_equal(early_ms, 500 + rows[i].least_ms);
		r = (struct retry){ 0 };
		(void)retry_next(&usual, &r, 500, rows[i].asked_ms, UINT32_MAX,
		    &late_ms);
		assert_int_equal(late_ms, 500 + rows[i].least_ms + 2000);
	}
}

static void
test_tries(void **state)
{
	(void)state;
	for (int64_t tries = 1; tries < 7; tries++) {
		struct retry_policy policy = usual;
		struct retry r = { 0 };
		int64_t made = 1, at_ms;

		policy.tries = tries;
		while (retry_next(&policy, &r, 0, 0, 0, &at_ms))
			made++;
		assert_int_equal(made, tries);
	}
}

static void
test_retry_for(void **state)
{
	struct retry r = { 0 };
	int64_t at_ms;

	(void)state;
	/* The time runs from the first failure, not from the start. */
	assert_true(retry_next(&usual, &r, 1000000, 0, 0, &at_ms));
	assert_int_equal(r.first_failure_ms, 1000000);
	assert_true(retry_next(&usual, &r, 1120000, 0, 0, &at_ms));
	assert_false(retry_next(&usual, &r, 1120001, 0, 0, &at_ms));

	/* What counts is when the repeat would start. */
	r = (struct retry){ 0 };
	assert_false(retry_next(&usual, &r, 0, 120001, 0, &at_ms));
	r = (struct retry){ 0 };
	assert_true(retry_next(&usual, &r, 0, 120000, 0, &at_ms));
}

/* F10: Jibri waits for the whole run, not for one request of it. */
static void
test_retry_run(void **state)
{
	struct retry_run run = { 0 };
	struct retry_policy policy = usual;
	struct retry first = { 0 }, second = { 0 };
	int64_t at_ms;

	(void)state;
	policy.run = &run;
	assert_true(retry_next(&policy, &first, 1000, 0, 0, &at_ms));
	assert_true(retry_next(&policy, &second, 121000, 0, 0, &at_ms));
	second = (struct retry){ 0 };
	assert_false(retry_next(&policy, &second, 121001, 0, 0, &at_ms));
}

static void
test_first_tries(void **state)
{
	static const struct retry none = { 0 };
	static const struct retry one = { .failures = 1,
		.first_failure_ms = 5 };

	(void)state;
	assert_true(retry_is_allowed(&usual, &none, INT64_MAX));
	assert_true(retry_is_allowed(&usual, &one, 120005));
	assert_false(retry_is_allowed(&usual, &one, 120006));
}

static const struct CMUnitTest tests[] = {
	TEST("the pause doubles with each failure up to its maximum",
	    test_doubling),
	TEST("the pause is any part of it, evenly", test_full_jitter),
	TEST("Retry-After is never undercut, and obeyed for an hour at most",
	    test_retry_after),
	TEST("a request is made as often as the policy says", test_tries),
	TEST("no repeat starts later than retry-for after the first failure",
	    test_retry_for),
	TEST(
	    "no request is repeated too long after the first failure of the run",
	    test_retry_run),
	TEST("a first try is always allowed", test_first_tries),
};

const struct unit_tests retry_tests = { tests, LENGTH(tests) };

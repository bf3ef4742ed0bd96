#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/names.h"
#include "base/nearest.h"
#include "base/parse.h"

static void
test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} rows[] = {
		{ "250ms", 250 },
		{ "0ms", 0 },
		{ "0s", 0 },
		{ "2s", 2000 },
		{ "15m", 900000 },
		{ "1h", 3600000 },
		{ "7d", 604800000 },
		{ "007s", 7000 },
		{ "", -1 },
		{ "2", -1 },
		{ "s", -1 },
		{ "2 s", -1 },
		{ " 2s", -1 },
		{ "2s ", -1 },
		{ "-2s", -1 },
		{ "+2s", -1 },
		{ "2S", -1 },
		{ "2sec", -1 },
		{ "1.5s", -1 },
		{ "0x10s", -1 },
		{ "1h30m", -1 },
		{ "2w", -1 },
		{ "99999999999999999999s", -1 },
		{ "9223372036854775807s", -1 },
		{ "9223372036854775807d", -1 },
		{ "106751991168d", -1 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int64_t out = 4711;
		bool is_good = parse_duration_ms(rows[i].text, &out);

		check(is_good == (rows[i].ms >= 0), "'%s'", rows[i].text);
		check(out == (is_good ? rows[i].ms : 4711), "'%s' gave %lld",
		    rows[i].text, (long long)out);
	}
}

static void
test_integers(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max, value; /* -1: none */
	} rows[] = {
		{ "1", 1, 64, 1 },
		{ "64", 1, 64, 64 },
		{ "0", 0, 9, 0 },
		{ "0", 1, 64, -1 },
		{ "65", 1, 64, -1 },
		{ "", 0, 9, -1 },
		{ " 1", 0, 9, -1 },
		{ "1 ", 0, 9, -1 },
		{ "+1", 0, 9, -1 },
		{ "-1", -9, 9, -1 },
		{ "1k", 0, 9, -1 },
		{ "0x1", 0, 9, -1 },
		{ "1.0", 0, 9, -1 },
		{ "9223372036854775807", 0, INT64_MAX, INT64_MAX },
		{ "9223372036854775808", 0, INT64_MAX, -1 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int64_t out = 4711;
		bool is_good =
		    parse_integer(rows[i].text, rows[i].min, rows[i].max, &out);

		check(is_good == (rows[i].value >= 0), "'%s'", rows[i].text);
		check(out == (is_good ? rows[i].value : 4711), "'%s'",
		    rows[i].text);
	}
}

static void
test_truths(void **state)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };
	static const char *const neither[] = { "", "YES", "y", "yes ", "2",
		"nope", "00" };
	bool out;

	(void)state;
	for (size_t i = 0; i < LENGTH(yes); i++) {
		out = false;
		check(parse_bool(yes[i], &out) && out, "%s", yes[i]);
		out = true;
		check(parse_bool(no[i], &out) && !out, "%s", no[i]);
	}
	for (size_t i = 0; i < LENGTH(neither); i++) {
		out = true;
		check(!parse_bool(neither[i], &out) && out, "%s", neither[i]);
	}
}

static void
test_buffer_limit(void **state)
{
	autobuf struct buf b = { .limit = 4 };

	(void)state;
	assert_true(buf_adds(&b, "abc"));
	assert_false(buf_adds(&b, "de"));
	assert_string_equal(buf_str(&b), "abc");
	assert_true(buf_adds(&b, "d"));
	assert_false(buf_addf(&b, "%d", 1));
	assert_string_equal(buf_str(&b), "abcd");
	buf_drop(&b, 3);
	assert_string_equal(buf_str(&b), "d");
	assert_true(buf_add(&b, "\0x", 2));
	assert_int_equal(b.len, 3);
}

static void
test_time_text(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1767323045678, "2026-01-02T03:04:05.678Z" },
		{ 951782400001, "2000-02-29T00:00:00.001Z" },
		{ 4102444799999, "2099-12-31T23:59:59.999Z" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		char text[CLOCK_TEXT_BYTES];

		clock_rfc3339(rows[i].ms, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void
test_worse_error(void **state)
{
	/* 78, 77, 65, 75, 0: the first wins. */
	static const enum err_class order[] = { ERR_CONFIG, ERR_REFUSED,
		ERR_PERMANENT, ERR_TEMPORARY, ERR_NONE };

	(void)state;
	for (size_t a = 0; a < LENGTH(order); a++) {
		for (size_t b = a; b < LENGTH(order); b++) {
			assert_int_equal(err_worse(order[a], order[b]),
			    order[a]);
			assert_int_equal(err_worse(order[b], order[a]),
			    order[a]);
		}
	}
}

static void
test_exit_codes(void **state)
{
	static const struct {
		enum err_class kind;
		int code;
	} rows[] = {
		{ ERR_NONE, 0 },
		{ ERR_ALARM, 1 },
		{ ERR_CRITICAL, 2 },
		{ ERR_UNKNOWN, 3 },
		{ ERR_USAGE, 64 },
		{ ERR_PERMANENT, 65 },
		{ ERR_NO_INPUT, 66 },
		{ ERR_TEMPORARY, 75 },
		{ ERR_BUSY, 75 },
		{ ERR_INTERRUPTED, 75 },
		{ ERR_REFUSED, 77 },
		{ ERR_CONFIG, 78 },
	};

	(void)state;
	assert_int_equal(LENGTH(rows), ERR_CLASSES);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *name = err_class_name(rows[i].kind);

		assert_int_equal(err_exit_code(rows[i].kind), rows[i].code);
		assert_int_equal(err_class_parse(name), rows[i].kind);
	}
	assert_int_equal(err_class_parse("of a later version"), ERR_TEMPORARY);
}

static void
test_error_text(void **state)
{
	char text[2 * ERR_TEXT_BYTES];
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, ERR_CONFIG, "%s", "inner"), -1);
	assert_int_equal(err_wrap(&e, "outer %d", 1), -1);
	assert_string_equal(e.text, "outer 1: inner");
	assert_int_equal(e.class, ERR_CONFIG);

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)err_set(&e, ERR_TEMPORARY, "%s", text);
	assert_int_equal(strlen(e.text), ERR_TEXT_BYTES - 1);
	(void)err_wrap(&e, "outer");
	assert_int_equal(strlen(e.text), ERR_TEXT_BYTES - 1);
	assert_int_equal(strncmp(e.text, "outer: xx", 9), 0);
	(void)err_wrap(&e, "%s", text);
	assert_int_equal(strlen(e.text), ERR_TEXT_BYTES - 1);
}

static void
test_sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes; /* -1: refused */
	} rows[] = {
		{ "0", 0 },
		{ "16384", 16384 },
		{ "500k", 500 * 1024 },
		{ "10M", 10 * 1024 * 1024 },
		{ "1G", 1024 * 1024 * 1024 },
		{ "1152921504606846976", INT64_C(1) << 60 },
		{ "1152921504606846977", -1 },
		{ "1073741825G", -1 },
		{ "10m", -1 },
		{ "10MB", -1 },
		{ "1.5M", -1 },
		{ "-1", -1 },
		{ " 1", -1 },
		{ "", -1 },
		{ "k", -1 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int64_t bytes = -1;
		bool is_good = parse_size(rows[i].text, &bytes);

		check(is_good == (rows[i].bytes != -1) &&
			bytes == rows[i].bytes,
		    "'%s' is %lld", rows[i].text, (long long)bytes);
	}
}

static void
test_percent(void **state)
{
	int64_t percent = -1;

	(void)state;
	assert_true(parse_percent("10%", &percent) && percent == 10);
	assert_true(parse_percent("99", &percent) && percent == 99);
	assert_false(parse_percent("100%", &percent));
	assert_false(parse_percent("10 %", &percent));
	assert_int_equal(percent, 99);
}

static void
test_distances(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "tries", "tries", 0 },
		{ "tires", "tries", 1 },
		{ "trees", "tries", 1 },
		{ "trie", "tries", 1 },
		{ "triess", "tries", 1 },
		{ "retry_dleay", "retry-delay", 2 },
		{ "kitten", "sitting", 3 },
		{ "ca", "abc", 3 },
		{ "sweep", "status", 5 },
	};
	char longer[NEAREST_LONGEST + 2];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *a = rows[i].a, *b = rows[i].b;

		check(nearest_distance(a, b) == rows[i].distance, "%s %s", a,
		    b);
		check(nearest_distance(b, a) == rows[i].distance, "%s %s", b,
		    a);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	check(nearest_distance(longer, "") == SIZE_MAX, "too long");
	longer[sizeof(longer) - 2] = '\0';
	check(nearest_distance(longer, "") == NEAREST_LONGEST, "not too long");
}

static void
test_nearest(void **state)
{
	static const char *const names[] = { "sweep", "status", "pack", "help",
		"config" };
	static const struct {
		const char *typed, *best;
	} rows[] = {
		{ "swep", "sweep" },
		{ "stats", "status" },
		{ "pakc", "pack" },
		{ "hepl", "help" },
		{ "x", "" },
		{ "", "" },
		{ "upload", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct nearest near = { .typed = rows[i].typed };

		for (size_t k = 0; k < LENGTH(names); k++)
			nearest_offer(&near, names[k]);
		check(strcmp(near.best, rows[i].best) == 0, "%s gave %s",
		    rows[i].typed, near.best);
	}
}

static void
test_names(void **state)
{
	static const struct {
		const char *nsswitch;
		bool is_local;
	} rows[] = {
		{ "", false },
		{ "hosts:", false },
		{ "hosts: files dns\n", false },
		{ "passwd: files sss\nhosts: files dns\n", false },
		{ "# hosts: mdns4\n  hosts:\tfiles dns # mdns4\n", false },
		{ "hosts: files [NOTFOUND=return] dns myhostname", false },
		{ "hosts: files\nnetworks: mdns4\n", false },
		{ "hosts: files [NOT FOUND\nnetworks: mdns4\n", false },
		{ "hosts: files mdns4_minimal [NOTFOUND=return] dns\n", true },
		{ "hosts: files [!UNAVAIL=return]resolve dns\n", true },
		{ "\n\nhosts:mymachines", true },
		{ "hosts: dnsx", true },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check(names_are_local(rows[i].nsswitch) == rows[i].is_local,
		    "%s", rows[i].nsswitch);
}

static void
test_silence(void **state)
{
	struct child_inbox in = { .silence_ms = 1 };
	char byte;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
	in.fd = fds[0];
	assert_int_equal(write(fds[1], "a", 1), 1);
	assert_int_equal(child_receive(&in, &byte, 1), 0);
	(void)alarm(20);
	assert_int_equal(child_receive(&in, &byte, 1), -1);
	(void)alarm(0);
	close(fds[0]);
	close(fds[1]);
}

static const struct CMUnitTest tests[] = {
	TEST("a size is a whole number and one of its units", test_sizes),
	TEST("a percentage is less than a hundred", test_percent),
	TEST("a time is a whole number and its unit, or none", test_durations),
	TEST("a number without sign is within its range, or none",
	    test_integers),
	TEST("yes and no have four words each", test_truths),
	TEST("a buffer never grows over its limit", test_buffer_limit),
	TEST("a time is shown in UTC with milliseconds", test_time_text),
	TEST("of two errors the one that needs more help counts",
	    test_worse_error),
	TEST("every class of error has its exit code", test_exit_codes),
	TEST("an error's text is cut, never overrun", test_error_text),
	TEST("distance counts what is wrong, missing, added and swapped",
	    test_distances),
	TEST("the nearest name is found, and nothing is guessed", test_nearest),
	TEST("nsswitch.conf says who is asked for the names of hosts",
	    test_names),
	TEST("a child that is silent for too long is given up", test_silence),
};

const struct unit_tests base_tests = { tests, LENGTH(tests) };

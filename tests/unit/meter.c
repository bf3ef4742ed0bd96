#include "unit.h"

#include "cli/report/meter.h"

static const char long_name[] =
    "abc-defg-hij_2026-01-02-03-04-05-and-so-on-and-so-on-and-so-on.mp4";

static const struct watch_flight flights[] = {
	{ .path = "a.log", .size = 1000, .acknowledged = 999, .started_ms = 1 },
	{ .path = long_name,
	    .size = INT64_C(5) << 40,
	    .acknowledged = INT64_C(1) << 40,
	    .started_ms = 2,
	    .failures = 3 },
	{ .path = "b\tc.log",
	    .size = 10,
	    .acknowledged = 10,
	    .is_storing = true,
	    .started_ms = 1,
	    .sent_ms = 1000 },
	{ .path = "empty", .started_ms = 4 },
};

static const struct watch_view view = {
	.flights = flights,
	.n_flights = LENGTH(flights),
	.artifacts = 20000,
	.stored = 12345,
	.bytes = INT64_C(9) << 40,
	.stored_bytes = INT64_C(3) << 40,
	.failures = 3,
	.n_waiting = 1,
	.next_ms = 99000,
};

static void
test_widths(void **state)
{
	struct meter m = { .looked_ms = 1 };

	(void)state;
	meter_note(&m, &view, 60000);
	for (size_t columns = 1; columns <= 250; columns++) {
		for (size_t rows = 1; rows <= 8; rows++) {
			const struct term_size size = { columns, rows };
			autobuf struct buf out = { 0 };
			const char *line;
			size_t lines = 0;

			meter_draw(&out, &m, &view, size, 60000);
			for (line = buf_str(&out); *line; lines++) {
				size_t len = strcspn(line, "\n");

				check(len < columns, "%zu columns: %.*s",
				    columns, (int)len, line);
				line += len + 1;
			}
			check(lines == 0 || lines < rows, "%zu lines of %zu",
			    lines, rows);
		}
	}
}

static const char *
drawn(struct buf *out, const struct meter *m, const struct watch_view *v,
    int64_t now_ms)
{
	const struct term_size size = { 100, 50 };

	meter_draw(out, m, v, size, now_ms);
	return buf_str(out);
}

static void
test_all_of_it(void **state)
{
	struct meter m = { 0 };
	autobuf struct buf out = { 0 };
	const char *text;

	(void)state;
	meter_note(&m, &view, 60000);
	text = drawn(&out, &m, &view, 60000);
	/* 999 of 1000 is not all. */
	check(strstr(text, " 99 % ") != NULL, "%s", text);
	check(strstr(text, "the server is storing it, 59s") != NULL, "%s",
	    text);
	check(strstr(text, "b\\x09c.log ") != NULL, "%s", text);
	check(strstr(text, "try 4") != NULL, "%s", text);
	check(strstr(text,
		  "12345 of 20000 stored, 3 failed tries, next try in 39s") !=
		NULL,
	    "%s", text);
}

/* A flight that fails takes its bytes along, and nothing is guessed of it. */
static void
test_failed_try(void **state)
{
	struct watch_flight f = { .path = "a",
		.size = 1000,
		.acknowledged = 900,
		.started_ms = 1 };
	struct watch_view v = { .flights = &f,
		.n_flights = 1,
		.artifacts = 1,
		.bytes = 1000 };
	struct meter m = { 0 };

	(void)state;
	meter_note(&m, &v, 1000);
	meter_note(&m, &v, 2000);
	assert_int_equal(m.done_bytes, 900);
	f.acknowledged = 0;
	f.started_ms = 2500;
	meter_note(&m, &v, 3000);
	assert_int_equal(m.done_bytes, 0);
	check(m.rate.bytes < 901, "%f bytes", m.rate.bytes);
	f.acknowledged = 500;
	meter_note(&m, &v, 4000);
	assert_int_equal(m.done_bytes, 500);
}

static void
test_rate(void **state)
{
	struct watch_flight f = { .path = "a",
		.size = 1 << 30,
		.started_ms = 1 };
	struct watch_view v = { .flights = &f,
		.n_flights = 1,
		.artifacts = 1,
		.bytes = 1 << 30 };
	struct meter m = { 0 };
	autobuf struct buf out = { 0 };
	const char *text;

	(void)state;
	for (int64_t ms = 1; ms < 60000; ms += 250) {
		meter_note(&m, &v, ms);
		f.acknowledged += 256 * 1024;
	}
	text = drawn(&out, &m, &v, 60000);
	check(strstr(text, " 1.0 MiB/s  16m0") != NULL, "%s", text);
}

static const struct CMUnitTest tests[] = {
	TEST("no live line is as wide as the terminal, and all fit its rows",
	    test_widths),
	TEST("the live lines say what is known, and 100 % of all only",
	    test_all_of_it),
	TEST("a failed try takes its bytes along", test_failed_try),
	TEST("a steady rate is shown as it is, with the time left", test_rate),
};

const struct unit_tests meter_tests = { tests, LENGTH(tests) };

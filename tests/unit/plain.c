#include "unit.h"

#include <inttypes.h>

#include "base/mem.h"
#include "journal/progress.h"

static void
see(void *ctx, const struct event *ev)
{
	event_format(ev, ctx);
}

/* What a line is read as, as text. */
static void
read_line(const char *line, size_t len, struct buf *out)
{
	const struct event_reader reader = { see, out };
	struct progress p = { 0 };

	(void)buf_addf(out, "%d\n", event_replay(&reader, &p, line, len));
	(void)buf_addf(out, "%" PRId64 " %d\n", p.last_event_ms, p.state);
	progress_free(&p);
}

/* With a blank in it jansson reads it, without perhaps not. */
static void
check_both_ways(const char *line, size_t len)
{
	autofree char *spaced = xcalloc(len + 2, 1);
	autobuf struct buf plain = { 0 }, tree = { 0 };

	*spaced = ' ';
	memcpy(spaced + 1, line, len);
	read_line(line, len, &plain);
	read_line(spaced, len + 1, &tree);
	check(strcmp(buf_str(&plain), buf_str(&tree)) == 0, "%s: %s / %s", line,
	    plain.data, tree.data);
}

static void
test_plain_lines(void **state)
{
	static const char *const rows[] = {
		"{\"at\":1,\"event\":\"idle\"}",
		"{\"at\":1,\"event\":\"idle\",}",
		"{\"at\":1,\"event\":\"idle\"}}",
		"{\"at\":1,\"event\":\"idle\"",
		"{\"at\":01,\"event\":\"idle\"}",
		"{\"at\":1.5,\"event\":\"idle\"}",
		"{\"at\":-1,\"event\":\"idle\"}",
		"{\"at\":1e2,\"event\":\"idle\"}",
		"{\"at\":99999999999999,\"event\":\"idle\"}",
		"{\"at\":100000000000000,\"event\":\"idle\"}",
		"{\"at\":\"1\",\"event\":\"idle\"}",
		"{\"at\":1,\"at\":2,\"event\":\"idle\"}",
		"{\"at\":1,\"event\":\"idle\",\"event\":\"began\"}",
		"{\"event\":\"began\",\"pid\":1,\"pid\":\"x\"}",
		"{\"event\":\"began\",\"pid\":9223372036854775807}",
		"{\"event\":\"began\",\"pid\":9223372036854775808}",
		"{\"event\":\"began\",\"host\":\"\"}",
		"{\"event\":\"began\",\"host\":\"a\\\"b\"}",
		"{\"event\":\"began\",\"host\":\"a\\u0000b\"}",
		"{\"event\":\"began\",\"host\":\"\xc3\xa4\"}",
		"{\"event\":\"began\",\"host\":\"\xc3\"}",
		"{\"event\":\"began\",\"host\":\"a\tb\"}",
		"{\"event\":\"began\",\"host\":\"\x7f\"}",
		"{\"event\":\"began\",\"host\":null}",
		"{\"event\":\"began\",\"other\":{\"a\":[1,2]}}",
		"{\"event\":\"given-up\"}",
		"{\"event\":\"givenUp\"}",
		"{\"event\":\"removing\"}",
		"{\"event\":\"summary\",\"at\":7}",
		"{\"event\":\"stored\",\"path\":\"a\",\"isStored\":true}",
		"{\"event\":\"stored\",\"path\":\"a\",\"isWhole\":true}",
		"{\"event\":\"stored\",\"path\":\"a\",\"isWhole\":false}",
		"{\"event\":\"stored\",\"path\":\"a\",\"isWhole\":truer}",
		"{\"event\":\"stored\",\"path\":\"a%20b\",\"size\":0}",
		"{\"event\":\"stored\",\"path\":\"%00\"}",
		"{\"event\":\"stored\",\"path\":\"\"}",
		"{\"event\":\"sending\",\"paths\":[]}",
		"{\"event\":\"sending\",\"paths\":[\"a\"],\"paths\":[\"b\"]}",
		"{\"event\":\"stored\",\"path\":\"a\",\"path\":\"b\"}",
		"{\"event\":\"sending\",\"paths\":[\"a\",\"b\"]}",
		"{\"event\":\"sending\",\"paths\":[\"a\",\"\"],\"stamps\":[1,2]}",
		"{\"event\":\"sending\",\"paths\":[\"a\"],\"stamps\":[1,2]}",
		"{\"event\":\"sending\",\"paths\":[\"a\",\"b\"],\"stamps\":[1]}",
		"{\"event\":\"sending\",\"stamps\":[1],\"paths\":[\"a\"]}",
		"{\"event\":\"sending\",\"paths\":[\"a\",],\"stamps\":[1]}",
		"{\"event\":\"sending\",\"paths\":[\"a\"],\"stamps\":[]}",
		"{\"event\":\"sending\",\"paths\":[\"a\"],\"mtimes\":[5]}",
		"{\"event\":\"unknown\",\"paths\":[\"a\"]}",
		"{\"event\":\"counted\",\"requests\":{}}",
		"{\"event\":\"counted\",\"requests\":{\"s3 200\":3}}",
		("{\"event\":\"counted\",\"requests\":{\"s3 200\":3,"
		 "\"s3 200\":4}}"),
		("{\"event\":\"counted\",\"requests\":{\"s3 200\":3,"
		 "\"s3 0200\":4}}"),
		"{\"event\":\"counted\",\"requests\":{\"s3 200\":-3}}",
		"{\"event\":\"counted\",\"requests\":{\"s3 200\":\"3\"}}",
		"{\"event\":\"counted\",\"requests\":[]}",
		("{\"event\":\"resolved\",\"session\":\"s\",\"room\":\"r\","
		 "\"meetingId\":\"1\"}"),
		("{\"event\":\"resolved\",\"session\":\"s\",\"room\":\"r\","
		 "\"meetingId\":1}"),
		("{\"event\":\"resolved\",\"session\":\"s\",\"room\":\"r\","
		 "\"meetingId\":\"..\"}"),
	};
	static const char nul[] = "{\"event\":\"idle\"}\0x";

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check_both_ways(rows[i], strlen(rows[i]));
	check_both_ways(nul, sizeof(nul) - 1);
}

static const struct CMUnitTest tests[] = {
	TEST(
	    "a line that is read without jansson says what jansson makes of it",
	    test_plain_lines),
};

const struct unit_tests plain_tests = { tests, LENGTH(tests) };

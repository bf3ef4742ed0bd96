#include "unit.h"

#include "base/mem.h"
#include "io/json.h"

static json_t *
parsed(const char *text)
{
	struct err e;
	json_t *json = json_parse(text, strlen(text), &e);

	check(json, "%s: %s", text, e.text);
	return json;
}

static void
test_pointers(void **state)
{
	/* RFC 6901, section 5, and what is no pointer. */
	static const struct {
		const char *pointer, *value;
	} rows[] = {
		{ "/foo", "[\"bar\",\"baz\"]" },
		{ "/foo/0", "\"bar\"" },
		{ "/foo/1", "\"baz\"" },
		{ "/", "0" },
		{ "/a~1b", "1" },
		{ "/c%d", "2" },
		{ "/i\\j", "5" },
		{ "/ ", "7" },
		{ "/m~0n", "8" },
		{ "/o/p/q", "9" },
		{ "/~01", "10" },
		{ "/foo/2", NULL },
		{ "/foo/-", NULL },
		{ "/foo/-1", NULL },
		{ "/foo/00", NULL },
		{ "/foo/0x", NULL },
		{ "/foo/ 0", NULL },
		{ "/foo/99999999999999999999", NULL },
		{ "/foo/0/0", NULL },
		{ "/none", NULL },
		{ "/o/p/q/r", NULL },
		{ "/o//q", NULL },
		{ "foo", NULL },
	};
	autojson json_t *json =
	    parsed("{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,"
		   "\"i\\\\j\":5,\" \":7,\"m~n\":8,\"o\":{\"p\":{\"q\":9}},"
		   "\"~1\":10}");

	(void)state;
	assert_ptr_equal(json_pointer_get(json, ""), json);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const json_t *found = json_pointer_get(json, rows[i].pointer);
		autofree char *value = found
		    ? json_dumps(found, JSON_COMPACT | JSON_ENCODE_ANY)
		    : NULL;

		check(is_equal(value, rows[i].value), "%s gave %s",
		    rows[i].pointer, shown(value));
	}
	assert_null(json_pointer_get(NULL, "/a"));
}

static void
test_removal(void **state)
{
	static const char text[] = "{\"a\":{\"b\":1,\"c\":[1,2,3]},\"d/e\":2}";
	static const struct {
		const char *pointer, *left; /* NULL: nothing was there */
	} rows[] = {
		{ "/a", "{\"d/e\":2}" },
		{ "/a/b", "{\"a\":{\"c\":[1,2,3]},\"d/e\":2}" },
		{ "/a/c/1", "{\"a\":{\"b\":1,\"c\":[1,null,3]},\"d/e\":2}" },
		{ "/d~1e", "{\"a\":{\"b\":1,\"c\":[1,2,3]}}" },
		{ "/x", NULL },
		{ "/a/x", NULL },
		{ "/a/c/3", NULL },
		{ "/x/y", NULL },
		{ "/a/b/c", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autojson json_t *json = parsed(text);
		bool was_there = json_pointer_remove(json, rows[i].pointer);
		autofree char *left =
		    json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

		assert_int_equal(was_there, rows[i].left != NULL);
		assert_string_equal(left, was_there ? rows[i].left : text);
	}
}

static void
test_duplicates(void **state)
{
	static const struct {
		const char *text;
		bool is_found; /* of /url or /o/id */
	} rows[] = {
		{ "{}", false },
		{ "{\"url\":1}", false },
		{ "{\"url\":1,\"url\":2}", true },
		{ "{\"url\":1,\"x\":{\"y\":[]},\"url\":1}", true },
		{ "{\"url\":1,\"\\u0075rl\":2}", true },
		{ "{\"u\\u0072l\" \n\t:1,\"ur\\u006C\"  : 2}", true },
		{ "{\"url\":\"a\\\"b}\",\"url\":2}", true },
		{ "{\"a\":\"\\\\\",\"url\":1,\"url\":2}", true },
		{ "{\"a\":\"{[\",\"url\":1,\"b\":\"]}\",\"url\":2}", true },
		{ "{\"o\":{\"id\":1,\"id\":2}}", true },
		{ "{\"o\":{\"id\":1},\"o\":{\"id\":2}}", true },
		{ "{\"o\":{\"x\":{},\"id\":1,\"y\":{},\"id\":2}}", true },
		{ "{\"x\":1,\"x\":2}", false },
		{ "{\"url\":1,\"URL\":2,\"url \":3}", false },
		{ "{\"url\":\"url\",\"x\":\"url\"}", false },
		{ "{\"url\":1,\"x\":{\"url\":2}}", false },
		{ "{\"x\":[{\"url\":2},{\"url\":2}],\"url\":1}", false },
		{ "{\"x\":[\"url\",\"url\"],\"url\":1}", false },
		{ "{\"id\":1,\"id\":2}", false },
		{ "{\"a\":\"\\\"url\\\":\",\"url\":1}", false },
		{ "[{\"x\":1},{\"x\":2}]", false },
	};
	struct text_list pointers;

	(void)state;
	text_list_parse(&pointers, "/url,/o/id");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *text = rows[i].text;
		autojson json_t *json = parsed(text);

		assert_non_null(json);
		check(json_has_duplicate(text, strlen(text), &pointers) ==
			rows[i].is_found,
		    "%s", text);
	}
	text_list_free(&pointers);
}

static void
test_plain_id(void **state)
{
	static const struct {
		const char *json, *id;
	} rows[] = {
		{ "123", "123" },
		{ "0", "0" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "\"abc-DEF_09\"", "abc-DEF_09" },
		{ "\"-\"", "-" },
		{ "-1", NULL },
		{ "1.5", NULL },
		{ "1e3", NULL },
		{ "true", NULL },
		{ "null", NULL },
		{ "[1]", NULL },
		{ "{\"id\":1}", NULL },
		{ "\"\"", NULL },
		{ "\"..\"", NULL },
		{ "\"a.b\"", NULL },
		{ "\"a/b\"", NULL },
		{ "\"a b\"", NULL },
		{ "\"a?b\"", NULL },
		{ "\"a%41\"", NULL },
		{ "\"a\\n\"", NULL },
		{ "\"\xc3\xa9\"", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autojson json_t *json =
		    json_loads(rows[i].json, JSON_DECODE_ANY, NULL);
		autofree char *id = json_plain_id(json);

		check(is_equal(id, rows[i].id), "%s gave %s", rows[i].json,
		    shown(id));
	}
}

static void
test_id_length(void **state)
{
	char text[130];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t len = 127; len < sizeof(text); len++) {
		autojson json_t *json = json_stringn(text, len);
		autofree char *id = json_plain_id(json);

		assert_int_equal(id != NULL, len <= 128);
	}
}

/* The elements of a stream, one after the other. */
static int
collect(void *ctx, const json_t *json, struct err *e)
{
	autofree char *text = json_dumps(json, JSON_COMPACT);

	if (json_member_int(json, "stop", 0))
		return err_set(e, ERR_PERMANENT, "stop");
	(void)buf_addf(ctx, "%s;", text);
	return 0;
}

/* Feed it in pieces; the elements, or NULL when it was refused. */
static const char *
stream(const char *text, size_t len, size_t piece, struct buf *out,
    struct err *e)
{
	struct json_stream s = { .element = collect, .ctx = out };
	int result = 0;

	for (size_t at = 0; at < len && result == 0; at += piece)
		result = json_stream_feed(&s, text + at,
		    len - at < piece ? len - at : piece, e);
	if (result == 0)
		result = json_stream_end(&s, e);
	buf_free(&s.pending);
	return result == 0 ? buf_str(out) : NULL;
}

static void
test_stream(void **state)
{
	static const struct {
		const char *text, *elements; /* NULL: refused */
	} rows[] = {
		{ "[]", "" },
		{ " [ \r\n] ", "" },
		{ "[{}]", "{};" },
		{ "[{\"a\":1},{\"b\":[{},[]]} , {}]",
		    "{\"a\":1};{\"b\":[{},[]]};{};" },
		{ "[{\"a\":\"]}\\\"{[\\\\\"},{\"b\":\"\\\\\\\"\"}]",
		    "{\"a\":\"]}\\\"{[\\\\\"};{\"b\":\"\\\\\\\"\"};" },
		{ "[{\"a\":\"\\ud83d\\ude00\"}]",
		    "{\"a\":\"\xf0\x9f\x98\x80\"};" },
		{ "", NULL },
		{ " ", NULL },
		{ "[", NULL },
		{ "[{}", NULL },
		{ "[{},", NULL },
		{ "[{\"a", NULL },
		{ "{}", NULL },
		{ "null", NULL },
		{ "\"[]\"", NULL },
		{ "[1]", NULL },
		{ "[\"a\"]", NULL },
		{ "[[]]", NULL },
		{ "[null]", NULL },
		{ "[{]", NULL },
		{ "[{a:1}]", NULL },
		{ "[{\"a\":1]}", NULL },
		{ "[{}]x", NULL },
		{ "[{}][{}]", NULL },
		{ "[{}]]", NULL },
		{ "<html></html>", NULL },
		{ "[{\"a\":\"\xff\"}]", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t len = strlen(rows[i].text);

		for (size_t piece = 1; piece <= len + 1; piece++) {
			autobuf struct buf out = { 0 };
			struct err e = { 0 };
			const char *have =
			    stream(rows[i].text, len, piece, &out, &e);

			check(is_equal(have, rows[i].elements),
			    "%s in pieces of %zu gave %s", rows[i].text, piece,
			    shown(have));
			check(have || e.class == ERR_TEMPORARY, "%s: class %d",
			    rows[i].text, e.class);
		}
	}
}

static void
test_stream_limits(void **state)
{
	static const size_t sizes[] = { 60000, 70000, 1000000 };

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes); i++) {
		autobuf struct buf text = { 0 }, out = { 0 };
		struct err e = { 0 };

		(void)buf_adds(&text, "[{\"a\":\"");
		for (size_t k = 0; k < sizes[i]; k++)
			(void)buf_add(&text, "x", 1);
		(void)buf_adds(&text, "\"}]");
		assert_int_equal(stream(text.data, text.len, 4096, &out, &e) !=
			NULL,
		    sizes[i] < 65000);
	}
}

static void
test_stream_hostile(void **state)
{
	autobuf struct buf deep = { 0 }, out = { 0 };
	struct err e = { 0 };

	(void)state;
	/* The consumer's error is handed on, and ends it. */
	assert_null(stream("[{\"stop\":1},{}]", 15, 3, &out, &e));
	assert_int_equal(e.class, ERR_PERMANENT);
	assert_int_equal(out.len, 0);
	/* A NUL is no blank. */
	assert_null(stream("[\0{}]", 5, 5, &out, &e));
	assert_null(stream("[{\"a\":\0}]", 9, 9, &out, &e));
	/* Deep enough to overrun the stack of a parser that recurses. */
	(void)buf_adds(&deep, "[");
	for (int i = 0; i < 60000; i++)
		(void)buf_adds(&deep, i % 2 ? "[" : "{\"\":");
	assert_null(stream(deep.data, deep.len, 1000, &out, &e));
}

static void
test_parse(void **state)
{
	static const char *const bad[] = { "", "{", "{\"a\":1", "{\"a\":}",
		"{}x", "{'a':1}", "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}",
		"{\"a\\u0000\":1}", "nul", "{\"a\":1,}" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		check(json_parse(bad[i], strlen(bad[i]), &e) == NULL, "%s",
		    bad[i]);
		assert_int_equal(e.class, ERR_TEMPORARY);
	}
}

static const struct CMUnitTest tests[] = {
	TEST("what is no JSON is refused", test_parse),
	TEST("JSON pointers are those of RFC 6901", test_pointers),
	TEST("what a pointer names is taken out, and nothing else",
	    test_removal),
	TEST("a member that is read stands in its object once",
	    test_duplicates),
	TEST("an id is a number or a plain string", test_plain_id),
	TEST("an id has 128 characters at most", test_id_length),
	TEST("an array comes element by element, in pieces of every size",
	    test_stream),
	TEST("an element is bounded", test_stream_limits),
	TEST("a hostile array does no harm", test_stream_hostile),
};

const struct unit_tests json_tests = { tests, LENGTH(tests) };

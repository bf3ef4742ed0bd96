#include "unit.h"

#include "base/mem.h"
#include "io/json.h"
#include "io/json_stream.h"
#include "io/json_text.h"

/* The value at a pointer as it stands there; NULL: none. */
static char *
found(const char *text, const char *pointer, struct json_place *place,
    bool *is_json)
{
	char *items[] = { (char *)pointer };
	const struct text_list pointers = { items, 1 };
	autobuf struct buf buf = { 0 };

	(void)buf_adds(&buf, text);
	*is_json = json_text_find(&buf, &pointers, place);
	return place->end
	    ? xstrndup(text + place->start, place->end - place->start)
	    : NULL;
}

static void
test_pointers(void **state)
{
	/* RFC 6901, section 5, and invalid pointers. */
	static const struct {
		const char *pointer, *value;
	} rows[] = {
		{ "/foo", "[\"bar\", \"baz\"]" },
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
		{ "/p/q", NULL },
		{ "foo", NULL },
		{ "", NULL },
	};
	static const char text[] =
	    "{\"foo\":[\"bar\", \"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,"
	    "\"i\\\\j\":5 ,\" \": 7,\"m~n\":8,\"o\":{\"p\":{\"q\":9}},"
	    "\"~1\":10}";

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct json_place place;
		bool is_json;
		autofree char *value =
		    found(text, rows[i].pointer, &place, &is_json);

		assert_true(is_json);
		check(is_equal(value, rows[i].value), "%s gave %s",
		    rows[i].pointer, shown(value));
	}
}

/* What jansson takes is taken, what it refuses is refused, but for these. */
static void
test_grammar(void **state)
{
	static const char *const texts[] = { "{}", "[]", " { } ", "\t[\r\n]\n",
		"{\"a\":1}", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}",
		"{a:1}", "{\"a\":1 \"b\":2}", "[1,2]", "[1,]", "[,1]", "[1 2]",
		"[1", "{\"a\":1", "{\"a\"", "[\"", "[\"\\", "[\"\\u00",
		"[\"a\nb\"]", "[\"\\x\"]", "[\"\\u00g0\"]", "[\"\\u00e9\"]",
		"[\"\\ud83c\\udfa5\"]", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
		"[\"\xc3\xa9\"]", "[\"\xff\"]", "[\"\xc3\"]",
		"[\"\xed\xa0\x80\"]", "[\"\xc0\x80\"]", "[0]", "[-0]", "[01]",
		"[-]", "[+1]", "[.5]", "[1.]", "[1.5]", "[1e5]", "[1E+5]",
		"[1e-05]", "[1e]", "[0x1]", "[1.5e]", "[true,false,null]",
		"[tru]", "[truex]", "[nul]", "[NaN]", "[Infinity]", "['a']",
		"{}x", "{}}", "[]]", "[}", "{]", "/**/{}", "", " ",
		"{\"a\":{\"b\":[{}]}}" };
	/* Sent as they are, and read by others. */
	static const char *const lenient[] = { "\xef\xbb\xbf{}",
		"[\"\\u0000\"]", "{\"\\u0000\":1}", "[\"\\ud83d\"]",
		"[\"\\udfa5\\ud83c\"]", "[9223372036854775808]", "[1e400]",
		"[-123456789012345678901234567890]" };

	(void)state;
	for (size_t i = 0; i < LENGTH(texts); i++) {
		struct json_place place;
		bool is_json;
		autofree char *none = found(texts[i], "/x", &place, &is_json);
		autojson json_t *json = json_loads(texts[i], 0, NULL);

		assert_null(none);
		check(is_json == (json != NULL), "%s", texts[i]);
	}
	for (size_t i = 0; i < LENGTH(lenient); i++) {
		struct json_place place;
		bool is_json;
		autofree char *none = found(lenient[i], "/x", &place, &is_json);

		assert_null(none);
		check(is_json, "%s", lenient[i]);
	}
}

/* Brackets without end end somewhere, not in the stack. */
static void
test_depth(void **state)
{
	struct text_list pointers;
	struct json_place place;

	(void)state;
	text_list_parse(&pointers, "/x");
	for (size_t depth = 1000; depth < 10000000; depth *= 10) {
		autobuf struct buf text = { 0 };

		for (size_t i = 0; i < depth; i++)
			(void)buf_adds(&text, "[");
		assert_false(json_text_find(&text, &pointers, &place));
		for (size_t i = 0; i < depth; i++)
			(void)buf_adds(&text, "]");
		assert_int_equal(json_text_find(&text, &pointers, &place),
		    depth <= 1000);
	}
	text_list_free(&pointers);
}

static void
test_cut_off(void **state)
{
	static const struct {
		const char *text, *value;
		bool is_leading;
	} rows[] = {
		{ "{\"url\":\"a\"", "\"a\"", true },
		{ "{\"url\":\"a\",\"b\":", "\"a\"", true },
		{ "\xef\xbb\xbf { \"url\" : \"a\" , x", "\"a\"", true },
		{ "{\"\\u0075rl\":\"a\",", "\"a\"", true },
		{ "{\"b\":1,\"url\":\"a\",", "\"a\"", false },
		{ "{\"url\":\"a", NULL, false },
		{ "{\"url\":\"a\\\"", NULL, false },
		{ "{\"b\":{\"url\":\"a\"", NULL, false },
		{ "[{\"url\":\"a\"", NULL, false },
		{ "{\"url", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct json_place place;
		bool is_json;
		autofree char *value =
		    found(rows[i].text, "/url", &place, &is_json);

		assert_false(is_json);
		check(is_equal(value, rows[i].value) &&
			place.is_leading == rows[i].is_leading,
		    "%s gave %s", rows[i].text, shown(value));
	}
}

static void
test_cut(void **state)
{
	static const char text[] = "{\"a\":{\"b\":1,\"c\":[1, 22222 ,3]} , "
				   "\"d/e\" : 2}";
	static const struct {
		const char *pointers, *text, *left; /* NULL: it is not JSON */
	} rows[] = {
		{ "/a", text, "{\"d/e\" : 2}" },
		{ "/d~1e", text, "{\"a\":{\"b\":1,\"c\":[1, 22222 ,3]}}" },
		{ "/a,/d~1e", text, "{}" },
		{ "/a/b", text, "{\"a\":{\"c\":[1, 22222 ,3]} , \"d/e\" : 2}" },
		{ "/a/c/1,/a/c", text, "{\"a\":{\"b\":1} , \"d/e\" : 2}" },
		{ "/a/c/1", text,
		    "{\"a\":{\"b\":1,\"c\":[1, null ,3]} , \"d/e\" : 2}" },
		{ "/a/c/0,/a/c/2", text,
		    "{\"a\":{\"b\":1,\"c\":[0, 22222 ,0]} , \"d/e\" : 2}" },
		{ "/x,/a/x,/a/c/3,/x/y,/a/b/c,/a/c/b", text, text },
		{ "/a", "{\"x\":0,\"a\":1,\"a\":2,\"y\":3}",
		    "{\"x\":0,\"y\":3}" },
		{ "/a", "{\"a\":1,\"a\":2, \"y\":{\"a\":3},\"\\u0061\":4 }",
		    "{\"y\":{} }" },
		{ "/a", "{ \"a\" : {\"a\":[1,{}]}, \"b\":\"}\" }",
		    "{ \"b\":\"}\" }" },
		{ "/a/b,/a", "{\"a\":{\"b\":1,\"c\":2}}", "{}" },
		{ "/a/b", "{\"a\":1,\"a\":{\"b\":1},\"a\":[{\"b\":1}]}",
		    "{\"a\":1,\"a\":{},\"a\":[{\"b\":1}]}" },
		/* Each of several. */
		{ "/a", "{\"a\":1}\n{\"b\":2,\"a\":3}\n", "{}\n{\"b\":2}\n" },
		{ "/a", "[{\"a\":1},[{\"a\":1}],{\"a\":2,\"b\":3}]",
		    "[{},[{}],{\"b\":3}]" },
		/* And each in another, also half in one already. */
		{ "/a", "{\"x\":{\"a\":1,\"y\":[{\"a\":[{\"a\":2}]}]}}",
		    "{\"x\":{\"y\":[{}]}}" },
		{ "/a/b,/b", "{\"a\":{\"a\":{\"b\":1},\"c\":{\"b\":2}}}",
		    "{\"a\":{\"a\":{},\"c\":{}}}" },
		{ "/a/a/b", "{\"a\":{\"a\":{\"a\":{\"b\":1}}}}",
		    "{\"a\":{\"a\":{\"a\":{}}}}" },
		{ "/a/1/b", "[{\"a\":[{\"b\":1},{\"b\":2}]},[{\"b\":3}]]",
		    "[{\"a\":[{\"b\":1},{}]},[{\"b\":3}]]" },
		{ "/0/a", "[{\"a\":1},{\"a\":2}]", "[{},{\"a\":2}]" },
		/* Text of others is kept as it is. */
		{ "/a",
		    "\xef\xbb\xbf{\"a\":1,\"z\":1.50,\"n\":1e400,"
		    "\"s\":\"\\u0000\\ud83d\\/\"}",
		    "\xef\xbb\xbf{\"z\":1.50,\"n\":1e400,"
		    "\"s\":\"\\u0000\\ud83d\\/\"}" },
		{ "/a", "{\"a\":1", NULL },
		{ "/a", "{\"a\":1}{", NULL },
		{ "/a", "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autobuf struct buf buf = { 0 };
		struct text_list pointers;
		const char *left;

		(void)buf_adds(&buf, rows[i].text);
		text_list_parse(&pointers, rows[i].pointers);
		left = json_text_cut(&buf, &pointers) ? buf_str(&buf) : NULL;
		check(is_equal(left, rows[i].left), "%s in %s left %s",
		    rows[i].pointers, rows[i].text, shown(left));
		text_list_free(&pointers);
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
		struct json_place places[2];
		autobuf struct buf buf = { 0 };

		(void)buf_adds(&buf, text);
		assert_true(json_text_find(&buf, &pointers, places));
		check((places[0].is_twice || places[1].is_twice) ==
			rows[i].is_found,
		    "%s", text);
	}
	text_list_free(&pointers);
}

static void
test_id(void **state)
{
	static const struct {
		const char *json, *id;
	} rows[] = {
		{ "123", "123" },
		{ "0", "0" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "2685.0", "2685" },
		{ "1e3", "1000" },
		{ "\"abc-DEF_09\"", "abc-DEF_09" },
		{ "\"a.b:c+d\"", "a.b:c+d" },
		{ "\"../a b?%41#\"", "../a b?%41#" },
		{ "\"\xc3\xa9\"", "\xc3\xa9" },
		{ "\"2685.0\"", "2685.0" },
		{ "-1", NULL },
		{ "1.5", NULL },
		{ "1e300", NULL },
		{ "true", NULL },
		{ "null", NULL },
		{ "[1]", NULL },
		{ "{\"id\":1}", NULL },
		{ "\"\"", NULL },
		{ "\".\"", NULL },
		{ "\"..\"", NULL },
		{ "\"a\\n\\u001b/\"", "a\n\x1b/" },
		{ "\"a\\u0000b\"", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autojson json_t *json = json_loads(rows[i].json,
		    JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		autofree char *id = json_id(json);

		check(is_equal(id, rows[i].id), "%s gave %s", rows[i].json,
		    shown(id));
	}
}

static void
test_id_length(void **state)
{
	char text[1026];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t len = 1023; len < sizeof(text); len++) {
		autojson json_t *json = json_stringn(text, len);
		autofree char *id = json_id(json);

		assert_int_equal(id != NULL, len <= 1024);
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
	json_t *around = NULL;
	int result = 0;

	for (size_t at = 0; at < len && result == 0; at += piece)
		result = json_stream_feed(&s, text + at,
		    len - at < piece ? len - at : piece, e);
	if (result == 0)
		around = json_stream_end(&s, e);
	if (around) {
		autofree char *left =
		    json_dumps(around, JSON_COMPACT | JSON_ENCODE_ANY);

		(void)buf_addf(out, "%zu %s", s.skipped, left);
	}
	json_decref(around);
	buf_free(&s.pending);
	buf_free(&s.around);
	return around ? buf_str(out) : NULL;
}

static void
test_stream(void **state)
{
	static const struct {
		const char *text;
		const char *want;       /* elements, how many skipped, what is
				     around them; NULL: refused ... */
		enum err_class refusal; /* ... as this */
	} rows[] = {
		{ "[]", "0 []", 0 },
		{ " [ \r\n] ", "0 []", 0 },
		{ "[{}]", "{};0 []", 0 },
		{ "\xef\xbb\xbf[{}]\n", "{};0 []", 0 },
		{ "[{\"a\":1},{\"b\":[{},[]]} , {}]",
		    "{\"a\":1};{\"b\":[{},[]]};{};0 []", 0 },
		{ "[{\"a\":\"]}\\\"{[\\\\\"},{\"b\":\"\\\\\\\"\"}]",
		    "{\"a\":\"]}\\\"{[\\\\\"};{\"b\":\"\\\\\\\"\"};0 []", 0 },
		{ "[{\"a\":\"\\ud83d\\ude00\"}]",
		    "{\"a\":\"\xf0\x9f\x98\x80\"};0 []", 0 },
		{ "[{\"a\":12345678901234567890}]",
		    "{\"a\":1.2345678901234567e19};0 []", 0 },
		{ "[{\"a\":\"x\\u0000y\"},{}]", "{\"a\":\"x\\u0000y\"};{};0 []",
		    0 },
		/* A bad element does not make a bad list. */
		{ "[1]", "1 []", 0 },
		{ "[\"a]\",{}]", "{};1 []", 0 },
		{ "[[],[{\"a\":1}],{}]", "{};2 []", 0 },
		{ "[null , true,{},1.5]", "{};3 []", 0 },
		{ "[{a:1},{}]", "{};1 []", 0 },
		{ "[{\"a\":\"\xff\"},{}]", "{};1 []", 0 },
		{ "[{\"a\":\"\\ud83\"},{}]", "{};1 []", 0 },
		/* Where a list is wrapped. */
		{ "{\"content\":[{\"a\":1}],\"totalPages\":2}",
		    "{\"a\":1};0 {\"content\":[],\"totalPages\":2}", 0 },
		{ "{\"x\":[{\"data\":[{}]}],\"data\" : [{}]}",
		    "{};0 {\"x\":[{\"data\":[{}]}],\"data\":[]}", 0 },
		{ "{\"data\":{\"items\":[{}],\"page\":1},\"a\":\"[\"}",
		    "{};0 {\"data\":{\"items\":[],\"page\":1},\"a\":\"[\"}",
		    0 },
		/* Which of them is it? */
		{ "{\"results\":[{}],\"items\":[{}]}", NULL, ERR_CONFIG },
		{ "{\"_embedded\":{\"a\":[],\"b\":[{}]}}", NULL, ERR_CONFIG },
		{ "{\"_embedded\":{\"fileList\":[{}]},\"_links\":{}}",
		    "{};0 {\"_embedded\":{\"fileList\":[]},\"_links\":{}}", 0 },
		/* What is empty. */
		{ "null", "0 null", 0 },
		{ "{\"items\":null}", "0 {\"items\":null}", 0 },
		{ "{\"_links\":{}}", "0 {\"_links\":{}}", 0 },
		{ "{\"data\":null,\"files\":[{}]}", NULL, ERR_CONFIG },
		{ "{\"_links\":{},\"files\":[{}]}", NULL, ERR_CONFIG },
		/* What was cut. */
		{ "[", NULL, ERR_TEMPORARY },
		{ "[{}", NULL, ERR_TEMPORARY },
		{ "[{},", NULL, ERR_TEMPORARY },
		{ "[{\"a", NULL, ERR_TEMPORARY },
		{ "[nul", NULL, ERR_TEMPORARY },
		{ "{\"data\":[{}]", NULL, ERR_TEMPORARY },
		/* Not a list. */
		{ "", NULL, ERR_CONFIG },
		{ " ", NULL, ERR_CONFIG },
		{ "{}", NULL, ERR_CONFIG },
		{ "{\"x\":[{}]}", NULL, ERR_CONFIG },
		{ "{\"x\":{\"data\":[{}]}}", NULL, ERR_CONFIG },
		{ "{\"data\":{\"x\":[{}]}}", NULL, ERR_CONFIG },
		{ "{\"a\":\"data\",\"b\":[{}]}", NULL, ERR_CONFIG },
		{ "\"[]\"", NULL, ERR_CONFIG },
		{ "[{]", NULL, ERR_TEMPORARY },
		{ "[{\"a\":1]}", NULL, ERR_CONFIG },
		{ "[{},]", NULL, ERR_CONFIG },
		{ "[{},,{}]", NULL, ERR_CONFIG },
		{ "[{}{}]", NULL, ERR_CONFIG },
		{ "[1}]", NULL, ERR_CONFIG },
		{ "[{}]x", NULL, ERR_CONFIG },
		{ "[{}][{}]", NULL, ERR_CONFIG },
		{ "[{}]]", NULL, ERR_CONFIG },
		{ "OK", NULL, ERR_CONFIG },
		{ "<html></html>", NULL, ERR_CONFIG },
		{ "\x1f\x8b\x08", NULL, ERR_CONFIG },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t len = strlen(rows[i].text);

		for (size_t piece = 1; piece <= len + 1; piece++) {
			autobuf struct buf out = { 0 };
			struct err e = { 0 };
			const char *have =
			    stream(rows[i].text, len, piece, &out, &e);

			check(is_equal(have, rows[i].want),
			    "%s in pieces of %zu gave %s", rows[i].text, piece,
			    shown(have));
			check(have || e.class == rows[i].refusal,
			    "%s: class %d", rows[i].text, e.class);
		}
	}
}

static json_t *
parsed(const char *text)
{
	struct err e;
	json_t *json = json_parse(text, strlen(text), &e);

	check(json, "%s: %s", text, e.text);
	return json;
}

static void
test_unwrap(void **state)
{
	static const struct {
		const char *text, *id;
	} rows[] = {
		{ "{\"id\":1,\"data\":{\"id\":2}}", "1" },
		{ "{\"data\":{\"id\":2}}", "2" },
		{ "[{\"id\":3}]", "3" },
		{ "{\"data\":{\"items\":[{\"id\":4}]}}", "4" },
		{ "[{\"id\":5},{\"id\":6}]", NULL },
		{ "{\"file\":{\"id\":7}}", NULL },
		{ "[[[[[[[[{\"id\":8}]]]]]]]]", NULL },
		{ "[]", NULL },
		{ "{}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autojson json_t *json = parsed(rows[i].text);
		autofree char *id =
		    json_id(json_object_get(json_unwrap(json, "id"), "id"));

		check(is_equal(id, rows[i].id), "%s gave %s", rows[i].text,
		    shown(id));
	}
	assert_null(json_unwrap(NULL, "id"));
}

static void
test_stream_limits(void **state)
{
	static const size_t sizes[] = { 60000, 70000, 1000000 };
	static const char *const before[] = { "[{\"a\":\"", "{\"a\":\"" };
	static const char *const behind[] = { "\"}]", "\",\"data\":[]}" };

	(void)state;
	for (size_t i = 0; i < LENGTH(sizes) * 2; i++) {
		autobuf struct buf text = { 0 }, out = { 0 };
		struct err e = { 0 };

		(void)buf_adds(&text, before[i % 2]);
		for (size_t k = 0; k < sizes[i / 2]; k++)
			(void)buf_add(&text, "x", 1);
		(void)buf_adds(&text, behind[i % 2]);
		assert_int_equal(stream(text.data, text.len, 4096, &out, &e) !=
			NULL,
		    sizes[i / 2] < 65000);
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
	/* A NUL is not a blank. */
	assert_string_equal(stream("[\0,{}]", 6, 6, &out, &e), "{};1 []");
	/* Deep enough to overrun the stack of a parser that recurses. */
	(void)buf_adds(&deep, "[");
	for (int i = 0; i < 60000; i++)
		(void)buf_adds(&deep, i % 2 ? "[" : "{\"\":");
	assert_null(stream(deep.data, deep.len, 1000, &out, &e));
	assert_null(stream(deep.data + 1, deep.len - 1, 1000, &out, &e));
}

static void
test_foreign(void **state)
{
	static const struct {
		const char *text, *json; /* NULL: refused */
		bool is_cut;
	} rows[] = {
		{ "\xef\xbb\xbf{\"a\":1}", "{\"a\":1}", false },
		{ "{\"a\":\"b\\u0000c\"}", "{\"a\":\"b\\u0000c\"}", false },
		{ "{\"a\":18446744073709551616,\"b\":2685}",
		    "{\"a\":1.8446744073709552e19,\"b\":2685.0}", false },
		{ "7", "7", false },
		{ "[\"a\\ud83d\",\"\\uDC00\\uD83D\\n\"]",
		    "[\"a\xef\xbf\xbd\",\"\xef\xbf\xbd\xef\xbf\xbd\\n\"]",
		    false },
		{ "[\"\\ud83d\\ude00\\\\ud83d\\ud83d\", 36893488147419103232]",
		    "[\"\xf0\x9f\x98\x80\\\\ud83d\xef\xbf\xbd\","
		    "3.6893488147419103e19]",
		    false },
		{ "{\"a\": 12", NULL, true },
		{ "{\"a\": 12}x", NULL, false },
		{ "OK", NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct err e = { 0 };
		autojson json_t *json =
		    json_parse_foreign(rows[i].text, strlen(rows[i].text), &e);
		autofree char *text = json
		    ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY)
		    : NULL;

		check(is_equal(text, rows[i].json), "%s gave %s", rows[i].text,
		    shown(text));
		check(json ||
			e.class ==
			    (rows[i].is_cut ? ERR_TEMPORARY : ERR_CONFIG),
		    "%s: class %d", rows[i].text, e.class);
	}
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
	TEST("invalid JSON is refused", test_parse),
	TEST("JSON pointers are those of RFC 6901", test_pointers),
	TEST("what is JSON is what jansson takes, and what others write",
	    test_grammar),
	TEST("no depth overflows the stack", test_depth),
	TEST("of a text that was cut off, what is whole is found",
	    test_cut_off),
	TEST("what pointers name is cut out, and every other byte is left",
	    test_cut),
	TEST("a member that is read occurs once in its object",
	    test_duplicates),
	TEST("what others write and jansson refuses is read", test_foreign),
	TEST("an id is a whole number or any text that can be encoded",
	    test_id),
	TEST("an id has 256 bytes at most", test_id_length),
	TEST("a list comes element by element, in pieces of every size",
	    test_stream),
	TEST("a record may be wrapped as a list is", test_unwrap),
	TEST("an element is bounded, and so is what is around the list",
	    test_stream_limits),
	TEST("a hostile list does no harm", test_stream_hostile),
};

const struct unit_tests json_tests = { tests, LENGTH(tests) };

#include "unit.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/wrap.h"

static void
test_escape(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "plain ASCII ~!\"'%", "plain ASCII ~!\"'%" },
		{ "a\nb\tc\r", "a\\x0Ab\\x09c\\x0D" },
		{ "\033[31m", "\\x1B[31m" },
		{ "\x7f", "\\x7F" },
		{ "\\x1B", "\\x5Cx1B" },
		{ "\xc3\xa9\xff", "\\xC3\\xA9\\xFF" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *out = text_escape(rows[i].in);

		assert_string_equal(out, rows[i].out);
	}
}

static void
test_wrap(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "\n", "\n" },
		{ "twenty columns, just\n", "twenty columns, just\n" },
		{ "twenty-one columns at\n", "twenty-one columns\n  at\n" },
		{ "a word-that-is-wider-than-it and\n",
		    "a\n  word-that-is-wider-than-it\n  and\n" },
		{ "\033[1;31merror:\033[0m it is red and ends\n",
		    "\033[1;31merror:\033[0m it is red and\n  ends\n" },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4\xc3\xb6\xc3\xbc 9 12 15 18 "
		  "20\n",
		    "\xc3\xa4\xc3\xb6\xc3\xbc \xc3\xa4\xc3\xb6\xc3\xbc 9 12 15 "
		    "18\n  20\n" },
		/* Each takes two columns. */
		{ "\xe4\xbc\x9a\xe8\xad\xb0\xe5\xae\xa4 "
		  "\xe4\xbc\x9a\xe8\xad\xb0\xe5\xae\xa4 17 20 23\n",
		    "\xe4\xbc\x9a\xe8\xad\xb0\xe5\xae\xa4 "
		    "\xe4\xbc\x9a\xe8\xad\xb0\xe5\xae\xa4 17 20\n  23\n" },
		{ "run: jibri-finalize x\n", "run:\n  jibri-finalize x\n" },
		{ "why; then run: jibri-finalize upload --room ROOM /a/b\n",
		    "why; then run:\n  jibri-finalize upload --room ROOM "
		    "/a/b\n" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autobuf struct buf out = { 0 };

		wrap_add(&out, rows[i].in, 20);
		assert_string_equal(buf_str(&out), rows[i].out);
	}
}

static void
test_escape_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ "P\xc3\xa4iv\xc3\xa4 \xe4\xbc\x9a",
		    "P\xc3\xa4iv\xc3\xa4 \xe4\xbc\x9a" },
		{ "\xc3(\xff", "\\xC3(\\xFF" },
		{ "\033[31m\x7f\\", "\\x1B[31m\\x7F\\x5C" },
		/* C1's CSI; right-to-left override */
		{ "\xc2\x9b"
		  "1m",
		    "\\xC2\\x9B1m" },
		{ "a\xe2\x80\xae"
		  "b",
		    "a\\xE2\\x80\\xAEb" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *out = text_escape_utf8(rows[i].in);

		assert_string_equal(out, rows[i].out);
	}
}

static void
test_fit(void **state)
{
	static const struct {
		const char *text;
		size_t columns, len, used;
	} rows[] = {
		{ "", 3, 0, 0 },
		{ "abc", 3, 3, 3 },
		{ "abc", 2, 2, 2 },
		{ "\xc3\xa4\xc3\xb6\xc3\xbc", 2, 4, 2 },
		/* Two columns each, and no half of one */
		{ "\xe4\xbc\x9a\xe8\xad\xb0", 3, 3, 2 },
		{ "\xe4\xbc\x9a\xe8\xad\xb0", SIZE_MAX, 6, 4 },
		/* e and a combining accent */
		{ "e\xcc\x81"
		  "f",
		    1, 3, 1 },
		{ "\xff\xfe", 1, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t used;

		assert_int_equal(text_fit(rows[i].text, rows[i].columns, &used),
		    rows[i].len);
		assert_int_equal(used, rows[i].used);
	}
}

static void
test_shell_word(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "''" },
		{ "/srv/rec-1_a.b,c:d+e@f%g=h", "/srv/rec-1_a.b,c:d+e@f%g=h" },
		{ "/a b", "'/a b'" },
		{ "~$(x)`;&|<>*?[!#\"{", "'~$(x)`;&|<>*?[!#\"{'" },
		{ "it's", "'it'\"'\"'s'" },
		{ "\xc3\xa9'\n\\", "$'\xc3\xa9'\"'\"$'\n\\'" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *out = text_shell_word(rows[i].in);

		assert_string_equal(out, rows[i].out);
	}
}

static void
test_json_string(void **state)
{
	autobuf struct buf out = { 0 };

	(void)state;
	text_add_json(&out, "a\"b\\c/\n\x7f\xc3\xa9");
	assert_string_equal(buf_str(&out),
	    "\"a\\\"b\\\\c/\\u000a\\u007f\xc3\xa9\"");
}

static void
test_percent_encode(void **state)
{
	static const struct {
		const char *in, *keep, *out;
	} rows[] = {
		{ "", "", "" },
		{ "azAZ09-._~", "", "azAZ09-._~" },
		{ "[t]r m", "", "%5Bt%5Dr%20m" },
		{ "/a/b/", "", "%2Fa%2Fb%2F" },
		{ "/a b/", "/", "/a%20b/" },
		{ "%2f", "", "%252f" },
		{ "\xc3\xa9\xff\n", "", "%C3%A9%FF%0A" },
		{ "!*'();:@&=+$,?#", "",
		    "%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%3F%23" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *out =
		    text_percent_encode(rows[i].in, rows[i].keep);

		assert_string_equal(out, rows[i].out);
	}
}

static void
test_percent_decode(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: none */
	} rows[] = {
		{ "", "" },
		{ "plain+", "plain+" },
		{ "a%20b", "a b" },
		{ "%c3%A9", "\xc3\xa9" },
		{ "%252f", "%2f" },
		{ "%", NULL },
		{ "%4", NULL },
		{ "a%", NULL },
		{ "a%4", NULL },
		{ "%zz", NULL },
		{ "%4z", NULL },
		{ "%z4", NULL },
		{ "% 4", NULL },
		{ "%+4", NULL },
		{ "a%00", NULL },
		{ "%%41", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *out =
		    text_percent_decode(rows[i].in, strlen(rows[i].in));

		check(is_equal(out, rows[i].out), "'%s' gave %s", rows[i].in,
		    shown(out));
	}
	assert_null(text_percent_decode("%41", 2));
	assert_null(text_percent_decode("%41", 1));
}

static void
test_percent_round_trip(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		const char in[] = { 'a', (char)c, 'z', '\0' };
		autofree char *encoded = text_percent_encode(in, "/");
		autofree char *out =
		    text_percent_decode(encoded, strlen(encoded));

		check(is_equal(in, out), "byte %d became %s", c, encoded);
	}
}

static void
test_utf8(void **state)
{
	static const char *const good[] = { "", "abc", "\x7f", "\xc2\x80",
		"\xdf\xbf", "\xe0\xa0\x80", "\xe2\x82\xac", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "a\xbf", "\xc0\x80",
		"\xc1\xbf", "\xc3", "\xc3z", "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xe2\x82", "\xe2\x82z", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98",
		"\xf0\x9f\x98z", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xfe",
		"\xff" };

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++)
		check(text_is_utf8(good[i]), "good %zu", i);
	for (size_t i = 0; i < LENGTH(bad); i++)
		check(!text_is_utf8(bad[i]), "bad %zu", i);
}

static void
test_java_length(void **state)
{
	(void)state;
	assert_int_equal(text_utf16_units(""), 0);
	assert_int_equal(text_utf16_units("abc"), 3);
	assert_int_equal(text_utf16_units("\xc3\xa9"), 1);
	assert_int_equal(text_utf16_units("\xe2\x82\xac"), 1);
	assert_int_equal(text_utf16_units("\xf0\x9f\x98\x80"), 2);
}

static void
test_control(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		const char s[] = { 'a', (char)c, '\0' };

		check(text_has_control(s) == (c < 0x20 || c == 0x7f), "%d", c);
	}
	assert_false(text_has_control(""));
}

static void
test_list(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "", "" },
		{ " , ,,", "" },
		{ "a", "<a>" },
		{ "a,b", "<a><b>" },
		{ " a b , c\t,,d ", "<a b><c><d>" },
		{ "a,a", "<a><a>" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autobuf struct buf out = { 0 };
		struct text_list list;

		text_list_parse(&list, rows[i].in);
		for (size_t k = 0; k < list.n; k++)
			(void)buf_addf(&out, "<%s>", list.items[k]);
		assert_string_equal(buf_str(&out), rows[i].out);
		assert_false(text_list_has(&list, "no"));
		text_list_free(&list);
	}
}

static const struct CMUnitTest tests[] = {
	TEST("what is shown is printable ASCII, and escapes are unambiguous",
	    test_escape),
	TEST("a line is broken between words, and no command is", test_wrap),
	TEST("UTF-8 is shown as text, and nothing else beyond ASCII",
	    test_escape_utf8),
	TEST("a text is cut where the terminal's columns end", test_fit),
	TEST("a shell reads a word as it was", test_shell_word),
	TEST("a JSON string in the log is ASCII", test_json_string),
	TEST("everything but unreserved characters is percent-encoded",
	    test_percent_encode),
	TEST("percent-encoding is undone once, and a bad escape is refused",
	    test_percent_decode),
	TEST("every byte survives percent-encoding", test_percent_round_trip),
	TEST("UTF-8 is the shortest form, without surrogates", test_utf8),
	TEST("a name is as long as Java says", test_java_length),
	TEST("control characters are found, blanks are none", test_control),
	TEST("a list is split at commas, without blanks and empty items",
	    test_list),
};

const struct unit_tests text_tests = { tests, LENGTH(tests) };

#include "unit.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/http.h"

static void
test_status_class(void **state)
{
	(void)state;
	for (long status = 200; status < 600; status++) {
		enum err_class want = ERR_PERMANENT;

		if (status < 300)
			want = ERR_NONE;
		else if (status < 400)
			want = ERR_CONFIG;
		else if (status == 401 || status == 403)
			want = ERR_REFUSED;
		else if (status == 408 || status == 425 || status == 429 ||
		    status >= 500)
			want = ERR_TEMPORARY;
		check(http_status_class(status) == want, "%ld", status);
	}
	assert_int_equal(http_status_class(0), ERR_TEMPORARY);
	assert_int_equal(http_status_class(999), ERR_TEMPORARY);
}

static void
test_service_urls(void **state)
{
	static const char *const good[] = { "http://file-service:2027",
		"https://example.org", "https://example.org/", "HTTPS://E.ORG",
		"http://127.0.0.1:80/with/path/", "http://[::1]:2031" };
	static const char *const bad[] = { "", "file-service:2027", "/path",
		"http://", "ftp://example.org", "file:///etc/passwd",
		"http://u@example.org", "http://u:hush@example.org",
		"http://example.org/?a=hush", "http://example.org/#hush",
		"http://exa mple.org", "http://example.org:port",
		"http://example.org:99999", "http:/example.org/path",
		"http:///example.org/path", "http:example.org" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++)
		check(http_url_check(good[i], &e) == 0, "%s", good[i]);
	for (size_t i = 0; i < LENGTH(bad); i++) {
		check(http_url_check(bad[i], &e) == -1, "%s", bad[i]);
		assert_int_equal(e.class, ERR_CONFIG);
		check(!strstr(e.text, "hush"), "%s is shown", bad[i]);
	}
}

static void
test_same_origin(void **state)
{
	static const struct {
		const char *url, *reference, *want;
	} rows[] = {
		{ "http://h/a?b", "/c", "http://h/c" },
		{ "http://h/a", "?d", "http://h/a?d" },
		{ "http://h/a", "HTTP://H:80/c", "http://H:80/c" },
		{ "https://h:443/a", "https://h/c", "https://h/c" },
		{ "https://h/a", "http://h/c", NULL },
		{ "http://h/a", "http://h:81/c", NULL },
		{ "http://h/a", "http://h@evil/c", NULL },
		{ "http://h/a", "//evil/c", NULL },
		{ "http://h/a", "http://h.evil/c", NULL },
		{ "none", "http://h/c", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *whole =
		    http_url_resolve(rows[i].url, rows[i].reference);
		const char *want = rows[i].want;

		check(want ? whole && strcmp(whole, want) == 0 : whole == NULL,
		    "%s gave %s", rows[i].reference, whole ? whole : "NULL");
	}
}

/* An answer to who has this secret. */
struct secretive {
	char *secret;
	char *const *secrets[HTTP_SECRETS];
	struct http_answer answer;
};

static const struct http_answer *
answer_to(struct secretive *s, char *secret)
{
	*s = (struct secretive){ .secret = secret };
	s->secrets[0] = &s->secret;
	s->answer.secrets = s->secrets;
	return &s->answer;
}

/* This text n times, and then that one. */
static char *
times(size_t n, const char *text, const char *last)
{
	struct buf out = { 0 };

	while (n-- > 0)
		(void)buf_adds(&out, text);
	(void)buf_adds(&out, last);
	return out.data;
}

static void
test_spellings(void **state)
{
	static const struct {
		const char *secret, *text, *shown;
	} rows[] = {
		{ "hush", "a hush, hush b hus", "a ****, **** b hus" },
		{ "hush", "%68us\\u0068 &#104;ush", "**********" },
		{ "h/sh", "h\\/sh&#x68;/sh", "**************" },
		{ "a\\\\b", "<a\\\\b> <a\\\\\\\\b>", "<****> <******>" },
		{ "a%25", "<a%25> <a%2525>", "<****> <******>" },
		{ "a&amp;", "<a&amp;> <a&amp;amp;>", "<******> <**********>" },
		{ "hush-hush", "aHVzaC1odXNo", "************" },
		{ "abc", "abc", "abc" },
		{ "", "", "" },
	};
	struct secretive s;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *secret = xstrdup(rows[i].secret);
		autofree char *shown = http_excerpt(answer_to(&s, secret),
		    rows[i].text, strlen(rows[i].text));

		check(strncmp(shown, rows[i].shown, strlen(rows[i].shown)) == 0,
		    "%s: %s", rows[i].text, shown);
	}
}

/* No cut of what is looked at or shown leaves the beginning of a secret. */
static void
test_cut(void **state)
{
	static const char *const spelled[] = { "S", "\\S", "%53", "&#83;",
		"&#x53;", "\\u0053", "&#x000053;" };
	autofree char *secret = times(6000, "S", "");
	struct secretive s;

	(void)state;
	for (size_t i = 0; i < LENGTH(spelled); i++)
		for (size_t before = 170; before < 4120;
		     before += before < 210 || before > 4060 ? 1 : 3850) {
			autofree char *front = times(before, "x", "");
			autofree char *back = times(6000, spelled[i], "");
			autofree char *text = xasprintf("%s%s", front, back);
			autofree char *shown =
			    http_masked(answer_to(&s, secret), text,
				strlen(text));
			autofree char *start =
			    http_excerpt(&s.answer, text, strlen(text));
			const char *rest = shown + strspn(shown, "x");

			check(strlen(shown) > 4000 && strlen(start) == 200 &&
				rest[strspn(rest, "*")] == '\0' &&
				strspn(start, "x*") == 200,
			    "%s behind %zu: %s", spelled[i], before, rest);
		}
}

/* With a path and without one. */
static void
test_bare_url(void **state)
{
	static const char *const urls[] = { "https://e.org/hush-hush",
		"https://e.org/a?b=hush-hush&c", "https://e.org?b=hush-hush",
		"https://e.org?hush-hush" };
	struct text_list none = { 0 };

	(void)state;
	for (size_t i = 0; i < LENGTH(urls); i++) {
		const struct http_request request = { .url = urls[i],
			.headers = &none,
			.is_bare = true };
		const struct http_answer answer = { .request = &request };
		autofree char *shown =
		    http_excerpt(&answer, "no hush-hush", 12);

		check(strcmp(shown, "no *********") == 0, "%s: %s", urls[i],
		    shown);
	}
}

static void
test_hostile(void **state)
{
	static const struct {
		size_t n;
		const char *secret, *text; /* n times */
	} rows[] = { { 400000, "b", "\\b" }, { 250000, "a", "a" },
		{ 300000, "\\", "\\" }, { 300000, "&", "&" } };
	struct secretive s;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *secret = times(rows[i].n, rows[i].secret, "-");
		autofree char *text = times(2 * rows[i].n, rows[i].text, "");
		int64_t began_ms = clock_mono_ms();
		autofree char *shown =
		    http_excerpt(answer_to(&s, secret), text, strlen(text));

		assert_int_equal(strspn(shown, "*"), 200);
		check(clock_mono_ms() - began_ms < 1000, "%s: %lld ms",
		    rows[i].text, (long long)(clock_mono_ms() - began_ms));
	}
}

static const struct CMUnitTest tests[] = {
	TEST("a reference is followed within its origin only",
	    test_same_origin),
	TEST("every status has its class", test_status_class),
	TEST("a service URL is http or https, without user, query, fragment",
	    test_service_urls),
	TEST("a secret is masked however it is spelled", test_spellings),
	TEST("a secret is masked where it is cut", test_cut),
	TEST("the URL of another's storage is masked", test_bare_url),
	TEST("no secret and no text, however long, costs time or stack",
	    test_hostile),
};

const struct unit_tests http_tests = { tests, LENGTH(tests) };

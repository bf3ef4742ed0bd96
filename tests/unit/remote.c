#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "delivery/attempt.h"
#include "io/json.h"
#include "remote/inventory.h"
#include "remote/page.h"

static void
test_own_names(void **state)
{
	static const struct {
		const char *path, *folder, *filename;
	} rows[] = {
		{ "a.mp4", "/r/s/", "a.mp4" },
		{ "sub/a.mp4", "/r/s/sub/", "a.mp4" },
		{ "x/y/z", "/r/s/x/y/", "z" },
		{ "a b;c,d'e%f.txt", "/r/s/", "a b;c,d'e%f.txt" },
		{ "-rf", "/r/s/", "-rf" },
		{ "--/-", "/r/s/--/", "-" },
		{ "\xc3\xa9.txt", "/r/s/", "\xc3\xa9.txt" },
		{ "100%_%.mp4", "/r/s/", "100%_%.mp4" },
		{ "a=b?c;d e+f", "/r/s/", "a=b?c;d e+f" },
		{ "e\xcc\x81.txt", "/r/s/", "e\xcc\x81.txt" },
		{ "\xf0\x9f\x8e\xa5\xef\xb8\x8f", "/r/s/",
		    "\xf0\x9f\x8e\xa5\xef\xb8\x8f" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *path =
		    xasprintf("%s%s", rows[i].folder, rows[i].filename);
		struct remote_name r;

		remote_name_make(&r, "/r/s/", rows[i].path);
		autofree char *folder = remote_name_folder(&r);

		assert_string_equal(folder, rows[i].folder);
		assert_string_equal(r.filename, rows[i].filename);
		assert_string_equal(r.path, path);
		assert_false(r.is_renamed);
		remote_name_free(&r);
	}
}

/* What every server can take as a name of a file or a folder. */
static void
check_takeable(const char *name)
{
	check(*name && text_is_utf8(name) && !text_has_control(name) &&
		!strpbrk(name, "\"&/\\") && !strstr(name, "=?") &&
		*name != ' ' && name[strlen(name) - 1] != ' ',
	    "'%s'", name);
	/* With the longest type of Office the part's header is below 512. */
	check(strlen(name) +
		    strlen("Content-Disposition: form-data; name=\"file\"; "
			   "filename=\"\"\r\nContent-Type: \r\n\r\n") +
		    80 <=
		512,
	    "%zu bytes of name", strlen(name));
}

static void
test_other_names(void **state)
{
	static const char *const names[] = { "\xff", "\xff.mp4", "\xfe.mp4",
		"\xff\xff.mp4", "a\\b.mp4", "a_b.mp4\n", "a\nb.mp4", "a\tb.mp4",
		"\x7f.mp4", "\\..\\x", "a\r\nX: y.mp4",
		/* What is decoded, trimmed, left out or refused. */
		"=?utf-8?B?Li4vLi4vZXZpbA==?=", " a.mp4", "a.mp4 ", "  ",
		"a =?", "\"", "a\".mp4", "Q&A.mp4", "&lt;.mp4", "&#x2f;",
		"%22.mp4", "100%%22", "a%2fb", "a%2Fb", "%00", "%5c", "%0d%0a",
		"%26lt;", "%7f", "b%c3%bcro.mp4", "%41", "\xc2\xa0.txt",
		"x\xe3\x80\x80", "\xef\xbb\xbf.txt", "a\xe2\x80\x8b.txt",
		"\xf4\x8f\xbf\xbf", "\xee\x80\x80",
		"\xc3.\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3" };
	autofree char *seen[LENGTH(names)] = { NULL };

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct remote_name r;

		remote_name_make(&r, "/r/s/", names[i]);
		check(r.is_renamed, "%zu", i);
		check_takeable(r.filename);
		for (size_t k = 0; k < i; k++)
			check(strcmp(seen[k], r.filename) != 0,
			    "%zu and %zu are both %s", k, i, r.filename);
		seen[i] = xstrdup(r.filename);
		remote_name_free(&r);
	}
	for (size_t i = 1; i < LENGTH(names); i++)
		mem_replace(&seen[i], NULL);
}

static void
test_renamed_folder(void **state)
{
	struct remote_name a, b, again;

	(void)state;
	remote_name_make(&a, "/r/s/", "\xff/x/a.txt");
	remote_name_make(&b, "/r/s/", "\xfe/x/a.txt");
	remote_name_make(&again, "/r/s/", "\xff/x/a.txt");
	assert_true(a.is_renamed && b.is_renamed);
	assert_string_equal(a.filename, "a.txt");
	assert_true(text_is_utf8(a.path));
	assert_string_not_equal(a.path, b.path);
	assert_string_equal(a.path, again.path);
	remote_name_free(&a);
	remote_name_free(&b);
	remote_name_free(&again);
}

/* Under names of earlier versions, too; what looks made is made by us. */
static void
test_listed_names(void **state)
{
	static const char *const paths[] = { "a.txt", "b%c3%bc.mp4",
		"s%41/b%c3%bc.mp4", "\xc2\xa0/x.txt", "we\xffird.mp4",
		"\xff/b%41.mp4" };

	(void)state;
	for (size_t i = 0; i < LENGTH(paths); i++) {
		struct remote_name r, again, old;
		autofree char *old_path = xasprintf("/r/s/%s", paths[i]);

		remote_name_make(&r, "/r/s/", paths[i]);
		remote_name_make_listed(&again, "/r/s/", r.path);
		assert_string_equal(again.path, r.path);
		assert_false(again.is_renamed);
		remote_name_make_listed(&old, "/r/s/", old_path);
		assert_string_equal(old.path, r.path);
		assert_int_equal(old.is_renamed, r.is_renamed);
		remote_name_free(&r);
		remote_name_free(&again);
		remote_name_free(&old);
	}
}

static void
test_long_names(void **state)
{
	static const char units[] = "a\"\xc3.";

	(void)state;
	for (const char *unit = units; *unit; unit++) {
		for (size_t len = 1; len <= 255; len++) {
			char name[256];
			struct remote_name r;

			memset(name, *unit, len);
			name[len] = '\0';
			if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
				continue;
			remote_name_make(&r, "/r/s/", name);
			check_takeable(r.filename);
			check(r.is_renamed == !is_equal(r.filename, name),
			    "%zu of %c", len, *unit);
			check(*unit != 'a' || !r.is_renamed,
			    "%zu plain bytes are renamed", len);
			remote_name_free(&r);
		}
	}
}

static void
test_extension(void **state)
{
	struct remote_name r;

	(void)state;
	remote_name_make(&r, "/r/s/", "we\xffird.mp4");
	assert_string_equal(r.filename + strlen(r.filename) - 4, ".mp4");
	assert_int_equal(strncmp(r.filename, "we", 2), 0);
	remote_name_free(&r);
}

static void
test_answer_timeout(void **state)
{
	static const int64_t mib = 1024 * 1024;
	static const struct {
		int64_t size, ms;
	} rows[] = {
		{ 0, 60000 },
		{ 20 * mib - 1, 60000 },
		{ 20 * mib, 61000 },
		{ 40 * mib, 62000 },
		{ 5120 * mib, 316000 },
	};
	const struct destination_policy policy = { .answer_timeout_ms = 60000 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(destination_patience_ms(&policy, rows[i].size),
		    rows[i].ms);
}

static void
test_list_refusals(void **state)
{
	(void)state;
	for (long status = 200; status < 600; status++)
		check(inventory_is_refused(status) ==
			(status == 401 || status == 403 || status == 404 ||
			    status == 405 || status == 501),
		    "%ld", status);
}

static void
test_one_proof(void **state)
{
	struct remote_record records[] = {
		{ .path = (char *)"/r/s/known",
		    .id = (char *)"7",
		    .size = 4,
		    .is_known = true },
		{ .path = (char *)"/x/r/s/a.txt",
		    .id = (char *)"1",
		    .size = 4 },
		{ .path = (char *)"/x/r/s/A.txt",
		    .id = (char *)"2",
		    .size = 4 },
	};
	struct remote_record *by_name[] = { &records[1], &records[2],
		&records[0] };
	struct inventory inv = {
		.records = records,
		.n = 3,
		.by_name = by_name,
		.n_foreign = 2,
	};

	(void)state;
	assert_ptr_equal(inventory_has(&inv, NULL, "/r/s/A.txt", 4, NULL),
	    &records[2]);
	assert_ptr_equal(inventory_has(&inv, NULL, "/r/s/a.txt", 4, NULL),
	    &records[1]);
	assert_null(inventory_has(&inv, NULL, "/r/s/a.TXT", 4, NULL));
	records[1].is_claimed = false;
	assert_ptr_equal(inventory_has(&inv, NULL, "/r/s/a.TXT", 4, NULL),
	    &records[1]);
	/* Another artifact's, by the journal. */
	assert_null(inventory_has(&inv, NULL, "/r/s/known", 4, NULL));
}

/* The rule, written differently than in the code. */
static bool
must_tell(int policy, enum err_class kind)
{
	if (policy == FAILED_NEVER)
		return false;
	if (kind == ERR_PERMANENT)
		return true;
	return policy == FAILED_AT_ONCE &&
	    (kind == ERR_TEMPORARY || kind == ERR_REFUSED ||
		kind == ERR_CONFIG);
}

static void
test_tells_failed(void **state)
{
	static const int policies[] = { FAILED_AT_ONCE, FAILED_FINAL,
		FAILED_NEVER };

	(void)state;
	for (size_t i = 0; i < LENGTH(policies) * ERR_CLASSES * 8; i++) {
		const struct attempt_policy policy = {
			.failed_webhook = policies[i / 8 / ERR_CLASSES],
		};
		enum err_class kind = (enum err_class)(i / 8 % ERR_CLASSES);
		bool is_announcing = i & 1, is_room_known = i & 2,
		     was_told = i & 4;
		bool want = !is_announcing && is_room_known && !was_told &&
		    must_tell(policy.failed_webhook, kind);

		check(attempt_tells_failed(&policy, kind, is_announcing,
			  is_room_known, was_told) == want,
		    "policy %d, class %s, announcing %d, room %d, told %d",
		    policy.failed_webhook, err_class_name(kind), is_announcing,
		    is_room_known, was_told);
	}
}

/* Pages as servers give them: each row follows the one before. */
static void
test_pages(void **state)
{
	static const char url[] = "http://h:1/p/metadata?referenceId=5";
	static const struct {
		const char *link, *around;
		const char *next; /* NULL: the end; "": refused */
	} rows[] = {
		{ NULL, "[]", NULL },
		/* Four are read: is there more? */
		{ NULL, "{\"total\":4,\"limit\":2,\"offset\":0}", NULL },
		{ NULL, "{\"total\":5}", "" },
		{ NULL, "{\"data\":{\"totalCount\":\"5\"}}", "" },
		{ NULL, "{\"meta\":{\"pagination\":{\"total\":5}}}", "" },
		{ NULL, "{\"@odata.count\":5}", "" },
		{ NULL, "{\"quota\":{\"total\":500}}", NULL },
		{ NULL, "{\"meta\":{\"page_count\":2}}", "" },
		{ NULL, "{\"meta\":{\"page_count\":1}}", NULL },
		{ NULL, "{\"hasMore\":true}", "" },
		{ NULL, "{\"has_more\":false,\"limit\":4}", NULL },
		{ NULL, "{\"has_more\":\"false\"}", NULL },
		{ NULL, "{\"nextCursor\":\"abc\"}", "" },
		{ NULL, "{\"meta\":{\"next_cursor\":null}}", NULL },
		{ NULL, "{\"metadata\":{\"continue\":\"abc\"}}", "" },
		{ NULL, "{\"metadata\":{\"continue\":\"\"}}", NULL },
		{ NULL, "{\"nextPageToken\":\"x\"}", "" },
		{ NULL, "{\"paging\":{\"next\":{\"after\":\"x\"}}}", "" },
		{ NULL, "{\"per_page\":2}", "" },
		{ NULL, "{\"per_page\":3}", NULL },
		{ "</b>;rel=next", "{\"has_more\":true,\"total\":9}",
		    "http://h:1/b" },
		/* A failure is not a list. */
		{ NULL, "{\"errors\":[{\"message\":\"x\"}]}", "" },
		{ NULL, "{\"errors\":[],\"error\":null}", NULL },
		{ NULL, "{\"success\":false}", "" },
		{ NULL, "{\"success\":true,\"status\":200}", NULL },
		{ NULL, "{\"status\":500}", "" },
		{ "</b>;rel=next", "{\"error\":\"x\"}", "" },
		{ NULL, "{\"content\":[],\"totalPages\":1,\"number\":0}",
		    NULL },
		{ NULL, "{\"content\":[],\"totalPages\":0}", NULL },
		{ NULL, "{\"totalPages\":2,\"number\":0}", "&page=1" },
		{ NULL, "{\"totalPages\":\"2\",\"number\":0.0}", "&page=1" },
		{ NULL, "{\"page\":{\"number\":0,\"totalPages\":3}}",
		    "&page=1" },
		{ NULL, "{\"data\":{\"page\":1,\"totalPages\":2}}", "&page=2" },
		{ NULL, "{\"meta\":{\"current_page\":1,\"last_page\":9}}",
		    "&page=2" },
		{ NULL, "{\"last\":false,\"number\":0}", "&page=1" },
		{ NULL, "{\"last\":true,\"number\":0}", NULL },
		/* Which page is it? */
		{ NULL, "{\"totalPages\":2}", "" },
		{ NULL, "{\"totalPages\":5,\"number\":2}", "" },
		{ NULL, "{\"last\":false}", "" },
		{ "<http://h:1/x?c=2>; rel=\"next\"", "[]",
		    "http://h:1/x?c=2" },
		{ "<?c=2>; rel=next", "[]", "http://h:1/p/metadata?c=2" },
		{ "<http://h:1/a>; rel=\"prev\", </b>;title=x; REL=\"last NEXT\"",
		    "[]", "http://h:1/b" },
		{ "<http://h:1/a>; rel=\"prev\"; title=\"next\"", "[]", NULL },
		{ "<http://h:1/next>; rel=\"self\", <x", "[]", NULL },
		/* No other origin. */
		{ "<http://h:2/x>; rel=\"next\"", "[]", "" },
		{ "<https://h:1/x>; rel=\"next\"", "[]", "" },
		{ "<//evil.example/x>; rel=\"next\"", "[]", "" },
		{ "<http://h:1@evil.example/>; rel=\"next\"", "[]", "" },
		{ "<http://h:11/>; rel=\"next\"", "[]", "" },
		{ "<ftp://h:1/>; rel=\"next\"", "[]", "" },
		{ NULL, "{\"results\":[],\"next\":\"http://h:1/x?p=2\"}",
		    "http://h:1/x?p=2" },
		{ NULL, "{\"results\":[],\"next\":null}", NULL },
		{ NULL, "{\"_links\":{\"next\":{\"href\":\"/y\"}}}",
		    "http://h:1/y" },
		{ NULL, "{\"next\":\"http://other/x\"}", "" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *want = rows[i].next;
		autofree char *numbered =
		    want && *want == '&' ? xasprintf("%s%s", url, want) : NULL;
		autojson json_t *around = json_loads(rows[i].around, 0, NULL);
		struct page p = { .count = 1, .elements = 4 };
		const struct http_answer answer = {
			.status = 200,
			.link = (char *)rows[i].link,
			.total = -1,
		};
		autofree char *next = NULL;
		struct err e = { 0 };
		int result = page_next(&p, url, &answer, around, &next, &e);

		assert_non_null(around);
		check(result == (want && !*want ? -1 : 0), "%zu: %d", i,
		    result);
		check(result == -1
			? next == NULL && e.class == ERR_CONFIG && *e.text
			: is_equal(next, numbered ? numbered : want),
		    "%zu gave %s", i, shown(next));
	}
}

static void
test_part_by_headers(void **state)
{
	static const struct {
		long status;
		int64_t total;
		int want;
	} rows[] = { { 200, -1, 0 }, { 200, 4, 0 }, { 200, 5, -1 },
		{ 206, -1, -1 }, { 206, 4, 0 }, { 206, 5, -1 } };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_answer answer = {
			.status = rows[i].status,
			.total = rows[i].total,
		};
		struct page p = { .count = 1, .elements = 4 };
		autofree char *next = NULL;
		struct err e = { 0 };

		check(page_next(&p, "http://h/", &answer, NULL, &next, &e) ==
			rows[i].want,
		    "%zu: %s", i, e.text);
		check(e.class == (rows[i].want ? ERR_CONFIG : ERR_NONE), "%zu",
		    i);
	}
}

/* Pages whose contents are these letters; each leads on. */
static void
test_circles(void **state)
{
	static const struct {
		const char *pages;
		int read; /* so many, at the most, until that is noticed */
	} rows[] = { { "aaaa", 2 }, { "abbbb", 3 }, { "abababab", 4 },
		{ "abcdbcdbcdbcdbcd", 7 } };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct http_answer answer = {
			.status = 200,
			.link = (char *)"</x>;rel=next",
			.total = -1,
		};
		struct page p = { 0 };
		struct err e = { 0 };
		int result = 0;

		while (result == 0) {
			autofree char *next = NULL;

			p.print = (unsigned char)rows[i].pages[p.count++];
			result = page_next(&p, "http://h/y", &answer, NULL,
			    &next, &e);
		}
		check(p.count <= rows[i].read, "%s: %d", rows[i].pages,
		    p.count);
		check(strstr(e.text, "circles"), "%s", e.text);
	}
}

static void
test_page_numbers(void **state)
{
	const struct http_answer none = { .status = 200, .total = -1 };
	const struct http_answer on = {
		.status = 200,
		.link = (char *)"</>;rel=next",
		.total = -1,
	};

	(void)state;
	for (int first = 0; first < 2; first++) {
		struct page p = { 0 };
		autofree char *url = xstrdup("http://h/?a=b");
		int pages = 0;

		for (bool is_more = true; is_more; pages++) {
			autojson json_t *around = json_pack("{s:i,s:i}",
			    "totalPages", 12, "page", first + pages);
			char *next = NULL;
			struct err e = { 0 };

			p.print = (uint64_t)++p.count;
			assert_int_equal(page_next(&p, url, &none, around,
					     &next, &e),
			    0);
			is_more = next != NULL;
			if (is_more)
				mem_replace(&url, next);
			free(next);
		}
		assert_int_equal(pages, 12);
		assert_int_equal(strlen(url),
		    strlen("http://h/?a=b&page=") + 2);
	}
	{
		/* It does not obey: the same page again. */
		autojson json_t *around =
		    json_pack("{s:i,s:i}", "totalPages", 2, "number", 0);
		struct page p = { .count = 1 };
		autofree char *next = NULL;
		struct err e = { 0 };

		assert_int_equal(page_next(&p, "http://h/?a", &none, around,
				     &next, &e),
		    0);
		p.count++;
		mem_replace(&next, NULL);
		assert_int_equal(page_next(&p, "http://h/?a&page=1", &none,
				     around, &next, &e),
		    -1);
		/* A list without end. */
		p.count = 10000;
		assert_int_equal(page_next(&p, "http://h/?a", &on, around,
				     &next, &e),
		    -1);
	}
}

/* What a server lists of one recording is held in memory, up to a limit. */
static void
test_endless_list(void **state)
{
	static char text[] = "x";
	static struct s3_keys keys;
	static const struct progress p = { .room = text,
		.session = text,
		.meeting_id = text };
	const struct destination_policy stores[] = {
		{ .ops = &file_service, .file = { .url = (char *)"http://h" } },
		{ .ops = &s3,
		    .s3 = { .url = (char *)"http://h",
			.bucket = text,
			.keys = &keys,
			.key = (char *)"{session}/{path}" } },
	};
	static char path[64 * 1024] = "/x/";

	(void)state;
	memset(path + 3, 'y', sizeof(path) - 4);
	for (size_t i = 0; i < LENGTH(stores); i++) {
		struct inventory inv = { 0 };
		struct err e = { 0 };

		inventory_begin(&inv, &stores[i], &p, NULL, NULL);
		for (size_t n = 0; n < 1000; n++)
			inventory_add(&inv, path, "1", 1);
		assert_int_equal(inv.request.sink(&inv, " ", 1, &e), 0);
		for (size_t n = 1000; n < 3000; n++)
			inventory_add(&inv, path, "1", 1);
		assert_int_equal(inv.request.sink(&inv, " ", 1, &e), -1);
		assert_int_equal(e.class, ERR_CONFIG);
		assert_non_null(strstr(e.text, "more than 128 MiB"));
		check(inv.n < 2100, "%zu records", inv.n);
		inventory_free(&inv);
	}
}

static const struct CMUnitTest tests[] = {
	TEST("a list of a recording has a limit in memory", test_endless_list),
	TEST("a list goes on where the server says, on the same server",
	    test_pages),
	TEST("headers that speak of more than was read make it a part",
	    test_part_by_headers),
	TEST("a list that goes in circles is noticed", test_circles),
	TEST("numbered pages are read to the last one", test_page_numbers),
	TEST("a name that a server can take stays as it is", test_own_names),
	TEST("any other name becomes a safe one of its own", test_other_names),
	TEST("a folder with such a name does, too, the same each time",
	    test_renamed_folder),
	TEST("no name makes a part header of 512 bytes", test_long_names),
	TEST("a safe name keeps beginning and extension", test_extension),
	TEST("a list has names of earlier versions", test_listed_names),
	TEST("the answer may take a second more for each 20 MiB",
	    test_answer_timeout),
	TEST("five statuses say that the list is refused", test_list_refusals),
	TEST("a record proves one artifact, that of its own name first",
	    test_one_proof),
	TEST("FAILED is told in these cases and no others", test_tells_failed),
};

const struct unit_tests remote_tests = { tests, LENGTH(tests) };

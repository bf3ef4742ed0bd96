#include "unit.h"

#include "base/mem.h"
#include "base/text.h"
#include "delivery/attempt.h"
#include "remote/inventory.h"

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
		{ "q\"q.txt", "/r/s/", "q\"q.txt" },
		{ "-rf", "/r/s/", "-rf" },
		{ "--/-", "/r/s/--/", "-" },
		{ "\xc3\xa9.txt", "/r/s/", "\xc3\xa9.txt" },
		{ "a%2fb", "/r/s/", "a%2fb" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *path =
		    xasprintf("%s%s", rows[i].folder, rows[i].filename);
		struct remote_name r;

		remote_name_make(&r, "r", "s", rows[i].path);
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
	size_t escaped = 0;

	for (const char *c = name; *c; c++)
		escaped += *c == '"' ? 2 : 1;
	check(*name && text_is_utf8(name) && !text_has_control(name) &&
		!strchr(name, '\\') && !strchr(name, '/'),
	    "'%s'", name);
	/* With the longest type of Office the part's header is below 512. */
	check(escaped +
		    strlen("Content-Disposition: form-data; name=\"file\"; "
			   "filename=\"\"\r\nContent-Type: \r\n\r\n") +
		    80 <=
		512,
	    "%zu bytes of name", escaped);
}

static void
test_other_names(void **state)
{
	static const char *const names[] = { "\xff", "\xff.mp4", "\xfe.mp4",
		"\xff\xff.mp4", "a\\b.mp4", "a_b.mp4\n", "a\nb.mp4", "a\tb.mp4",
		"\x7f.mp4", "\\..\\x", "a\r\nX: y.mp4",
		"\xc3.\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3\xc3" };
	autofree char *seen[LENGTH(names)] = { NULL };

	(void)state;
	for (size_t i = 0; i < LENGTH(names); i++) {
		struct remote_name r;

		remote_name_make(&r, "r", "s", names[i]);
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
	remote_name_make(&a, "r", "s", "\xff/x/a.txt");
	remote_name_make(&b, "r", "s", "\xfe/x/a.txt");
	remote_name_make(&again, "r", "s", "\xff/x/a.txt");
	assert_true(a.is_renamed && b.is_renamed);
	assert_string_equal(a.filename, "a.txt");
	assert_true(text_is_utf8(a.path));
	assert_string_not_equal(a.path, b.path);
	assert_string_equal(a.path, again.path);
	remote_name_free(&a);
	remote_name_free(&b);
	remote_name_free(&again);
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
			remote_name_make(&r, "r", "s", name);
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
	remote_name_make(&r, "r", "s", "we\xffird.mp4");
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
	const struct filestore_policy policy = { .answer_timeout_ms = 60000 };

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(filestore_answer_timeout_ms(&policy,
				     rows[i].size),
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

/* Item 6 of the issue, said another way than the code does. */
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

static const struct CMUnitTest tests[] = {
	TEST("a name that a server can take stays as it is", test_own_names),
	TEST("any other name becomes a safe one of its own", test_other_names),
	TEST("a folder with such a name does, too, the same each time",
	    test_renamed_folder),
	TEST("no name makes a part header of 512 bytes", test_long_names),
	TEST("a safe name keeps beginning and extension", test_extension),
	TEST("the answer may take a second more for each 20 MiB",
	    test_answer_timeout),
	TEST("five statuses say that the list is refused", test_list_refusals),
	TEST("FAILED is told in these cases and no others", test_tells_failed),
};

const struct unit_tests remote_tests = { tests, LENGTH(tests) };

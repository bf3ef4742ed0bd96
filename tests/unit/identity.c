#include "unit.h"

#include "base/mem.h"
#include "recording/identity.h"

/* The room in a URL under a base path and a format. */
static char *
room_of(const char *url, const char *base, const char *format)
{
	const struct identity_policy policy = {
		.base_path = (char *)base,
		.room_format = (char *)format,
	};
	struct err e = { 0 };
	char *room = identity_room_of_url(url, &policy, &e);

	check(room || e.class == ERR_PERMANENT, "%s: class %d", url, e.class);
	return room;
}

static const struct {
	const char *url, *room; /* NULL: unknown */
} urls[] = {
	{ "https://m.org/room", "room" },
	{ "http://m.org/room", "room" },
	{ "https://m.org:8443/room", "room" },
	{ "https://m.org/room/", "room" },
	{ "https://m.org//room//", "room" },
	{ "https://m.org/room?a=b/c", "room" },
	{ "https://m.org/room#a/b", "room" },
	{ "https://m.org/room/?a#b?c", "room" },
	{ "https://m.org/room#a?b", "room" },
	{ "https://m.org/tenant/room", "[tenant]room" },
	{ "https://m.org/tenant/room/?x", "[tenant]room" },
	{ "https://m.org/t%20t/r%20r", "[t t]r r" },
	{ "https://m.org/Room-A.b_c~", "Room-A.b_c~" },
	{ "https://m.org/a%20b", "a b" },
	{ "https://m.org/%c3%a9", "\xc3\xa9" },
	{ "https://m.org/a%2520b", "a%20b" },
	{ "https://m.org/a+b", "a+b" },
	{ "https://m.org/{room}", "{room}" },
	{ "https://m.org/{room}/x", "[{room}]x" },
	{ "https://m.org/a/b/c", NULL },
	{ "https://m.org/a/b/c/d", NULL },
	{ "https://m.org", NULL },
	{ "https://m.org/", NULL },
	{ "https://m.org/?room", NULL },
	{ "https://m.org?x/room", NULL },
	{ "https://m.org#/room", NULL },
	{ "https://m.org/a%zz", NULL },
	{ "https://m.org/a%", NULL },
	{ "https://m.org/a%4", NULL },
	{ "https://m.org/a%00b", NULL },
	{ "https://m.org/t%zz/room", NULL },
	{ "https://m.org/../room", NULL },
	{ "https://m.org/tenant/..", NULL },
	{ "https://m.org/tenant/.", NULL },
	{ "https://m.org/te%2fnant/room", NULL },
	{ "https://m.org/tenant/ro%2Fom", NULL },
	{ "https://m.org/tenant/ro%0aom", NULL },
	{ "https://m.org/tenant/%ff", NULL },
	{ "ftp://m.org/room", NULL },
	{ "file:///room", NULL },
	{ "//m.org/room", NULL },
	{ "m.org/room", NULL },
	{ "room", NULL },
	{ "", NULL },
	{ "https:/m.org/room", NULL },
	{ "javascript:https://m.org/room", NULL },
};

static void
test_url(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(urls); i++) {
		autofree char *room =
		    room_of(urls[i].url, "/", "[{tenant}]{room}");

		check(is_equal(room, urls[i].room), "%s gave %s", urls[i].url,
		    shown(room));
	}
}

static void
test_base_path(void **state)
{
	static const struct {
		const char *url, *base, *room;
	} rows[] = {
		{ "https://m/jitsi/room", "/jitsi", "room" },
		{ "https://m/jitsi/room", "/jitsi/", "room" },
		{ "https://m/jitsi/room", "jitsi", "room" },
		{ "https://m/jitsi/t/room/", "/jitsi", "[t]room" },
		{ "https://m/a/b/room", "/a/b", "room" },
		{ "https://m/a/b/t/room", "/a//b/", "[t]room" },
		{ "https://m/a%20b/room", "/a%20b", "room" },
		{ "https://m/%61/room", "/a", "room" },
		{ "https://m/room", "", "room" },
		{ "https://m/jitsi", "/jitsi", NULL },
		{ "https://m/jitsi/", "/jitsi", NULL },
		{ "https://m/jitsi?/room", "/jitsi", NULL },
		{ "https://m/jitsix/room", "/jitsi", NULL },
		{ "https://m/Jitsi/room", "/jitsi", NULL },
		{ "https://m/room", "/jitsi", NULL },
		{ "https://m/room/jitsi", "/jitsi", NULL },
		{ "https://m/jitsi/a/b/c", "/jitsi", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *room =
		    room_of(rows[i].url, rows[i].base, "[{tenant}]{room}");

		check(is_equal(room, rows[i].room), "%s below %s gave %s",
		    rows[i].url, rows[i].base, shown(room));
	}
}

static void
test_room_format(void **state)
{
	static const struct {
		const char *format, *room;
	} rows[] = {
		{ "{room}", "r" },
		{ "{tenant}.{room}", "t.r" },
		{ "{room}@{tenant}@{room}", "r@t@r" },
		{ "{{room}}{", "{r}{" },
		{ "{Tenant}{room}", "{Tenant}r" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *room =
		    room_of("https://m/t/r", "/", rows[i].format);
		autofree char *plain =
		    room_of("https://m/r", "/", rows[i].format);

		assert_string_equal(room, rows[i].room);
		assert_string_equal(plain, "r");
	}
}

static void
test_media_name(void **state)
{
	static const struct {
		const char *name, *room;
	} rows[] = {
		{ "room_2026-01-02-03-04-05.mp4", "room" },
		{ "room_2026-01-02-03-04-05.mkv", "room" },
		{ "a_b_2026-01-02-03-04-05.webm", "a_b" },
		{ "my%20room_2026-01-02-03-04-05.mp4", "my room" },
		{ "a%2520_2026-01-02-03-04-05.mp4", "a%20" },
		{ "a.b_2026-01-02-03-04-05.mp4", "a.b" },
		{ "r_2026-01-02-03-04-05_2026-01-02-03-04-06.mp4",
		    "r_2026-01-02-03-04-05" },
		{ "_2026-01-02-03-04-05.mp4", NULL },
		{ "room_2026-01-02-03-04-05", NULL },
		{ "room-2026-01-02-03-04-05.mp4", NULL },
		{ "room_2026-01-02-03-04-5.mp4", NULL },
		{ "room_2026-01-02_03-04-05.mp4", NULL },
		{ "room_2026-01-02-03-04-05-06.mp4", NULL },
		{ "room_2026-01-02-03-04-05.tar.gz", NULL },
		{ "room_2026-01-02-03-04-0x.mp4", NULL },
		{ "a%zz_2026-01-02-03-04-05.mp4", NULL },
		{ "a%_2026-01-02-03-04-05.mp4", NULL },
		{ "a%00_2026-01-02-03-04-05.mp4", NULL },
		{ "room.mp4", NULL },
		{ ".mp4", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *room = identity_room_of_media(rows[i].name);

		check(is_equal(room, rows[i].room), "%s gave %s", rows[i].name,
		    shown(room));
	}
}

/* n times a unit, then Jibri's ending of 24 characters. */
static char *
media_of(const char *unit, int n)
{
	struct buf name = { 0 };

	for (int i = 0; i < n; i++)
		(void)buf_adds(&name, unit);
	(void)buf_adds(&name, "_2026-01-02-03-04-05.mp4");
	return name.data;
}

static void
test_cut_name(void **state)
{
	static const struct {
		const char *unit;
		int n;
		bool is_known;
	} rows[] = {
		{ "r", 100, true },
		{ "r", 101, false },
		{ "r", 102, false },
		{ "\xc3\xa9", 100, true },
		{ "\xc3\xa9", 101, false },
		/* Java counts these twice. */
		{ "\xf0\x9f\x98\x80", 50, true },
		{ "\xf0\x9f\x98\x80", 51, false },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *name = media_of(rows[i].unit, rows[i].n);
		autofree char *room = identity_room_of_media(name);

		check((room != NULL) == rows[i].is_known, "%d of '%s'",
		    rows[i].n, rows[i].unit);
	}
}

static void
test_segment(void **state)
{
	static const char *const good[] = { "a", "...", ".a", "a..b", "-", "%",
		"%2f", "a b", "[t]r", "\\", "\"", "\xc3\xa9", "~", "?", "#" };
	static const char *const bad[] = { "", ".", "..", "/", "a/b", "a/",
		"\n", "a\x01", "\x7f", "\x1b[31m", "\xff", "a\xc3",
		"\xed\xa0\x80" };
	autofree char *long_one = xcalloc(1, 2001);
	struct err e;

	(void)state;
	memset(long_one, 'a', 2000);
	for (size_t i = 0; i < LENGTH(good); i++)
		check(identity_check_segment("room", good[i], &e) == 0, "%s",
		    good[i]);
	for (size_t i = 0; i < LENGTH(bad); i++) {
		check(identity_check_segment("room", bad[i], &e) == -1, "%s",
		    bad[i]);
		assert_int_equal(e.class, ERR_PERMANENT);
	}
	assert_int_equal(identity_check_segment("room", long_one, &e), -1);
	long_one[1000] = '\0';
	assert_int_equal(identity_check_segment("room", long_one, &e), 0);
}

static const struct CMUnitTest tests[] = {
	TEST("meeting_url names a room, or tenant and room, or none", test_url),
	TEST("what follows the base path is the room", test_base_path),
	TEST("room-format puts tenant and room in their places",
	    test_room_format),
	TEST("the media file's name holds the room before the date",
	    test_media_name),
	TEST("a name of 125 characters was cut", test_cut_name),
	TEST("a segment of a path stays in its place", test_segment),
};

const struct unit_tests identity_tests = { tests, LENGTH(tests) };

#include "unit.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "recording/media.h"

/* What a file with these bytes and this name is. */
static enum media_health
health(const char *name, const char *bytes, size_t len)
{
	autoclose int fd = memfd_create("media", MFD_CLOEXEC);
	enum media_health result;
	char why[64] = "", also[64] = "";

	assert_int_not_equal(fd, -1);
	assert_int_equal(file_write_all(fd, bytes, len), 0);
	result = media_check(fd, name, (int64_t)len, why, sizeof(why));
	check(media_check_bytes(bytes, len, name, also, sizeof(also)) ==
		    result &&
		strcmp(why, also) == 0,
	    "in memory: '%s', not '%s'", also, why);
	check((result == MEDIA_DAMAGED) == (*why != '\0'), "why: '%s'", why);
	return result;
}

#define BYTES(text) (text), sizeof(text) - 1
#define FTYP "\0\0\0\020ftypisom\0\0\0\0"
#define MOOV "\0\0\0\014moov1234"
#define MDAT "\0\0\0\014mdat1234"

struct media_row {
	const char *what, *bytes;
	size_t len;
};

static void
test_whole(void **state)
{
	static const struct media_row rows[] = {
		{ "ftyp, moov, mdat", BYTES(FTYP MOOV MDAT) },
		{ "moov last", BYTES(FTYP MDAT MOOV) },
		{ "only a moov", BYTES(MOOV) },
		{ "an empty moov", BYTES("\0\0\0\010moov") },
		{ "mdat to the end", BYTES(FTYP MOOV "\0\0\0\0mdatxyz") },
		{ "moov to the end", BYTES(FTYP "\0\0\0\0moovxyz") },
		{ "mdat with 64 bits",
		    BYTES("\0\0\0\1mdat\0\0\0\0\0\0\0\0241234" MOOV) },
		{ "moov with 64 bits",
		    BYTES("\0\0\0\1moov\0\0\0\0\0\0\0\020" MDAT) },
		{ "unknown boxes", BYTES("\0\0\0\010\xff\0\0\0" MOOV) },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check(health("a.mp4", rows[i].bytes, rows[i].len) ==
			MEDIA_WHOLE,
		    "%s", rows[i].what);
}

static void
test_damaged(void **state)
{
	static const struct media_row rows[] = {
		{ "nothing", BYTES("") },
		{ "text", BYTES("this is no video, it is a text") },
		{ "four bytes", BYTES("\0\0\0\020") },
		{ "seven bytes", BYTES("\0\0\0\010moo") },
		{ "no moov", BYTES(FTYP MDAT) },
		{ "only ftyp", BYTES(FTYP) },
		{ "a moov within mdat",
		    BYTES(FTYP "\0\0\0\024mdat\0\0\0\014moov1234") },
		{ "mdat to the end over the moov",
		    BYTES(FTYP "\0\0\0\0mdat" MOOV) },
		{ "a cut moov", BYTES(FTYP MDAT "\0\0\0\015moov1234") },
		{ "a cut mdat", BYTES(FTYP MOOV "\0\0\0\015mdat1234") },
		{ "a cut head", BYTES(FTYP MOOV "\0\0\0\014mda") },
		{ "a cut 64 bit head", BYTES(MOOV "\0\0\0\1mdat\0\0\0\0") },
		{ "size 2", BYTES(MOOV "\0\0\0\2mdat1234") },
		{ "size 7", BYTES(MOOV "\0\0\0\7mdat1234") },
		{ "64 bits with 15",
		    BYTES(MOOV "\0\0\0\1mdat\0\0\0\0\0\0\0\017" MDAT) },
		{ "64 bits with 0",
		    BYTES(MOOV "\0\0\0\1mdat\0\0\0\0\0\0\0\0" MDAT) },
		{ "64 bits with 8",
		    BYTES(MOOV "\0\0\0\1mdat\0\0\0\0\0\0\0\010" MDAT) },
		{ "64 bits over the end",
		    BYTES(MOOV "\0\0\0\1mdat\0\0\0\0\0\0\0\021") },
		{ "2^63 - 1 bytes",
		    BYTES(
			MOOV "\0\0\0\1mdat\x7f\xff\xff\xff\xff\xff\xff\xff") },
		{ "2^64 - 1 bytes",
		    BYTES(
			MOOV "\0\0\0\1mdat\xff\xff\xff\xff\xff\xff\xff\xff") },
		{ "2^32 - 1 bytes", BYTES(MOOV "\xff\xff\xff\xffmdat") },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check(health("a.mp4", rows[i].bytes, rows[i].len) ==
			MEDIA_DAMAGED,
		    "%s", rows[i].what);
}

static void
test_every_cut(void **state)
{
	static const char whole[] = FTYP MDAT MOOV;

	(void)state;
	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		check(health("a.mp4", whole, len) == MEDIA_DAMAGED, "%zu", len);
}

static void
test_by_name(void **state)
{
	static const struct {
		const char *name, *bytes;
		size_t len;
		enum media_health health;
	} rows[] = {
		{ "a.MP4", BYTES(FTYP), MEDIA_DAMAGED },
		{ "a.m4v", BYTES(FTYP), MEDIA_DAMAGED },
		{ "a.m4a", BYTES(MOOV), MEDIA_WHOLE },
		{ "a.mov", BYTES("text"), MEDIA_DAMAGED },
		{ "a.mkv", BYTES("\x1a\x45\xdf\xa3"), MEDIA_WHOLE },
		{ "a.webm", BYTES("\x1a\x45\xdf\xa3 more"), MEDIA_WHOLE },
		{ "a.mkv", BYTES("\x1a\x45\xdf"), MEDIA_DAMAGED },
		{ "a.webm", BYTES(MOOV), MEDIA_DAMAGED },
		{ "a.mkv", BYTES(""), MEDIA_DAMAGED },
		{ "a.ts", BYTES("G"), MEDIA_WHOLE },
		{ "a.ts", BYTES(""), MEDIA_DAMAGED },
		{ "mp4", BYTES("no extension"), MEDIA_WHOLE },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		check(health(rows[i].name, rows[i].bytes, rows[i].len) ==
			rows[i].health,
		    "%s, row %zu", rows[i].name, i);
}

static void
test_unreadable(void **state)
{
	autoclose int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	char why[8] = "";

	(void)state;
	assert_int_equal(media_check(fd, "a.mp4", 100, why, sizeof(why)),
	    MEDIA_UNREADABLE);
	assert_int_equal(media_check(fd, "a.mkv", 100, why, sizeof(why)),
	    MEDIA_UNREADABLE);
}

static void
test_reason_is_cut(void **state)
{
	autoclose int fd = memfd_create("media", MFD_CLOEXEC);
	char why[8] = "1234567";

	(void)state;
	assert_int_equal(media_check(fd, "a.mp4", 0, why, 6), MEDIA_DAMAGED);
	assert_int_equal(strlen(why), 5);
	assert_int_equal(why[6], '7');
}

static const struct CMUnitTest tests[] = {
	TEST("an MP4 with a moov and whole boxes is whole", test_whole),
	TEST("an MP4 without a moov or with a box too long is damaged",
	    test_damaged),
	TEST("an MP4 with its moov last is damaged wherever it is cut",
	    test_every_cut),
	TEST("the name decides what a file has to be", test_by_name),
	TEST("what cannot be read is neither whole nor damaged",
	    test_unreadable),
	TEST("the reason is cut to the room for it", test_reason_is_cut),
};

const struct unit_tests media_tests = { tests, LENGTH(tests) };

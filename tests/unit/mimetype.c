#include "unit.h"

#include "io/mimetype.h"

#define BYTES(text) (text), sizeof(text) - 1
#define EBML "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4"

struct name_row {
	const char *name, *bytes;
	size_t len;
	const char *type; /* NULL: libmagic is to be asked */
};

static const struct name_row rows[] = {
	{ "a.mp4", BYTES("\0\0\0\020ftypisom\0\0\2\0"), "video/mp4" },
	{ "A.MP4", BYTES("\0\0\0\030ftypiso2\0\0\2\0"), "video/mp4" },
	{ "a.m4v", BYTES("\0\0\0\030ftypmp42\0\0\2\0"), "video/mp4" },
	{ "a.mp4", BYTES("\0\0\0\030ftypmp41\0\0\2\0"), "video/mp4" },
	{ "a.webm", BYTES(EBML "\x42\x82\x84webm\0"), "video/webm" },
	{ "a.mkv", BYTES(EBML "\x42\x82\x88matroska\0"), "video/x-matroska" },
	{ "a.png", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png" },
	{ "a.jpg", BYTES("\xff\xd8\xff\xe0\0\020JFIF\0"), "image/jpeg" },

	/* Another container, or none, than the name says. */
	{ "a.mp4", BYTES("\0\0\0\024ftypqt  \0\0\2\0"), NULL },
	{ "a.mp4", BYTES("{\"no\": \"video\"}"), NULL },
	{ "a.mp4", BYTES("\0\0\0"), NULL },
	{ "a.mp4", BYTES("\0\0\0\020ftypis"), NULL },
	{ "a.mkv", BYTES(EBML "\x42\x82\x84webm\0"), NULL },
	{ "a.mkv", BYTES("\0\0\0\020ftypisom\0\0\2\0"), NULL },
	{ "a.ts", BYTES("\x47\x40\0\x10"), NULL },

	{ "a.json", BYTES("{\"a\": 1}\n"), "application/json" },
	{ "a.json", BYTES("\xef\xbb\xbf{}\r\n"), "application/json" },
	{ "a.jsonl", BYTES("{}\n{}\n"), "application/x-ndjson" },
	{ "a.vtt", BYTES("WEBVTT\n\n"), "text/vtt" },
	{ "a.srt", BYTES("1\n00:00"), "application/x-subrip" },
	{ "a.txt", BYTES("gr\xc3\xbc\xc3\x9f\x65\t\f\n"), "text/plain" },
	{ "a.txt", BYTES("#!/bin/sh\n"), "text/plain" },
	{ "a.html", BYTES("<p>"), "text/html" },

	/* No text. */
	{ "a.txt", BYTES("text\0"), NULL },
	{ "a.txt", BYTES("\x1f\x8b\x08"), NULL },
	{ "a.txt", BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), NULL },
	{ "a.txt", BYTES("\x7f\x45LF"), NULL },

	{ "a.txt", BYTES(""), NULL },
	{ "a.xyz", BYTES("text"), NULL },
	{ "txt", BYTES("text"), NULL },
};

static void
test_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *type =
		    mimetype_by_name(rows[i].name, rows[i].bytes, rows[i].len);

		check(is_equal(type, rows[i].type), "row %zu, %s: %s", i,
		    rows[i].name, shown(type));
	}
}

/* Where the name does not say it, libmagic says the same of the content. */
static void
test_signatures(void **state)
{
	struct mimetype *m = mimetype_open();

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *type = rows[i].type;

		if (type == NULL || strncmp(type, "text/", 5) == 0 ||
		    strncmp(type, "application/", 12) == 0)
			continue;
		check(is_equal(mimetype_of_bytes(m, rows[i].bytes, rows[i].len,
				   "no-name"),
			  type),
		    "row %zu, %s", i, type);
	}
	mimetype_close(m);
}

static const struct CMUnitTest tests[] = {
	TEST("the name decides where the content is plainly of its kind",
	    test_by_name),
	TEST("what a signature says, libmagic says too", test_signatures),
};

const struct unit_tests mimetype_tests = { tests, LENGTH(tests) };

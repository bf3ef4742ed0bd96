/* The outermost boxes of an MP4, against a plain walk in memory. */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "recording/media.h"

static uint64_t
number(const char *p, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value = value << 8 | (unsigned char)p[i];
	return value;
}

static bool
is_whole(const char *data, uint64_t len)
{
	bool has_moov = false;

	while (len > 0) {
		uint64_t header = 8, size;

		if (len < 8)
			return false;
		size = number(data, 4);
		if (size == 1) {
			header = 16;
			size = len < 16 ? 0 : number(data + 8, 8);
		} else if (size == 0) {
			size = len;
		}
		if (size < header || size > len)
			return false;
		has_moov |= memcmp(data + 4, "moov", 4) == 0;
		data += size;
		len -= size;
	}
	return has_moov;
}

static void
run(const char *data, size_t len)
{
	static const char ebml[] = "\x1a\x45\xdf\xa3";
	autoclose int fd = fuzz_memfd(data, len);
	int64_t size = (int64_t)len;
	char why[64] = "", also[64] = "";

	must(media_check(fd, "a.mp4", size, why, sizeof(why)) ==
	    (is_whole(data, len) ? MEDIA_WHOLE : MEDIA_DAMAGED));
	must(is_whole(data, len) == (*why == '\0'));
	must((media_check(fd, "a.b.WebM", size, why, sizeof(why)) ==
		 MEDIA_WHOLE) == (len >= 4 && memcmp(data, ebml, 4) == 0));
	must(media_check_bytes(data, len, "a.b.WebM", also, sizeof(also)) ==
	    media_check(fd, "a.b.WebM", size, why, sizeof(why)));
	must(media_check_bytes(data, len, "a.mp4", also, sizeof(also)) ==
	    media_check(fd, "a.mp4", size, why, sizeof(why)));
	must(strcmp(why, also) == 0);
	/* It shrank since it was looked at. */
	must(media_check(fd, "a.mov", size + 1, why, sizeof(why)) !=
		MEDIA_WHOLE ||
	    len > 0);
}

const struct fuzz_target fuzz_media = { "media", run };

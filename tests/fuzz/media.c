/* A media file, which anybody may have put there. */
#include "fuzz.h"

#include <string.h>

#include "base/mem.h"
#include "recording/media.h"

static bool
has(const char *data, size_t len, const char *bytes, size_t n)
{
	return memmem(data, len, bytes, n) != NULL;
}

/* What a whole one must contain somewhere. */
static bool
is_plausible(const char *data, size_t len)
{
	if (len > 8 && memcmp(data + 4, "ftyp", 4) == 0)
		return has(data, len, "moov", 4) &&
		    (has(data, len, "stsz", 4) ||
			(has(data, len, "trun", 4) &&
			    has(data, len, "mdat", 4)));
	if (memcmp(data, "\x1a\x45\xdf\xa3", 4) == 0)
		return has(data, len, "\x16\x54\xae\x6b", 4) &&
		    has(data, len, "\x1f\x43\xb6\x75", 4);
	return true;
}

static void
run(const char *data, size_t len)
{
	autoclose int fd = fuzz_memfd(data, len);
	int64_t size = (int64_t)len;
	char why[64] = "", also[64] = "";
	enum media_health health = media_check(fd, size, why, sizeof(why));
	enum media_health again;

	must(health != MEDIA_UNREADABLE);
	must((health == MEDIA_WHOLE) == (*why == '\0'));
	must(health != MEDIA_WHOLE || (len > 8 && is_plausible(data, len)));
	must(media_check_bytes(data, len, also, sizeof(also)) == health);
	must(strcmp(why, also) == 0);
	/* It shrank since it was examined. */
	again = media_check(fd, size + 5000, why, sizeof(why));
	must(size > 0 || again == MEDIA_UNREADABLE);
	must(health != MEDIA_NONE || again != MEDIA_WHOLE || len < 64);
}

const struct fuzz_target fuzz_media = { "media", run };

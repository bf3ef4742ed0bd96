#include "recording/media_internal.h"

/* ID3v2 tags can precede any format except those with absolute offsets. */
static void
skip_id3(struct media *m)
{
	const unsigned char *p;

	while ((p = media_at(m, 0, 10)) && memcmp(p, "ID3", 3) == 0) {
		int64_t n = 10 + (p[6] << 21 | p[7] << 14 | p[8] << 7 | p[9]);

		if (n > m->size)
			n = m->size;
		m->base += n;
		m->size -= n;
		m->len = 0;
		m->tags++;
	}
}

static enum media_health
check(int fd, const void *data, int64_t size, char *why, size_t len)
{
	struct media m = { fd, data, 0, size, 0, .left = MEDIA_BYTES,
		.step = MEDIA_WINDOW_BYTES, .why = why, .why_len = len };
	enum media_health health;

	skip_id3(&m);
	health = m.tags > 0 ? MEDIA_NONE : media_check_mp4(&m);
	if (health == MEDIA_NONE)
		health = media_check_matroska(&m);
	if (health == MEDIA_NONE)
		health = media_check_stream(&m);
	if (m.is_unreadable)
		health = MEDIA_UNREADABLE;
	if (health == MEDIA_NONE)
		(void)media_damaged(&m,
		    size == 0 ? "it is empty" : "it is not audio or video");
	else if (health != MEDIA_DAMAGED && len > 0)
		*why = '\0';
	return health;
}

enum media_health
media_check(int fd, int64_t size, char *why, size_t len)
{
	return check(fd, NULL, size, why, len);
}

enum media_health
media_check_bytes(const void *data, size_t size, char *why, size_t len)
{
	return check(-1, data, (int64_t)size, why, len);
}

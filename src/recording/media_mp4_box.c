#include "recording/media_mp4_internal.h"

enum { WIDE_HEADER = 16 };

/* Players stop at anything that is not a box. */
static bool
is_type(const unsigned char *p)
{
	for (int i = 0; i < 4; i++)
		if ((p[i] < 0x20 || p[i] > 0x7e) && p[i] != 0xa9)
			return false;
	return true;
}

bool
mp4_next(struct media *m, int64_t *offset, int64_t end, struct box *b)
{
	const unsigned char *p = media_at(m, *offset, MP4_HEADER);
	int64_t header = MP4_HEADER, size = media_be(m, *offset, 4);

	if (p == NULL || *offset > end - MP4_HEADER)
		return false;
	memcpy(b->type, p + 4, 4);
	b->type[4] = '\0';
	if (!is_type(p + 4))
		return false;
	if (size == 1) {
		header = WIDE_HEADER;
		size = media_be(m, *offset + MP4_HEADER, 8);
	} else if (size == 0) {
		size = end - *offset;
	}
	if (size < header)
		return false;
	b->is_cut = size > end - *offset;
	b->from = *offset + header;
	*offset = b->is_cut ? end : *offset + size;
	b->to = *offset;
	return b->from <= b->to;
}

bool
mp4_is(const struct box *b, const char *type)
{
	return memcmp(b->type, type, 4) == 0;
}

bool
mp4_next_of(struct media *m, int64_t *offset, int64_t end, const char *type,
    struct box *b)
{
	while (mp4_next(m, offset, end, b))
		if (mp4_is(b, type))
			return true;
	return false;
}

bool
mp4_find(struct media *m, const struct box *parent, const char *path,
    struct box *found)
{
	for (*found = *parent; *path; path += 4) {
		int64_t offset = found->from;

		if (!mp4_next_of(m, &offset, found->to, path, found))
			return false;
	}
	return true;
}

bool
mp4_is_sample(struct media *m, int64_t at, int64_t size)
{
	int64_t n;

	if (at < 0 || at > m->size)
		return false;
	for (size += at; at < size; at += 4 + n)
		if ((n = media_be(m, at, 4)) == -1)
			return false;
	return at == size || media_is_spent(m);
}

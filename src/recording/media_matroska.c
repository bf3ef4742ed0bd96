#include <inttypes.h>

#include "recording/media_internal.h"

enum {
	ID_EBML = 0x1a45dfa3,
	ID_SEGMENT = 0x18538067,
	ID_TRACKS = 0x1654ae6b,
	ID_TRACK_ENTRY = 0xae,
	ID_CRC = 0xbf,
	ID_CLUSTER = 0x1f43b675,
	ID_SIMPLE_BLOCK = 0xa3,
	ID_BLOCK_GROUP = 0xa0,
	ID_VOID = 0xec,
	BLOCK_HEADER = 4,
};

struct element {
	int64_t id, from;
	int64_t size; /* -1: unknown, as while recording */
};

/* Read a number of 1 to 8 bytes; returns its length, 0 if invalid. */
static int
read_number(struct media *m, int64_t offset, int max, int64_t *value)
{
	const unsigned char *p = media_at(m, offset, 1);
	int bytes = p && *p ? __builtin_clz(*p) - 23 : 0;

	if (bytes == 0 || bytes > max)
		return 0;
	*value = media_be(m, offset, bytes);
	/* 8 bytes begin with 1: the sign bit is never set. */
	return *value == -1 ? 0 : bytes;
}

static bool
read_element(struct media *m, int64_t offset, struct element *el)
{
	int id = read_number(m, offset, 4, &el->id);
	int bytes = id ? read_number(m, offset + id, 8, &el->size) : 0;
	int64_t all = (INT64_C(1) << 7 * bytes) - 1;

	if (bytes == 0)
		return false;
	el->from = offset + id + bytes;
	el->size &= all;
	if (el->size == all)
		el->size = -1;
	return true;
}

static bool
has_tracks(struct media *m, const struct element *tracks)
{
	struct element el = { .id = ID_CRC, .from = tracks->from };

	while (el.id == ID_CRC || el.id == ID_VOID)
		if (!read_element(m, el.from + el.size, &el))
			return false;
	return el.id == ID_TRACK_ENTRY && el.size > 0;
}

/* Codecs that encode silence or black as zeros: uncompressed, and ADPCM. */
static bool
may_be_zeros(struct media *m, const struct element *tracks)
{
	int64_t n = tracks->size < MEDIA_WINDOW_BYTES ? tracks->size
						      : MEDIA_WINDOW_BYTES;
	const unsigned char *p = media_at(m, tracks->from, (size_t)n);

	return p &&
	    (memmem(p, (size_t)n, "A_PCM", 5) ||
		memmem(p, (size_t)n, "A_MS/ACM", 8) ||
		memmem(p, (size_t)n, "V_UNCOMPRESSED", 14));
}

/* Does it have data? In a group the block comes first, after a header. */
static bool
is_block(struct media *m, const struct element *el, bool is_raw)
{
	return (el->id == ID_SIMPLE_BLOCK || el->id == ID_BLOCK_GROUP) &&
	    (is_raw ? el->size > BLOCK_HEADER
		    : !media_is_empty(m, el->from + BLOCK_HEADER,
			  el->from + el->size));
}

/*
 * Walks the elements of the segment.  Enters a cluster only until a block is
 * found, or where the recorder may have been interrupted: at the end of the
 * file, and in a cluster of unknown size.  Ignores what follows the segment.
 */
static enum media_health
check_segment(struct media *m, int64_t offset, int64_t end)
{
	bool is_described = false, has_block = false, is_raw = false;
	struct element el;

	while (offset < end && !media_is_spent(m)) {
		bool is_open, is_element = read_element(m, offset, &el);

		if (media_is_spent(m))
			break;
		if (!is_element)
			return media_damaged(m,
			    "no Matroska element at byte %" PRId64, offset);
		is_open = el.id == ID_CLUSTER &&
		    (!has_block || el.size == -1 || el.from + el.size == end);
		if (el.size > end - el.from || (el.size == -1 && !is_open))
			return media_damaged(m,
			    "the element at byte %" PRId64
			    " runs past the end of the file",
			    offset);
		if (el.id == ID_TRACKS) {
			is_described |= has_tracks(m, &el);
			is_raw |= may_be_zeros(m, &el);
		}
		has_block |= is_described && is_block(m, &el, is_raw);
		offset = is_open ? el.from : el.from + el.size;
	}
	if (!is_described)
		return media_damaged(m, "it has no track description");
	if (!has_block)
		return media_damaged(m, "it has no cluster with a block");
	return MEDIA_WHOLE;
}

enum media_health
media_check_matroska(struct media *m)
{
	struct element el;

	if (!read_element(m, 0, &el) || el.id != ID_EBML || el.size == -1)
		return MEDIA_NONE;
	if (el.size > m->size - el.from ||
	    !read_element(m, el.from + el.size, &el) || el.id != ID_SEGMENT)
		return media_damaged(m, "it has no Matroska segment");
	if (el.size > m->size - el.from)
		return media_damaged(m,
		    "it is truncated: %" PRId64 " bytes are missing",
		    el.size - (m->size - el.from));
	return check_segment(m, el.from,
	    el.size == -1 ? m->size : el.from + el.size);
}

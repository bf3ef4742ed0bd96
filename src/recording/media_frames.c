#include "recording/media_internal.h"

enum {
	FRAME_HEADER = 6,
	LATE_BYTES = 8 * 1024,  /* a stream whose start is missing */
	LAST_BYTES = 24 * 1024, /* three of the largest frames */
};

/* ISO/IEC 11172-3, and 13818-3 with half the sampling rates; 0: not a frame. */
static int
mpeg_frame_size(const unsigned char *p)
{
	/* In 8 kbit/s, for layers I to III of 11172-3, then of 13818-3. */
	static const char rates[5][16] = {
		"\0\4\10\14\20\24\30\34\40\44\50\54\60\64\70",
		"\0\4\6\7\10\12\14\16\20\24\30\34\40\50\60",
		"\0\4\5\6\7\10\12\14\16\20\24\30\34\40\50",
		"\0\4\6\7\10\12\14\16\20\22\24\26\30\34\40",
		"\0\1\2\3\4\5\6\7\10\12\14\16\20\22\24",
	};
	static const int hertz[] = { 44100, 48000, 32000 };
	int version = p[1] >> 3 & 3, layer = 4 - (p[1] >> 1 & 3);
	int rate = p[2] >> 4, hz = p[2] >> 2 & 3, pad = p[2] >> 1 & 1;
	int halved = version == 3 ? 0 : version == 2 ? 1 : 2;
	int row = version == 3 ? layer - 1 : layer == 1 ? 3 : 4;

	if (p[0] != 0xff || p[1] < 0xe0 || version == 1 || layer == 4 ||
	    rate == 0 || rate == 15 || hz == 3)
		return 0;
	rate = rates[row][rate] * 8000;
	hz = hertz[hz] >> halved;
	return layer == 1          ? (12 * rate / hz + pad) * 4
	    : layer == 3 && halved ? 72 * rate / hz + pad
				   : 144 * rate / hz + pad;
}

/* The size of an MPEG audio, ADTS or LATM frame with this header. */
static int
frame_size(const unsigned char *p)
{
	if (p[0] == 0x56 && p[1] >> 5 == 7)
		return 3 + ((p[1] & 0x1f) << 8 | p[2]);
	if (p[0] == 0xff && (p[1] & 0xf6) == 0xf0)
		return (p[3] & 3) << 11 | p[4] << 3 | p[5] >> 5;
	return mpeg_frame_size(p);
}

/* Are two frames here, and the header of a third, all alike? */
static bool
is_chain(struct media *m, int64_t offset)
{
	unsigned char first[FRAME_HEADER] = { 0 };

	for (int i = 0; i < 3; i++) {
		const unsigned char *p = media_at(m, offset, FRAME_HEADER);
		int size = p ? frame_size(p) : 0;

		if (p && i == 0)
			memcpy(first, p, FRAME_HEADER);
		if (size <= FRAME_HEADER || p[0] != first[0] ||
		    (p[0] == 0xff &&
			(p[1] != first[1] || ((p[2] ^ first[2]) & 12))))
			return i == 2 && offset == m->size;
		offset += size;
	}
	return true;
}

bool
media_has_frames(struct media *m)
{
	for (int i = 0; i < LATE_BYTES; i++)
		if (is_chain(m, i))
			return true;
	return false;
}

bool
media_is_frame_end(struct media *m, int64_t end)
{
	int64_t at = end > LAST_BYTES ? end - LAST_BYTES : 0;

	while (at < end && !is_chain(m, at))
		at++;
	if (at >= end)
		return false;
	while (at < end) {
		const unsigned char *p = media_at(m, at, FRAME_HEADER);
		int size = p ? frame_size(p) : 0;

		if (size <= FRAME_HEADER)
			return false;
		at += size;
	}
	return at <= end + 2;
}

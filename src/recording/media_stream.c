#include "recording/media_internal.h"

enum {
	TAIL_BYTES = 64 * 1024,
	TS_PACKET = 188,
	TS_PACKETS = 8 * 1024,
	TS_PIDS = 8192,
	FRAME_BYTES = 128 * 1024,
	LEAST_FRAME_BYTES = 20,
	AVI_HEADER_BYTES = 200,
};

/* Their headers have no size: three frames that begin alike. */
static bool
has_flac_frames(struct media *m, int64_t offset)
{
	int64_t first = media_be(m, offset, 2);
	int frames = 0;

	for (int i = 0; i < FRAME_BYTES && frames < 3; i++, offset++)
		if (first >> 1 == 0xfff8 >> 1 &&
		    media_be(m, offset, 2) == first) {
			frames++;
			i = 0;
			offset += LEAST_FRAME_BYTES;
		}
	return frames == 3;
}

static bool
has_flac_frame(struct media *m, int64_t offset)
{
	/* 0 if the recorder did not finish. */
	int64_t least = media_be(m, offset + 8, 3), type;

	do {
		type = media_be(m, offset, 1);
		offset += 4 + media_be(m, offset + 1, 3);
	} while (type >= 0 && type < 0x80);
	return least > 0 ? media_be(m, offset, 2) >> 1 == 0xfff8 >> 1 &&
		least <= m->size - offset
			 : has_flac_frames(m, offset);
}

/*
 * The CRC with this polynomial of up to 32 bits, left-aligned.  The 4 bytes at
 * zeros count as zeros.
 */
static uint32_t
checksum(struct media *m, int64_t from, int64_t to, uint32_t polynomial,
    int64_t zeros)
{
	uint32_t sum = 0;

	for (int64_t at = from; at < to; at++) {
		bool is_zero = at >= zeros && at < zeros + 4;

		sum ^= (uint32_t)(is_zero ? 0 : media_be(m, at, 1)) << 24;
		for (int i = 0; i < 8; i++)
			sum = sum << 1 ^ (sum >> 31 ? polynomial : 0);
	}
	return sum;
}

/* A frame ends with its checksum, which may end in zeros. */
static bool
is_flac_end(struct media *m, int64_t end)
{
	int64_t at = end > FRAME_BYTES ? end - FRAME_BYTES : 0;

	for (; at < end - LEAST_FRAME_BYTES && !media_is_spent(m); at++)
		if (media_be(m, at, 2) >> 1 == 0xfff8 >> 1)
			for (int64_t n = 0; n <= 2; n++)
				if (checksum(m, at, end + n, 0x80050000,
					end + 2) == 0)
					return true;
	return false;
}

/*
 * A page on which a packet with data ends has a position.  The pages before it
 * are headers, without which nothing can be decoded.
 */
static bool
has_ogg_page(struct media *m, int64_t offset)
{
	bool is_beginning = media_be(m, offset + 5, 1) & 2;

	while (is_beginning && media_has(m, offset, "OggS", 4)) {
		bool has_position = media_le(m, offset + 6, 8) > 0;
		int64_t segments = media_be(m, offset + 26, 1);
		int64_t end = offset + 27 + segments;

		for (int64_t i = 0; i < segments; i++)
			end += media_be(m, offset + 27 + i, 1);
		if (end > m->size ||
		    checksum(m, offset, end, 0x04c11db7, offset + 22) !=
			media_le(m, offset + 22, 4))
			return false;
		if (has_position)
			return true;
		offset = end;
	}
	return false;
}

static bool
is_flv_tag(struct media *m, int64_t offset)
{
	int64_t type = media_be(m, offset, 1);

	return type == 8 || type == 9 || type == 18;
}

/* Is the first frame complete, of video if the file has any? */
static bool
has_flv_frame(struct media *m, int64_t offset)
{
	bool has_video = media_be(m, 4, 1) & 1;

	while (is_flv_tag(m, offset)) {
		int64_t type = media_be(m, offset, 1);
		int64_t size = media_be(m, offset + 1, 3);
		int64_t codec = media_be(m, offset + 11, 1);
		/*
		 * AVC and AAC start with their configuration, which is not a
		 * frame.
		 */
		bool is_config =
		    type == 9 ? (codec & 15) == 7 : codec >> 4 == 10;

		is_config &= media_be(m, offset + 12, 1) == 0;
		offset += 11 + size;
		if (codec == -1 || offset > m->size)
			return false;
		if (type == (has_video ? 9 : 8) && size > 1 && !is_config)
			return offset + 4 >= m->size ||
			    is_flv_tag(m, offset + 4);
		offset += 4;
	}
	return false;
}

/* Find the chunk of this id in a RIFF list, from *at on. */
static bool
find_chunk(struct media *m, const char *id, int64_t *at)
{
	while (!media_has(m, *at, id, 4)) {
		int64_t size = media_le(m, *at + 4, 4);

		if (size == -1)
			return false;
		*at += 8 + size + (size & 1);
	}
	return true;
}

/* Accepts samples up to the end of the file: the size is written last. */
static bool
has_wav_samples(struct media *m, int64_t offset)
{
	return find_chunk(m, "fmt ", &offset) &&
	    find_chunk(m, "data", &offset) &&
	    media_at(m, offset + 8, MEDIA_PROBE_BYTES);
}

/* As for FLV.  The header of a video stream is near the beginning. */
static bool
has_avi_chunk(struct media *m, int64_t offset)
{
	const unsigned char *head = media_at(m, 0, AVI_HEADER_BYTES);
	bool has_video = head && memmem(head, AVI_HEADER_BYTES, "vids", 4);

	while (find_chunk(m, "LIST", &offset) &&
	    !media_has(m, offset + 8, "movi", 4))
		offset += 8 + media_le(m, offset + 4, 4);
	for (offset += 12;;) {
		int64_t size = media_le(m, offset + 4, 4);

		if (size == -1 || size > m->size - offset - 8)
			return false;
		if (size > 0 &&
		    (!has_video || media_has(m, offset + 2, "d", 1)))
			return true;
		offset += 8 + size + (size & 1);
	}
}

/* Do packets of this size begin here? */
static bool
has_packets(struct media *m, int64_t offset, int bytes)
{
	for (int i = 0; i < 4; i++)
		if (!media_has(m, offset + i * bytes, "G", 1))
			return false;
	return true;
}

/*
 * Is there a complete unit, of video if the file has any? A unit ends where the
 * next one of its PID begins, or in a packet with stuffing.
 */
static bool
has_ts_unit(struct media *m, int64_t offset, int bytes)
{
	bool begun[TS_PIDS] = { false }, has_unit = false, has_table = false;
	int video = -1;

	for (int i = 0; i < TS_PACKETS; i++, offset += bytes) {
		const unsigned char *p = media_at(m, offset, TS_PACKET);
		int pid = p ? (p[1] & 0x1f) << 8 | p[2] : 0;
		int field = p && (p[3] & 0x20) ? 1 + p[4] : 0;
		/* Stuffing, not a clock, which can be in between. */
		bool is_end = field > 1 && !(p[5] & 0x10);

		if (p == NULL)
			break;
		has_table |= pid == 0;
		if ((p[1] & 0x40) && field < TS_PACKET - 8 &&
		    memcmp(p + 4 + field, "\0\0\1", 3) == 0) {
			if (video == -1 && p[4 + field + 3] >> 4 == 0xe)
				video = pid;
			is_end |= begun[pid];
			begun[pid] = true;
		}
		if (begun[pid] && is_end && pid == video && has_table)
			return true;
		has_unit |= begun[pid] && is_end;
	}
	return has_unit && has_table && video == -1;
}

/* The sector with the file's root is written last. */
static bool
has_wtv_root(struct media *m, int64_t offset)
{
	int64_t root = media_le(m, offset, 4);

	return root > 0 && root * 4096 < m->size;
}

/* The size of the pack header or packet here; 0: neither. */
static int64_t
ps_size(struct media *m, int64_t offset)
{
	int64_t id = media_be(m, offset, 4) - 0x100;
	bool is_new = media_be(m, offset + 4, 1) >> 6 == 1;

	if (id == 0xba)
		return is_new ? 14 + (media_be(m, offset + 13, 1) & 7) : 12;
	return id < 0xba || id > 0xff ? 0 : 6 + media_be(m, offset + 4, 2);
}

/* Is it a packet of video or sound, followed by a start code? */
static bool
has_ps_packet(struct media *m, int64_t offset)
{
	for (;;) {
		int64_t id = media_be(m, offset, 4) & 0xff;
		int64_t size = ps_size(m, offset);

		offset += size;
		if (size == 0 || offset > m->size)
			return false;
		if (id == 0xbd || (id >= 0xc0 && id < 0xf0))
			return offset == m->size ||
			    media_has(m, offset, "\0\0\1", 3);
	}
}

/* Does every packet end there? Packs may have zeros in between. */
static bool
is_ps_end(struct media *m, int64_t end)
{
	int64_t at = end > TAIL_BYTES ? end - TAIL_BYTES : 0;

	while (at < end && !media_is_spent(m)) {
		int64_t size = ps_size(m, at);

		at += size > 0 ? size : 1;
	}
	return at >= end && at <= end + 2;
}

/* The next frame has a later time, or was never written. */
static bool
has_ivf_frame(struct media *m, int64_t offset)
{
	int64_t size = media_le(m, offset, 4), at = media_le(m, offset + 4, 8);
	int64_t next = offset + 12 + size;

	return size > 0 &&
	    ((next <= m->size && media_is_empty(m, next, m->size)) ||
		(media_le(m, next, 4) > 0 && media_le(m, next + 4, 8) > at &&
		    media_le(m, next + 4, 8) - at < FRAME_BYTES));
}

#define MAGIC(text) (text), sizeof(text) - 1

static const struct kind {
	int at;
	const char *magic;
	size_t n;
	/* Is there a unit at or after the offset? */
	bool (*has_unit)(struct media *, int64_t offset);
	int offset;
	bool may_be_zeros; /* such as silence in PCM */
	/*
	 * Without has_unit: this follows the magic, and more than offset bytes
	 * are there that are not text.
	 */
	const char *next;
} kinds[] = {
	{ 0, MAGIC("OggS"), has_ogg_page, 0, false, "" },
	{ 0, MAGIC("fLaC"), has_flac_frame, 4, false, "" },
	{ 0, MAGIC("FLV\1"), has_flv_frame, 13, false, "" },
	{ 8, MAGIC("WAVE"), has_wav_samples, 12, true, "" },
	{ 8, MAGIC("AVI "), has_avi_chunk, 12, true, "" },
	{ 0, MAGIC("\xb7\xd8\0\x20\x37\x49\xda\x11"), has_wtv_root, 56, false,
	    "" },
	{ 0, MAGIC("\0\0\1\xba"), has_ps_packet, 0, false, "" },
	{ 0, MAGIC("DKIF"), has_ivf_frame, 32, true, "" },
	{ 0, MAGIC("nut/multimedia container"), NULL, 25, false,
	    "NK\xe4\xad\xee\xca\x45\x69" },
	{ 0, MAGIC("\6\16+4\2\5\1\1"), NULL, 4096, false, "" }, /* MXF */
	{ 0, MAGIC("\0\0\0\0\1\xbc"), NULL, 1024, false, "" },  /* GXF */
	{ 0, MAGIC("0&\xb2\x75\x8e\x66"), NULL, 3200, false,
	    "\x36\x26\xb2\x75\x8e\x66" }, /* ASF */
	{ 0, MAGIC(".RMF"), NULL, 500, false, "DATA" },
	{ 0, MAGIC("FWS"), NULL, 100, false, "" },
	{ 0, MAGIC("CWS"), NULL, 100, false, "" },
	{ 0, MAGIC("\0\nSMJPEG"), NULL, 100, false, "" },
	{ 0, MAGIC("wvpk"), NULL, 4, false, "wvpk" },
	{ 0, MAGIC("#!AMR"), NULL, 20, false, "" },
	{ 0, MAGIC("\x1f\7\0"), NULL, 120000, true, "" }, /* DV */
	{ 0, MAGIC("YUV4MPEG2 "), NULL, 1024, true, "\nFRAME" },
	{ 0, MAGIC("TTA1"), NULL, 100, true, "" },
	{ 8, MAGIC("AIFF"), NULL, 100, true, "SSND" },
	{ 8, MAGIC("AIFC"), NULL, 100, true, "SSND" },
	{ 0, MAGIC("caff"), NULL, 100, true, "" },
	{ 0, MAGIC("riff.\x91\xcf\x11"), NULL, 200, true, "" }, /* Wave64 */
	{ 0, MAGIC("STRM"), NULL, 100, true, "" },
	{ 0, MAGIC(".snd"), NULL, 24, true, "" },
	{ 0, MAGIC("\x64\xa3\1\0"), NULL, 8, true, "" }, /* IRCAM */
	{ 0, MAGIC("Creative Voice File"), NULL, 32, true, "" },
	{ 0, MAGIC(".SoX"), NULL, 32, true, "" },
};

static const struct kind *
find_kind(struct media *m)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (media_has(m, kinds[i].at, kinds[i].magic, kinds[i].n))
			return &kinds[i];
	return NULL;
}

/* Is the middle text with blanks? A one-colour picture has no blanks. */
static bool
is_text(struct media *m)
{
	int64_t half = m->size / 2;
	int64_t n = half < MEDIA_WINDOW_BYTES ? half : MEDIA_WINDOW_BYTES;
	const unsigned char *p = media_at(m, half, (size_t)n);
	bool has_blank = false;

	for (int64_t i = 0; p && i < n; i++) {
		has_blank |= p[i] == ' ';
		if (p[i] == '\0' || p[i] > 0x7e ||
		    (p[i] < ' ' && !strchr("\t\n\r", p[i])))
			return false;
	}
	return has_blank;
}

static bool
has_bytes(struct media *m, const struct kind *kind)
{
	size_t n = strlen(kind->next);
	int64_t at = kind->at + (int64_t)kind->n, end = at + FRAME_BYTES;

	while (at < end && !media_has(m, at, kind->next, n))
		at++;
	return at < end && m->size > kind->offset &&
	    ((kind->may_be_zeros && n > 0) || !is_text(m));
}

/* As left by a power cut.  In a small file, three quarters count. */
static bool
ends_in_zeros(struct media *m)
{
	int64_t n = m->size / 4 * 3, at;

	at = m->size - (n > TAIL_BYTES ? TAIL_BYTES : n);
	while (at < m->size && media_is_empty(m, at, m->size))
		at += MEDIA_PROBE_BYTES;
	return at >= m->size;
}

/* The offset after the last byte that is not zero. */
static int64_t
find_end(struct media *m)
{
	int64_t from = 0, to = m->size;

	while (to - from > MEDIA_PROBE_BYTES) {
		int64_t at = from + (to - from) / 2;

		*(media_is_empty(m, at, m->size) ? &to : &from) = at;
	}
	while (to > from && media_be(m, to - 1, 1) == 0)
		to--;
	return to;
}

/* Players skip zeros after a complete last frame. */
static bool
has_whole_end(struct media *m, const struct kind *kind)
{
	int64_t end;

	if ((kind && kind->may_be_zeros) || !ends_in_zeros(m))
		return true;
	end = find_end(m);
	return kind == NULL                    ? media_is_frame_end(m, end)
	    : kind->has_unit == has_flac_frame ? is_flac_end(m, end)
	    : kind->has_unit == has_ps_packet  ? is_ps_end(m, end)
					       : false;
}

static enum media_health
conclude(struct media *m, bool has_unit, const struct kind *kind)
{
	if (!has_unit)
		return media_damaged(m, "it has no complete frame");
	if (!has_whole_end(m, kind))
		return media_damaged(m, "it ends in zeros");
	return MEDIA_WHOLE;
}

enum media_health
media_check_stream(struct media *m)
{
	static const int packets[] = { TS_PACKET, 192, 204 };
	const struct kind *kind = find_kind(m);

	/* Players take data after several tags for sound. */
	if (kind != NULL && m->tags > 1 && kind->has_unit != has_flac_frame)
		return MEDIA_NONE;
	if (kind != NULL)
		return conclude(m,
		    kind->has_unit ? kind->has_unit(m, kind->offset)
				   : has_bytes(m, kind),
		    kind);
	for (int i = 0; i < 3; i++)
		for (int from = 0; from < MEDIA_WINDOW_BYTES; from++)
			if (has_packets(m, from, packets[i]))
				return conclude(m,
				    has_ts_unit(m, from, packets[i]), NULL);
	if (m->tags > 0 || media_has_frames(m))
		return conclude(m, media_has_frames(m), NULL);
	return MEDIA_NONE;
}

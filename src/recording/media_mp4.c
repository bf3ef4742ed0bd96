#include "recording/media_mp4_internal.h"

enum { PROBES = 16, MAX_SUMMED = 4096 };

/* Box types that a file may begin with. */
#define FIRST "ftyp styp moov moof mdat free skip wide pnot sidx uuid"

/* The boxes that locate the samples of a track. */
struct table {
	struct box codec, sizes, chunks, runs;
	int64_t n_sizes, n_chunks, n_runs;
	int width; /* of an offset */
};

static bool
find_table(struct media *m, const struct box *trak, struct table *t)
{
	struct box stbl;

	if (!mp4_find(m, trak, "mdiaminfstbl", &stbl) ||
	    !mp4_find(m, &stbl, "stsz", &t->sizes) ||
	    !mp4_find(m, &stbl, "stsc", &t->runs))
		return false;
	if (!mp4_find(m, &stbl, "stsd", &t->codec))
		t->codec = (struct box){ 0 };
	t->width = mp4_find(m, &stbl, "stco", &t->chunks) ? 4 : 8;
	if (t->width == 8 && !mp4_find(m, &stbl, "co64", &t->chunks))
		return false;
	t->n_sizes = media_be(m, t->sizes.from + MP4_FULL + 4, 4);
	t->n_chunks = media_be(m, t->chunks.from + MP4_FULL, 4);
	t->n_runs = media_be(m, t->runs.from + MP4_FULL, 4);
	return t->n_sizes > 0 && t->n_chunks > 0 && t->n_runs > 0;
}

/* -1: not in the table. */
static int64_t
offset_of_chunk(struct media *m, const struct table *t, int64_t i)
{
	return media_be(m, t->chunks.from + MP4_FULL + 4 + i * t->width,
	    t->width);
}

/* The bytes of the last chunk, or of enough of its last samples. */
static int64_t
size_of_last_chunk(struct media *m, const struct table *t)
{
	int64_t n =
	    media_be(m, t->runs.from + MP4_FULL + t->n_runs * 12 - 4, 4);
	int64_t each = media_be(m, t->sizes.from + MP4_FULL, 4), sum = 0;

	if (n > t->n_sizes)
		n = t->n_sizes;
	if (each > 0)
		return n > m->size / each ? m->size + 1 : n * each;
	for (int64_t i = 1; i <= n && i <= MAX_SUMMED; i++)
		sum += media_be(m,
		    t->sizes.from + MP4_FULL + 8 + (t->n_sizes - i) * 4, 4);
	return sum;
}

/* How many of its chunks begin with zeros only? */
static int
count_empty(struct media *m, const struct table *t)
{
	int empty = 0;

	for (int64_t i = 0; i < PROBES; i++)
		empty += media_is_empty(m,
		    offset_of_chunk(m, t, i * (t->n_chunks - 1) / (PROBES - 1)),
		    m->size);
	return empty;
}

/* Codecs that encode silence or black as zeros: uncompressed, and ADPCM. */
static bool
may_be_zeros(struct media *m, const struct box *codec)
{
	static const char raw[] =
	    "raw twossowtlpcmipcmfpcmin24in32fl32fl64ulawalawv210"
	    "ima4ms\0\1ms\0\2ms\0\6ms\0\7ms\0\021";

	for (const char *type = raw; *type; type += 4)
		if (media_has(m, codec->from + MP4_FULL + 8, type, 4))
			return true;
	return false;
}

/* Are its samples H.264 or H.265 NAL units with 4-byte lengths? */
static bool
has_units(struct media *m, const struct box *codec)
{
	enum { ENTRY = 94 };
	const struct box entry = { codec->from + ENTRY, codec->to, .type = "" };
	struct box config;

	if (mp4_find(m, &entry, "avcC", &config))
		return (media_be(m, config.from + 4, 1) & 3) == 3;
	return mp4_find(m, &entry, "hvcC", &config) &&
	    (media_be(m, config.from + 21, 1) & 3) == 3;
}

static bool
is_first_sample(struct media *m, const struct table *t)
{
	int64_t size = media_be(m, t->sizes.from + MP4_FULL, 4);

	if (!has_units(m, &t->codec))
		return true;
	if (size == 0)
		size = media_be(m, t->sizes.from + MP4_FULL + 8, 4);
	return mp4_is_sample(m, offset_of_chunk(m, t, 0), size);
}

/* Sound may begin with silence, which is zeros in some formats. */
static void
check_track(struct media *m, const struct box *trak, struct movie *movie)
{
	struct box handler;
	struct table t;
	bool is_video;
	int64_t last;
	int empty;

	if (!mp4_find(m, trak, "mdiahdlr", &handler) ||
	    !find_table(m, trak, &t))
		return;
	is_video = media_has(m, handler.from + MP4_FULL + 4, "vide", 4);
	if (!is_video && !media_has(m, handler.from + MP4_FULL + 4, "soun", 4))
		return;
	last = offset_of_chunk(m, &t, t.n_chunks - 1);
	empty = count_empty(m, &t);
	if (may_be_zeros(m, &t.codec))
		empty = 0;
	movie->has_samples |= empty < PROBES;
	if (media_is_spent(m))
		return;
	if (last == -1 || last > m->size - size_of_last_chunk(m, &t))
		movie->health = media_damaged(m,
		    "it is truncated: its last samples are missing");
	else if (is_video && empty > 0)
		movie->health =
		    media_damaged(m, "it has zeros in place of samples");
	else if (!is_first_sample(m, &t))
		movie->health =
		    media_damaged(m, "its first sample is not a frame");
}

/* Fragments refer to the track by its id. */
static void
note_codec(struct media *m, const struct box *trak, struct movie *movie)
{
	struct box codec, head;
	int64_t id;

	if (!mp4_find(m, trak, "mdiaminfstblstsd", &codec))
		return;
	movie->may_be_zeros |= may_be_zeros(m, &codec);
	if (!has_units(m, &codec) || !mp4_find(m, trak, "tkhd", &head))
		return;
	id = head.from + MP4_FULL + (media_be(m, head.from, 1) == 1 ? 16 : 8);
	movie->units = media_be(m, id, 4);
}

/*
 * Can players do without the missing end of this box of moov?  They need all
 * tables of a track that has begun, but not what may follow these.
 */
static bool
may_be_cut(struct media *m, struct box b)
{
	struct table t;

	if (mp4_is(&b, "trak") && !find_table(m, &b, &t))
		return false;
	while (b.is_cut && strstr("trak mdia minf stbl udta", b.type)) {
		int64_t at = b.from, end = b.to;

		b.is_cut = false;
		while (mp4_next(m, &at, end, &b))
			;
	}
	/* FFmpeg gives up at a text that ends early, by up to 4 bytes. */
	if (b.is_cut && b.type[0] == '\xa9')
		return (uint64_t)media_be(m, b.from, 2) >
		    (uint64_t)(b.to - b.from);
	return !b.is_cut || strstr("meta sgpd sbgp", b.type);
}

static void
check_moov(struct media *m, const struct box *moov, struct movie *movie)
{
	int64_t offset = moov->from;
	struct box b;

	movie->has_moov = true;
	while (mp4_next(m, &offset, moov->to, &b)) {
		movie->has_track |= mp4_is(&b, "trak");
		if (b.is_cut && !may_be_cut(m, b))
			movie->health =
			    media_damaged(m, "its moov box is truncated");
		else if (mp4_is(&b, "trak"))
			check_track(m, &b, movie);
		if (mp4_is(&b, "trak"))
			note_codec(m, &b, movie);
	}
}

enum media_health
media_check_mp4(struct media *m)
{
	struct movie movie = { .health = MEDIA_WHOLE };
	int64_t offset = 0;
	struct box b;

	if (!mp4_next(m, &offset, m->size, &b) || !strstr(FIRST, b.type))
		return MEDIA_NONE;
	do {
		if (mp4_is(&b, "moov"))
			check_moov(m, &b, &movie);
		if (mp4_is(&b, "moof") || mp4_is(&b, "mdat"))
			mp4_check_fragment(m, &b, &movie);
	} while (
	    movie.health == MEDIA_WHOLE && mp4_next(m, &offset, m->size, &b));
	if (movie.health == MEDIA_WHOLE)
		mp4_check_last_fragment(m, &movie);
	if (movie.health != MEDIA_WHOLE)
		return movie.health;
	if (!movie.has_moov)
		return media_damaged(m, "it has no moov box");
	if (!movie.has_track || !movie.has_samples)
		return media_damaged(m, "its moov box lists no samples");
	return MEDIA_WHOLE;
}

#include <inttypes.h>

#include "recording/media_internal.h"

enum { HEADER = 8, WIDE_HEADER = 16, FULL = 4, PROBES = 16, MAX_SUMMED = 4096 };

/* Box types that a file may begin with. */
#define FIRST "ftyp styp moov moof mdat free skip wide pnot sidx uuid"

struct box {
	int64_t from, to; /* its content, as far as present */
	bool is_cut;
	char type[5];
};

struct movie {
	bool has_moov, has_track, has_samples;
	bool is_moof;    /* its samples are in the next mdat */
	struct box last; /* the last mdat not examined; to 0: none */
	struct box last_moof;
	int64_t units; /* track whose samples are NAL units; 0: none */
	enum media_health health; /* if MEDIA_DAMAGED, why is set */
};

/* Players stop at anything that is not a box. */
static bool
is_type(const unsigned char *p)
{
	for (int i = 0; i < 4; i++)
		if ((p[i] < 0x20 || p[i] > 0x7e) && p[i] != 0xa9)
			return false;
	return true;
}

/* Read the box at *offset and move past it; false: there is none. */
static bool
next_box(struct media *m, int64_t *offset, int64_t end, struct box *b)
{
	const unsigned char *p = media_at(m, *offset, HEADER);
	int64_t header = HEADER, size = media_be(m, *offset, 4);

	if (p == NULL || *offset > end - HEADER)
		return false;
	memcpy(b->type, p + 4, 4);
	b->type[4] = '\0';
	if (!is_type(p + 4))
		return false;
	if (size == 1) {
		header = WIDE_HEADER;
		size = media_be(m, *offset + HEADER, 8);
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

static bool
is_box(const struct box *b, const char *type)
{
	return memcmp(b->type, type, 4) == 0;
}

/* The next box of this type. */
static bool
next_of(struct media *m, int64_t *offset, int64_t end, const char *type,
    struct box *b)
{
	while (next_box(m, offset, end, b))
		if (is_box(b, type))
			return true;
	return false;
}

/* The box at this path of four-letter types below parent. */
static bool
find_box(struct media *m, const struct box *parent, const char *path,
    struct box *found)
{
	for (*found = *parent; *path; path += 4) {
		int64_t offset = found->from;

		if (!next_of(m, &offset, found->to, path, found))
			return false;
	}
	return true;
}

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

	if (!find_box(m, trak, "mdiaminfstbl", &stbl) ||
	    !find_box(m, &stbl, "stsz", &t->sizes) ||
	    !find_box(m, &stbl, "stsc", &t->runs))
		return false;
	if (!find_box(m, &stbl, "stsd", &t->codec))
		t->codec = (struct box){ 0 };
	t->width = find_box(m, &stbl, "stco", &t->chunks) ? 4 : 8;
	if (t->width == 8 && !find_box(m, &stbl, "co64", &t->chunks))
		return false;
	t->n_sizes = media_be(m, t->sizes.from + FULL + 4, 4);
	t->n_chunks = media_be(m, t->chunks.from + FULL, 4);
	t->n_runs = media_be(m, t->runs.from + FULL, 4);
	return t->n_sizes > 0 && t->n_chunks > 0 && t->n_runs > 0;
}

/* -1: not in the table. */
static int64_t
offset_of_chunk(struct media *m, const struct table *t, int64_t i)
{
	return media_be(m, t->chunks.from + FULL + 4 + i * t->width, t->width);
}

/* The bytes of the last chunk, or of enough of its last samples. */
static int64_t
size_of_last_chunk(struct media *m, const struct table *t)
{
	int64_t n = media_be(m, t->runs.from + FULL + t->n_runs * 12 - 4, 4);
	int64_t each = media_be(m, t->sizes.from + FULL, 4), sum = 0;

	if (n > t->n_sizes)
		n = t->n_sizes;
	if (each > 0)
		return n > m->size / each ? m->size + 1 : n * each;
	for (int64_t i = 1; i <= n && i <= MAX_SUMMED; i++)
		sum += media_be(m,
		    t->sizes.from + FULL + 8 + (t->n_sizes - i) * 4, 4);
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

/* Codecs that encode silence or black as zeros. */
static bool
may_be_zeros(struct media *m, const struct table *t)
{
	static const char raw[] =
	    "raw twossowtlpcmin24in32fl32fl64ulawalawv210";

	for (const char *type = raw; *type; type += 4)
		if (media_has(m, t->codec.from + FULL + 8, type, 4))
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

	if (find_box(m, &entry, "avcC", &config))
		return (media_be(m, config.from + 4, 1) & 3) == 3;
	return find_box(m, &entry, "hvcC", &config) &&
	    (media_be(m, config.from + 21, 1) & 3) == 3;
}

/* Do the lengths of its NAL units add up to the sample? */
static bool
is_sample(struct media *m, int64_t at, int64_t size)
{
	int64_t n;

	if (at < 0 || at > m->size)
		return false;
	for (size += at; at < size; at += 4 + n)
		if ((n = media_be(m, at, 4)) == -1)
			return false;
	return at == size || media_is_spent(m);
}

static bool
is_first_sample(struct media *m, const struct table *t)
{
	int64_t size = media_be(m, t->sizes.from + FULL, 4);

	if (!has_units(m, &t->codec))
		return true;
	if (size == 0)
		size = media_be(m, t->sizes.from + FULL + 8, 4);
	return is_sample(m, offset_of_chunk(m, t, 0), size);
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

	if (!find_box(m, trak, "mdiahdlr", &handler) ||
	    !find_table(m, trak, &t))
		return;
	is_video = media_has(m, handler.from + FULL + 4, "vide", 4);
	if (!is_video && !media_has(m, handler.from + FULL + 4, "soun", 4))
		return;
	last = offset_of_chunk(m, &t, t.n_chunks - 1);
	empty = count_empty(m, &t);
	if (may_be_zeros(m, &t))
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
note_units(struct media *m, const struct box *trak, struct movie *movie)
{
	struct box codec, head;
	int64_t id;

	if (!find_box(m, trak, "mdiaminfstblstsd", &codec) ||
	    !has_units(m, &codec) || !find_box(m, trak, "tkhd", &head))
		return;
	id = head.from + FULL + (media_be(m, head.from, 1) == 1 ? 16 : 8);
	movie->units = media_be(m, id, 4);
}

static void
check_moov(struct media *m, const struct box *moov, struct movie *movie)
{
	int64_t offset = moov->from;
	struct box b, meta;

	movie->has_moov = true;
	while (next_box(m, &offset, moov->to, &b)) {
		movie->has_track |= is_box(&b, "trak");
		/* Players accept truncated metadata boxes. */
		if (b.is_cut &&
		    (is_box(&b, "trak") ||
			(moov->is_cut && !find_box(m, &b, "meta", &meta))))
			movie->health =
			    media_damaged(m, "its moov box is truncated");
		else if (is_box(&b, "trak"))
			check_track(m, &b, movie);
		if (is_box(&b, "trak"))
			note_units(m, &b, movie);
	}
}

/*
 * Is the first sample of this run valid? Its offset and size are looked up
 * where they usually are (ISO/IEC 14496-12, 8.8.7 and 8.8.8).
 */
static bool
is_first_of_run(struct media *m, const struct box *moof, const struct box *traf,
    const struct box *trun, int64_t units)
{
	enum {
		BASE = 1,
		BASE_IS_MOOF = 0x20000,
		OFFSET = 1,
		FIRST_FLAGS = 4,
		DURATIONS = 0x100,
		SIZES = 0x200
	};
	int64_t run = media_be(m, trun->from, 4), track, at, size;
	struct box head;

	if (!find_box(m, traf, "tfhd", &head) || units == 0 ||
	    media_be(m, head.from + FULL, 4) != units || !(run & OFFSET) ||
	    !(run & SIZES))
		return true;
	track = media_be(m, head.from, 4);
	if (!(track & (BASE | BASE_IS_MOOF)))
		return true;
	at = track & BASE ? media_be(m, head.from + FULL + 4, 8)
			  : moof->from - HEADER;
	if (at > m->size)
		return false;
	size = trun->from + FULL + 8 + (run & FIRST_FLAGS) +
	    (run & DURATIONS ? 4 : 0);
	return is_sample(m, at + media_be(m, trun->from + FULL + 4, 4),
	    media_be(m, size, 4));
}

/*
 * Players give up the whole file at a sample without a size, and at a run that
 * continues past the end of the file.
 */
static bool
is_run_listed(struct media *m, const struct box *trun)
{
	enum { OFFSET = 1, FIRST_FLAGS = 4, SIZES = 0x200, FIELDS = 0xf00 };
	int64_t run = media_be(m, trun->from, 4);
	int64_t n = media_be(m, trun->from + FULL, 4);
	int64_t at = trun->from + FULL + 4 + (run & OFFSET ? 4 : 0) +
	    (run & FIRST_FLAGS);
	int64_t each = 4 * __builtin_popcountll((uint64_t)run & FIELDS);

	if (run == -1 || n <= 0)
		return true;
	if (at + n * each > m->size)
		return false;
	/* The duration comes first. */
	at += run & 0x100 ? 4 : 0;
	for (; (run & SIZES) && n > 0 && !media_is_spent(m); n--, at += each)
		if (media_be(m, at, 4) == 0)
			return false;
	return true;
}

/* Can the table of a track's part of a fragment be read? */
static bool
is_part_listed(struct media *m, const struct box *traf)
{
	int64_t at = traf->from;
	struct box b;

	if (find_box(m, traf, "tfhd", &b) &&
	    media_be(m, b.from + FULL, 4) <= 0 && !media_is_spent(m))
		return false;
	while (next_of(m, &at, traf->to, "trun", &b))
		if (!is_run_listed(m, &b))
			return false;
	return true;
}

/* Does a track's part of a fragment have samples, all of them valid? */
static bool
has_run(struct media *m, const struct box *moof, int64_t units)
{
	int64_t in_moof = moof->from;
	bool has_samples = false;
	struct box traf, trun;

	while (next_of(m, &in_moof, moof->to, "traf", &traf))
		for (int64_t at = traf.from;
		     next_of(m, &at, traf.to, "trun", &trun);) {
			if (media_be(m, trun.from + FULL, 4) <= 0)
				continue;
			if (!is_first_of_run(m, moof, &traf, &trun, units))
				return false;
			has_samples = true;
		}
	return has_samples;
}

/* Check the table of a fragment. */
static void
check_moof(struct media *m, const struct box *moof, struct movie *movie)
{
	int64_t at = moof->from;
	struct box traf;

	while (next_of(m, &at, moof->to, "traf", &traf))
		if (!is_part_listed(m, &traf))
			movie->health = media_damaged(m,
			    "it is damaged in the fragment at byte %" PRId64,
			    moof->from);
}

/* Check the data of a fragment. */
static void
check_mdat(struct media *m, const struct box *mdat, struct movie *movie)
{
	int64_t end = mdat->to - MEDIA_PROBE_BYTES;

	/* Players end here without an error. */
	if (mdat->is_cut && mdat->from == m->size)
		return;
	if (mdat->is_cut)
		movie->health = media_damaged(m,
		    "it is truncated in the fragment at byte %" PRId64,
		    mdat->from);
	else if (media_is_empty(m, mdat->from, mdat->to) ||
	    media_is_empty(m, end > mdat->from ? end : mdat->from, mdat->to))
		movie->health = media_damaged(m,
		    "it has zeros in the fragment at byte %" PRId64,
		    mdat->from);
	else
		movie->has_samples = true;
}

/*
 * Checks the headers of all fragments and the data of the last.  Once the limit
 * is near, the tables of the others are not read.
 */
static void
check_fragment(struct media *m, const struct box *b, struct movie *movie)
{
	bool is_brief = movie->has_samples && media_saves(m);

	if (is_box(b, "mdat") && movie->is_moof && is_brief)
		movie->last = *b;
	else if (is_box(b, "mdat") && movie->is_moof)
		check_mdat(m, b, movie);
	movie->is_moof = is_box(b, "moof") &&
	    (is_brief || has_run(m, b, movie->has_samples ? 0 : movie->units));
	if (!is_box(b, "moof"))
		return;
	movie->last_moof = *b;
	if (!is_brief)
		check_moof(m, b, movie);
}

/* What the end of the file shows. */
static void
check_last_fragment(struct media *m, struct movie *movie)
{
	if (movie->last_moof.to > 0)
		check_moof(m, &movie->last_moof, movie);
	if (movie->health == MEDIA_WHOLE && movie->last.to > 0)
		check_mdat(m, &movie->last, movie);
	if (movie->health == MEDIA_WHOLE && movie->is_moof &&
	    has_run(m, &movie->last_moof, 0))
		movie->health = media_damaged(m,
		    "it is truncated after the moof box at byte %" PRId64,
		    movie->last_moof.from);
}

enum media_health
media_check_mp4(struct media *m)
{
	struct movie movie = { .health = MEDIA_WHOLE };
	int64_t offset = 0;
	struct box b;

	if (!next_box(m, &offset, m->size, &b) || !strstr(FIRST, b.type))
		return MEDIA_NONE;
	do {
		if (is_box(&b, "moov"))
			check_moov(m, &b, &movie);
		if (is_box(&b, "moof") || is_box(&b, "mdat"))
			check_fragment(m, &b, &movie);
	} while (
	    movie.health == MEDIA_WHOLE && next_box(m, &offset, m->size, &b));
	if (movie.health == MEDIA_WHOLE)
		check_last_fragment(m, &movie);
	if (movie.health != MEDIA_WHOLE)
		return movie.health;
	if (!movie.has_moov)
		return media_damaged(m, "it has no moov box");
	if (!movie.has_track || !movie.has_samples)
		return media_damaged(m, "its moov box lists no samples");
	return MEDIA_WHOLE;
}

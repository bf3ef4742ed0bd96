#include <inttypes.h>

#include "recording/media_mp4_internal.h"

/* ISO/IEC 14496-12, 8.8.7 and 8.8.8: which members are there. */
enum {
	TFHD_BASE = 1,
	TFHD_ENTRY = 2,
	TFHD_DURATION = 8,
	TFHD_SIZE = 0x10,
	TFHD_BASE_IS_MOOF = 0x20000,
	TRUN_OFFSET = 1,
	TRUN_FIRST_FLAGS = 4,
	TRUN_DURATIONS = 0x100,
	TRUN_SIZES = 0x200,
	TRUN_FIELDS = 0xf00,
};

/* A run of samples in a fragment. */
struct run {
	int64_t flags, n;
	int64_t sizes, each; /* where its list of sizes is, and its steps */
	int64_t size;        /* without a list, of each sample; 0: unknown */
	int64_t to;          /* the end of the list */
};

static struct run
read_run(struct media *m, const struct box *traf, const struct box *trun)
{
	struct run r = { .flags = media_be(m, trun->from, 4),
		.n = media_be(m, trun->from + MP4_FULL, 4) };
	int64_t track, list = trun->from + MP4_FULL + 4;
	struct box head;

	if (mp4_find(m, traf, "tfhd", &head) &&
	    (track = media_be(m, head.from, 4)) != -1 && (track & TFHD_SIZE))
		r.size = media_be(m,
		    head.from + MP4_FULL + 4 + (track & TFHD_BASE ? 8 : 0) +
			(track & TFHD_ENTRY ? 4 : 0) +
			(track & TFHD_DURATION ? 4 : 0),
		    4);
	list += (r.flags & TRUN_OFFSET ? 4 : 0) + (r.flags & TRUN_FIRST_FLAGS);
	r.each = 4 * __builtin_popcountll((uint64_t)r.flags & TRUN_FIELDS);
	r.sizes = list + (r.flags & TRUN_DURATIONS ? 4 : 0);
	r.to = list + r.n * r.each;
	return r;
}

/* The size of a sample; 0: unknown. */
static int64_t
size_in_run(struct media *m, const struct run *r, int64_t i)
{
	return r->flags & TRUN_SIZES ? media_be(m, r->sizes + i * r->each, 4)
				     : r->size;
}

/* Is the first sample of this run valid, as far as its codec is known? */
static bool
is_first_of_run(struct media *m, const struct box *moof, const struct box *traf,
    const struct box *trun, int64_t units)
{
	struct run r = read_run(m, traf, trun);
	int64_t track, at, size = size_in_run(m, &r, 0);
	struct box head;

	if (!mp4_find(m, traf, "tfhd", &head) || units == 0 ||
	    media_be(m, head.from + MP4_FULL, 4) != units ||
	    !(r.flags & TRUN_OFFSET) || size <= 0)
		return true;
	track = media_be(m, head.from, 4);
	if (!(track & (TFHD_BASE | TFHD_BASE_IS_MOOF)))
		return true;
	at = track & TFHD_BASE ? media_be(m, head.from + MP4_FULL + 4, 8)
			       : moof->from - MP4_HEADER;
	if (at > m->size)
		return false;
	return mp4_is_sample(m, at + media_be(m, trun->from + MP4_FULL + 4, 4),
	    size);
}

/*
 * Players give up the whole file at a sample without a size, and at a run that
 * continues past the end of the file.
 */
static bool
is_run_listed(struct media *m, const struct run *r)
{
	if (r->flags == -1 || r->n <= 0)
		return true;
	if (r->to > m->size)
		return false;
	for (int64_t i = 0;
	     (r->flags & TRUN_SIZES) && i < r->n && !media_is_spent(m); i++)
		if (size_in_run(m, r, i) == 0)
			return false;
	return true;
}

/* Can the table of a track's part of a fragment be read? */
static bool
is_part_listed(struct media *m, const struct box *traf)
{
	int64_t at = traf->from;
	struct box b;

	if (mp4_find(m, traf, "tfhd", &b) &&
	    media_be(m, b.from + MP4_FULL, 4) <= 0 && !media_is_spent(m))
		return false;
	while (mp4_next_of(m, &at, traf->to, "trun", &b)) {
		struct run r = read_run(m, traf, &b);

		if (!is_run_listed(m, &r))
			return false;
	}
	return true;
}

/* The size of the last sample of a fragment; 0: unknown. */
static int64_t
size_of_last(struct media *m, const struct box *moof)
{
	int64_t in_moof = moof->from, size = 0;
	struct box traf, trun;

	while (mp4_next_of(m, &in_moof, moof->to, "traf", &traf))
		for (int64_t at = traf.from;
		     mp4_next_of(m, &at, traf.to, "trun", &trun);) {
			struct run r = read_run(m, &traf, &trun);

			if (r.n > 0)
				size = size_in_run(m, &r, r.n - 1);
		}
	return size;
}

/* Does a track's part of a fragment have samples, all of them valid? */
static bool
has_run(struct media *m, const struct box *moof, int64_t units)
{
	int64_t in_moof = moof->from;
	bool has_samples = false;
	struct box traf, trun;

	while (mp4_next_of(m, &in_moof, moof->to, "traf", &traf))
		for (int64_t at = traf.from;
		     mp4_next_of(m, &at, traf.to, "trun", &trun);) {
			if (media_be(m, trun.from + MP4_FULL, 4) <= 0)
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

	while (mp4_next_of(m, &at, moof->to, "traf", &traf))
		if (!is_part_listed(m, &traf))
			movie->health = media_damaged(m,
			    "it is damaged in the fragment at byte %" PRId64,
			    moof->from);
}

/* Are there zeros where the first or the last sample of a fragment begins? */
static bool
has_hole(struct media *m, const struct box *moof, const struct box *mdat)
{
	int64_t size = size_of_last(m, moof), all = mdat->to - mdat->from;

	if (size <= 0)
		size = MEDIA_PROBE_BYTES;
	return media_is_empty(m, mdat->from, mdat->to) ||
	    media_is_empty(m, mdat->to - (size < all ? size : all), mdat->to);
}

/* Check the data of a fragment. */
static void
check_mdat(struct media *m, const struct box *mdat, struct movie *movie)
{
	/* Players end here without an error. */
	if (mdat->is_cut && mdat->from == m->size)
		return;
	if (mdat->is_cut)
		movie->health = media_damaged(m,
		    "it is truncated in the fragment at byte %" PRId64,
		    mdat->from);
	else if (!movie->may_be_zeros && has_hole(m, &movie->last_moof, mdat))
		movie->health = media_damaged(m,
		    "it has zeros in the fragment at byte %" PRId64,
		    mdat->from);
	else
		movie->has_samples |= mdat->to > mdat->from;
}

void
mp4_check_fragment(struct media *m, const struct box *b, struct movie *movie)
{
	bool is_brief = movie->has_samples && media_saves(m);

	if (mp4_is(b, "mdat") && movie->is_moof && is_brief)
		movie->last = *b;
	else if (mp4_is(b, "mdat") && movie->is_moof)
		check_mdat(m, b, movie);
	movie->is_moof = mp4_is(b, "moof") &&
	    (is_brief || has_run(m, b, movie->has_samples ? 0 : movie->units));
	if (!mp4_is(b, "moof"))
		return;
	movie->last_moof = *b;
	if (!is_brief)
		check_moof(m, b, movie);
}

void
mp4_check_last_fragment(struct media *m, struct movie *movie)
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

#pragma once

#include "recording/media_internal.h"

/* What the media_mp4*.c files share; nobody else includes this. */

enum {
	MP4_HEADER = 8, /* of most boxes */
	MP4_FULL = 4,   /* version and flags of a full box */
};

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
	int64_t units;     /* track whose samples are NAL units; 0: none */
	bool may_be_zeros; /* a track of uncompressed data */
	enum media_health health; /* if MEDIA_DAMAGED, why is set */
};

/* Read the box at *offset and move past it; false: there is none. */
bool mp4_next(struct media *, int64_t *offset, int64_t end, struct box *);

/* The same for the next box of this type. */
bool mp4_next_of(struct media *, int64_t *offset, int64_t end, const char *type,
    struct box *);

/* The box at this path of four-letter types below parent. */
bool mp4_find(struct media *, const struct box *parent, const char *path,
    struct box *found);

bool mp4_is(const struct box *, const char *type);

/* Do the lengths of its NAL units add up to the sample? */
bool mp4_is_sample(struct media *, int64_t at, int64_t size);

/*
 * Checks the headers of all fragments and the data of the last.  Once the limit
 * is near, the tables of the others are not read.
 */
void mp4_check_fragment(struct media *, const struct box *, struct movie *);

/* What the end of the file shows. */
void mp4_check_last_fragment(struct media *, struct movie *);

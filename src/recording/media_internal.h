#pragma once

#include <stdbool.h>
#include <string.h>

#include "recording/media.h"

/* What the media_*.c files share; nobody else includes this. */

enum {
	MEDIA_WINDOW_BYTES = 1024,
	MEDIA_PROBE_BYTES = 64, /* what the least read costs */
	MEDIA_BYTES = 8 * 1024 * 1024
};

/* A file that is looked at. */
struct media {
	int fd;
	const unsigned char *data; /* NULL: it is in no memory */
	int64_t base, size;        /* behind the tags in front */
	int tags;
	int64_t left; /* bytes that may be read */
	size_t step;  /* so many at once */
	bool is_unreadable;
	char *why;
	size_t why_len;
	/* What was read last. */
	int64_t at;
	size_t len;
	unsigned char window[MEDIA_WINDOW_BYTES];
};

/*
 * The n bytes (at most a window) at this offset, until the next call.  NULL:
 * they are not all in the file, or too much was read.
 */
const unsigned char *media_at(struct media *, int64_t offset, size_t n);

/* From now on no more is read than is asked for, once half of it was. */
bool media_saves(struct media *);

/* Was too much read, or in vain? */
bool media_is_spent(const struct media *);

bool media_has(struct media *, int64_t offset, const void *bytes, size_t n);

/*
 * Are only zeros, or is nothing, in this range of the file?  Its beginning is
 * looked at.
 */
bool media_is_empty(struct media *, int64_t from, int64_t to);

/* The number at this offset; -1: it is not in the file, or exceeds 63 bits. */
int64_t media_be(struct media *, int64_t offset, int bytes);
int64_t media_le(struct media *, int64_t offset, int bytes);

__attribute__((format(printf, 2, 3))) enum media_health
media_damaged(struct media *, const char *format, ...);

/* MPEG audio, ADTS or LATM: do frames begin near the beginning? */
bool media_has_frames(struct media *);

/* Do whole frames lead to this offset, behind which are zeros? */
bool media_is_frame_end(struct media *, int64_t offset);

/* Each: MEDIA_NONE unless the file is of this kind. */
enum media_health media_check_mp4(struct media *);
enum media_health media_check_matroska(struct media *);
enum media_health media_check_stream(struct media *);

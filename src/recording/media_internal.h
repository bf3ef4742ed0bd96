#pragma once

#include <stdbool.h>
#include <string.h>

#include "recording/media.h"

/* What the media_*.c files share; nobody else includes this. */

enum {
	MEDIA_WINDOW_BYTES = 1024,
	MEDIA_PROBE_BYTES = 64, /* cost of the smallest read */
	MEDIA_BYTES = 8 * 1024 * 1024
};

/* A file being examined. */
struct media {
	int fd;
	const unsigned char *data; /* NULL: not in memory */
	int64_t base, size;        /* after leading tags */
	int tags;
	int64_t left; /* bytes that may still be read */
	size_t step;  /* bytes per read */
	bool is_unreadable;
	char *why;
	size_t why_len;
	/* The last read. */
	int64_t at;
	size_t len;
	unsigned char window[MEDIA_WINDOW_BYTES];
};

/*
 * The n bytes (at most a window) at this offset, valid until the next call.
 * NULL: not all are in the file, or the read limit is reached.
 */
const unsigned char *media_at(struct media *, int64_t offset, size_t n);

/* Once half of the limit was read, read only what is asked for. */
bool media_saves(struct media *);

/* Is the read limit reached, or did a read fail? */
bool media_is_spent(const struct media *);

bool media_has(struct media *, int64_t offset, const void *bytes, size_t n);

/* Is this range of the file empty or only zeros, judged by its start? */
bool media_is_empty(struct media *, int64_t from, int64_t to);

/* The number at this offset; -1: not in the file, or over 63 bits. */
int64_t media_be(struct media *, int64_t offset, int bytes);
int64_t media_le(struct media *, int64_t offset, int bytes);

__attribute__((format(printf, 2, 3))) enum media_health
media_damaged(struct media *, const char *format, ...);

/* MPEG audio, ADTS or LATM: do frames start near the beginning? */
bool media_has_frames(struct media *);

/* Do complete frames lead to this offset, followed by zeros? */
bool media_is_frame_end(struct media *, int64_t offset);

/* Each returns MEDIA_NONE unless the file is of this kind. */
enum media_health media_check_mp4(struct media *);
enum media_health media_check_matroska(struct media *);
enum media_health media_check_stream(struct media *);

#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Is a media file whole?  Decided from its outermost structure alone; what
 * is in it is not decoded.
 */
enum media_health {
	MEDIA_WHOLE,
	MEDIA_DAMAGED,
	MEDIA_UNREADABLE,
};

/*
 * MP4 and QuickTime (by name): every top-level box lies within the file and
 * one of them is a moov (ISO/IEC 14496-12, 4.2; size 1 is followed by 64
 * bits, size 0 reaches to the end).  Matroska and WebM: an EBML header.
 * Others: not empty.  why says what is wrong, cut to len bytes.
 * Unreadable also after a stop.
 */
enum media_health media_check(int fd, const char *name, int64_t size, char *why,
    size_t len);

/* The same for a file that is in memory. */
enum media_health media_check_bytes(const void *data, size_t size,
    const char *name, char *why, size_t len);

#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Is a media file complete? Judged by its content, not its name: by the
 * structure and samples of the data.  Nothing is decoded.
 */
enum media_health {
	MEDIA_NONE, /* neither audio nor video, as far as we know */
	MEDIA_WHOLE,
	MEDIA_DAMAGED,
	MEDIA_UNREADABLE,
};

/*
 * MP4 family (ISO/IEC 14496-12): a track whose samples are in the file, or a
 * fragment.  Matroska and WebM (RFC 9559): a cluster with a block, and every
 * element ends inside the file.  Streams and other containers: a complete first
 * unit and no trailing zeros, except after a complete frame of FLAC, MPEG audio
 * or MPEG-PS.  Bytes that players ignore do no harm.  Reads at most 4 MiB, then
 * judges by what was seen. why receives the problem, truncated to len bytes.
 */
enum media_health media_check(int fd, int64_t size, char *why, size_t len);

/* The same for a file in memory. */
enum media_health media_check_bytes(const void *data, size_t size, char *why,
    size_t len);

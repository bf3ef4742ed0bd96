#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Is a media file whole?  Decided by its content, whatever its name is, from
 * its structure and from samples of its data; nothing is decoded.
 */
enum media_health {
	MEDIA_NONE, /* neither audio nor video, as far as is known here */
	MEDIA_WHOLE,
	MEDIA_DAMAGED,
	MEDIA_UNREADABLE,
};

/*
 * MP4 family (ISO/IEC 14496-12): a track with samples whose data are in the
 * file, or a fragment.  Matroska and WebM (RFC 9559): a cluster with a block,
 * and every element ends inside the file.  Streams and other containers: a
 * first unit that is whole, and no end of zeros, but for those behind a whole
 * frame of FLAC, MPEG audio or MPEG-PS.  Bytes that players ignore do no harm.
 * At most 4 MiB are read; then what was seen decides.  why says what is wrong,
 * cut to len bytes.
 */
enum media_health media_check(int fd, int64_t size, char *why, size_t len);

/* The same for a file that is in memory. */
enum media_health media_check_bytes(const void *data, size_t size, char *why,
    size_t len);

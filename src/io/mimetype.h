#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The media type of a file.  Where the content is plainly what the name
 * says, the name decides: a known signature, or text under the name of a
 * text format, whose kinds libmagic can only guess.  Everything else is
 * libmagic's, refined by the extension where its answer is generic or known
 * to be wrong (traps: MPEG-TS, opus, empty files).  libmagic's database
 * costs 6 to 8 MB and 0.1 to 2 ms a file, so it is loaded when first needed.
 */
struct mimetype;

/*
 * Never fails: without a database that loads, which is warned of, only
 * extensions are known.  MAGIC in the environment is ignored.
 */
struct mimetype *mimetype_open(void);
void mimetype_close(struct mimetype *);

/*
 * From now on leave the database's pages, and those of libraries, behind
 * only while they are needed: that costs 0.5 to 1 ms more a file that libmagic
 * is asked about, and spares 6 to 8 MB, for those who have large transfers.
 */
void mimetype_be_thrifty(struct mimetype *);

/*
 * Load the database of one just opened, to see whether that works.  -1 with
 * what is wrong; it is of use anyway.
 */
int mimetype_load(struct mimetype *, struct err *e);

/*
 * The type of an open regular file called name; its offset is kept.  The
 * result lives until the next call.
 */
const char *mimetype_of(struct mimetype *, int fd, const char *name);

/* The same for bytes in memory. */
const char *mimetype_of_bytes(struct mimetype *, const void *data, size_t len,
    const char *name);

/*
 * The type that the name says, when the first len bytes are plainly of that
 * kind; else NULL.  Pure.
 */
const char *mimetype_by_name(const char *name, const void *head, size_t len);

/* Is it a name that Jibri or ffmpeg gives to a recording? */
bool mimetype_is_media_name(const char *name);

/* Of one with video? */
bool mimetype_is_video_name(const char *name);

/* Or one that is given to something else? */
bool mimetype_is_other_name(const char *name);

/* "libmagic 5.44", as loaded; the caller frees it. */
char *mimetype_library(void);

/* "video/..." or "audio/..." */
bool mimetype_is_media(const char *type);

#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The media type of a file.  If the content clearly matches the file name, the
 * name decides: by a known signature, or by being text under the name of a text
 * format, which libmagic could only guess. libmagic decides the rest, refined
 * by the extension where its answer is generic or known to be wrong (MPEG-TS,
 * opus, empty files).  Its database costs 6 to 8 MB and 0.1 to 2 ms a file, so
 * it is loaded when first needed.
 */
struct mimetype;

/*
 * Never fails: if the database cannot be loaded, warns and uses only
 * extensions.  MAGIC in the environment is ignored.
 */
struct mimetype *mimetype_open(void);
void mimetype_close(struct mimetype *);

/*
 * From now on, release the memory pages of the database and libraries after
 * each use.  Costs 0.5 to 1 ms per file that libmagic examines and saves 6 to 8
 * MB, for runs with large transfers.
 */
void mimetype_be_thrifty(struct mimetype *);

/*
 * Load the database now, to see whether that works.  -1 with the reason; the
 * mimetype remains usable.
 */
int mimetype_load(struct mimetype *, struct err *e);

/*
 * The type of an open regular file of this name; its offset is kept.  The
 * result is valid until the next call.
 */
const char *mimetype_of(struct mimetype *, int fd, const char *name);

/* The same for bytes in memory. */
const char *mimetype_of_bytes(struct mimetype *, const void *data, size_t len,
    const char *name);

/*
 * The type implied by the name, if the first len bytes clearly match it;
 * otherwise NULL.  Pure.
 */
const char *mimetype_by_name(const char *name, const void *head, size_t len);

/* Is it a file name that Jibri or ffmpeg gives to a recording? */
bool mimetype_is_media_name(const char *name);

/* And to one with video? */
bool mimetype_is_video_name(const char *name);

/* Or a file name given to something else? */
bool mimetype_is_other_name(const char *name);

/* "libmagic 5.44", as loaded; the caller frees it. */
char *mimetype_library(void);

/* "video/..." or "audio/..." */
bool mimetype_is_media(const char *type);

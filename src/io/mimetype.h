#ifndef IO_MIMETYPE_H
#define IO_MIMETYPE_H

#include <stdbool.h>

/*
 * The media type of a file: libmagic's answer, refined by the extension
 * where libmagic is generic or known to be wrong (traps: MPEG-TS, JSON with
 * a BOM or over 7 MB, m3u8, opus, empty files).
 */
struct mimetype;

/*
 * Never fails: without a database that loads, only extensions are known,
 * and mimetype_problem() says why.  MAGIC in the environment is ignored.
 */
struct mimetype *mimetype_open(void);
void mimetype_close(struct mimetype *);

/* NULL when all is well. */
const char *mimetype_problem(const struct mimetype *);

/*
 * The type of an open regular file called name; its offset is kept.  The
 * result lives until the next call.
 */
const char *mimetype_of(struct mimetype *, int fd, const char *name);

/* What libmagic says of bytes in memory, refined the same way. */
const char *mimetype_of_bytes(struct mimetype *, const void *data,
    unsigned long len, const char *name);

/* Is it a name that Jibri or ffmpeg gives to a recording? */
bool mimetype_is_media_name(const char *name);

/* "libmagic 5.44", as loaded; the caller frees it. */
char *mimetype_library(void);

/* "video/..." or "audio/..." */
bool mimetype_is_media(const char *type);

#endif

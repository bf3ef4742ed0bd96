#pragma once

#include <stdbool.h>

/* The name of an artifact at the server. */
struct remote_name {
	char *path;           /* "/room/session/sub/file", as in the list */
	const char *filename; /* the end of path */
	bool is_renamed;      /* the server could not accept the original */
};

/*
 * Make the name below folder, which ends with a slash.  A name is kept if it is
 * UTF-8, short enough for a part header of 512 bytes (Tomcat's
 * maxPartHeaderSize), and no common parser decodes, trims, truncates or rejects
 * it: no control or unprintable characters (Django), quotes, backslashes, &
 * (Django), =? or surrounding blanks (Tomcat), and nothing percent-encoded
 * (Rack, undici, formidable).  Otherwise it is replaced by a safe name with a
 * unique hash.  Names that are still changed (multer reads UTF-8 as Latin-1, a
 * disk may normalize it) are found by the id of their record.  Pure.
 */
void remote_name_make(struct remote_name *, const char *folder,
    const char *artifact_path);

/*
 * Convert a path of the list to the name it would have now: an earlier version
 * of this program may have stored it under a name that is replaced today.
 */
void remote_name_make_listed(struct remote_name *, const char *folder,
    const char *path);
void remote_name_free(struct remote_name *);

/* The part before the filename; the caller frees it. */
char *remote_name_folder(const struct remote_name *);

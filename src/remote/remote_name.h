#pragma once

#include <stdbool.h>

/* Where an artifact belongs at the server. */
struct remote_name {
	char *path; /* "/room/session/sub/file", as the list shows it */
	const char *filename; /* its end */
	bool is_renamed;      /* the server could not take its own name */
};

/*
 * Below the folder, which ends with a slash.  A name goes as it is when it is
 * UTF-8, short enough for a part header of 512 bytes (Tomcat's
 * maxPartHeaderSize), and no common parser decodes, trims, cuts or refuses it:
 * without control characters and what cannot be printed (Django), quotes,
 * backslashes, & (Django), =? and blanks at its ends (Tomcat), and without
 * anything percent-encoded (Rack; undici, formidable).  Otherwise a safe one
 * that is unique by a hash takes its place.  What is still changed (multer
 * takes UTF-8 for Latin-1, a disk may normalize it) is found by the id of its
 * record.  Pure.
 */
void remote_name_make(struct remote_name *, const char *folder,
    const char *artifact_path);

/*
 * As it would be called now, though an earlier version of this program may
 * have stored it under a name that is replaced today.  path: of the list.
 */
void remote_name_make_listed(struct remote_name *, const char *folder,
    const char *path);
void remote_name_free(struct remote_name *);

/* What is in front of the filename; the caller frees it. */
char *remote_name_folder(const struct remote_name *);

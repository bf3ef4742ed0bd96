#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "recording/recording.h"

/* Whose recording is it? Finds session, room and meeting id. */

struct identity_policy {
	char *base_path;   /* path prefix of the deployment's URLs */
	char *room_format; /* for a room with a tenant */
	bool room_from_media;
};

struct identity {
	char *session;
	char *room;       /* as known to Prosody and the backend */
	char *meeting_id; /* NULL: ask the meeting-service */
	/* What the operator overruled by naming the room; NULL: nothing. */
	char *overruled;
};

/* What is known beforehand; each may be NULL. */
struct identity_hints {
	const char *room_argument;
	const char *session_argument;
	const char *meeting_id_argument;
	const char *room_journal;
	const char *session_journal;
	const char *overruled; /* from the journal */
};

/* -1 with ERR_USAGE for an impossible value; NULL is allowed. */
int identity_check_arguments(const char *room, const char *session,
    const char *meeting_id, struct err *e);

/*
 * Decide, in order of precedence: argument, journal, metadata.json, name of the
 * media file.  -1 with ERR_PERMANENT when the room is unknown or refused or
 * metadata.json was tampered with, or as identity_check_room().  What is known
 * is set even then.
 */
int identity_find(struct identity *, const struct recording *,
    const struct identity_policy *, const struct identity_hints *,
    struct err *e);
void identity_free(struct identity *);

/*
 * The room according to metadata.json or the media file's name, to show before
 * it is decided; NULL: unknown.  The caller frees it.
 */
char *identity_guess_room(const struct recording *,
    const struct identity_policy *);

/*
 * Does the directory contain anything of another room? The rooms that
 * contradict this one, one word for each that metadata.json and the names of
 * media files anywhere in it mention, or NULL; the caller frees it.
 */
char *identity_contradiction(const struct recording *,
    const struct identity_policy *, const char *room);

/* Its words as a list for people: a, b and c; or NULL.  The caller frees it. */
char *identity_join_rooms(const char *contradiction);

/*
 * -1 with ERR_PERMANENT if it does, unless exactly that was overruled, or if it
 * contains a whole other recording.
 */
int identity_check_room(const struct recording *,
    const struct identity_policy *, const char *room, const char *overruled,
    struct err *e);

/*
 * The room in meeting_url = base[/tenant]/room[?...][#...], decoded once
 * (Jibri's CallUrlInfo.callUrl, as FileRecordingJibriService writes it).
 * NULL with ERR_PERMANENT.  Pure.
 */
char *identity_room_of_url(const char *url, const struct identity_policy *,
    struct err *e);

/* The length of the callName in such a media name; 0: another form.  Pure. */
size_t identity_media_stem(const char *name);

/* Is it the name of a media file with video, at the top level?  Pure. */
bool identity_is_media(const char *path);

/*
 * The name of such a file that this is, or is a partial copy of: with .part or
 * .tmp appended, or as rsync names it, .NAME.XXXXXX.  NULL: none.  Pure.
 */
char *identity_media_of_copy(const char *path);

/*
 * The room in <callName>_<yyyy-MM-dd-HH-mm-ss>.<ext> (Jibri's FileSink),
 * decoded once.  NULL when the name has another form or 125 characters, which
 * means that Jibri truncated it.  Pure.
 */
char *identity_room_of_media(const char *name);

/* The beginning of the room in a name that Jibri truncated, or NULL.  Pure. */
char *identity_cut_room_of_media(const char *name);

/* Append before and the next command, which names the room.  Returns -1. */
int identity_hint_room(struct err *, const struct recording *,
    const char *before);

/*
 * May s be a path segment and a member of JSON? -1 with ERR_PERMANENT and the
 * reason.
 */
int identity_check_segment(const char *what, const char *s, struct err *e);

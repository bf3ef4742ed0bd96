#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"
#include "recording/recording.h"

/*
 * Whose recording is it?  Session, room and meeting id, and where each is
 * read from.
 */

struct identity_policy {
	char *base_path;   /* of the Jitsi deployment's URLs */
	char *room_format; /* of a room with a tenant */
	bool room_from_media;
};

struct identity {
	char *session;
	char *room;       /* as Prosody and the backend know it */
	char *meeting_id; /* NULL: ask the meeting-service */
	/* What an operator who named the room has overruled; NULL: nothing. */
	char *overruled;
};

/* What is known beforehand; any may be NULL. */
struct identity_hints {
	const char *room_argument;
	const char *session_argument;
	const char *meeting_id_argument;
	const char *room_journal;
	const char *session_journal;
	const char *overruled; /* as the journal has it */
};

/* -1 with ERR_USAGE for one that cannot be; NULL can. */
int identity_check_arguments(const char *room, const char *session,
    const char *meeting_id, struct err *e);

/*
 * Decide, in this order: argument, journal, metadata.json, media file's
 * name.  -1 with ERR_PERMANENT when the room is unknown or refused, when
 * metadata.json was tampered with, or as identity_check_room().  What is
 * already known is set even then.
 */
int identity_find(struct identity *, const struct recording *,
    const struct identity_policy *, const struct identity_hints *,
    struct err *e);
void identity_free(struct identity *);

/*
 * The room that metadata.json, or the media file's name, has, for who looks
 * before it is decided; NULL where there is none.  The caller frees it.
 */
char *identity_guess_room(const struct recording *,
    const struct identity_policy *);

/*
 * Does the directory hold anything of another room?  What contradicts this
 * one, as one word for each room that metadata.json and the names of media
 * files name, wherever these are, or NULL; the caller frees it.
 */
char *identity_contradiction(const struct recording *,
    const struct identity_policy *, const char *room);

/*
 * -1 with ERR_PERMANENT if it does, and nobody has overruled just that, or if
 * it holds a whole recording.
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

/* How long is the callName in such a name?  0: it has another form.  Pure. */
size_t identity_media_stem(const char *name);

/*
 * The room in <callName>_<yyyy-MM-dd-HH-mm-ss>.<ext> (Jibri's FileSink),
 * decoded once.  NULL when the name has another form, or 125 characters:
 * then Jibri has cut it.  Pure.
 */
char *identity_room_of_media(const char *name);

/* What the room in a name that Jibri has cut begins with, or NULL.  Pure. */
char *identity_cut_room_of_media(const char *name);

/* Add the next step, with "before" in front: name the room.  Returns -1. */
int identity_hint_room(struct err *, const struct recording *,
    const char *before);

/*
 * May it be a segment of a path and a member of a JSON text?  -1 with
 * ERR_PERMANENT and the reason.
 */
int identity_check_segment(const char *what, const char *s, struct err *e);

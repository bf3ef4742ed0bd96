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
	struct text_list meeting_id_keys; /* JSON pointers */
};

struct identity {
	char *session;
	char *room;       /* as Prosody and the backend know it */
	char *meeting_id; /* NULL: ask the meeting-service */
};

/* What is known beforehand; any may be NULL. */
struct identity_hints {
	const char *room_argument;
	const char *session_argument;
	const char *meeting_id_argument;
	const char *room_journal;
	const char *session_journal;
};

/* -1 with ERR_USAGE for one that cannot be; NULL can. */
int identity_check_arguments(const char *room, const char *session,
    const char *meeting_id, struct err *e);

/*
 * Decide, in this order: argument, journal, metadata.json, media file's
 * name.  -1 with ERR_PERMANENT when the room is unknown or refused, or when
 * metadata.json was tampered with.  What is already known is set even then.
 */
int identity_find(struct identity *, const struct recording *,
    const struct identity_policy *, const struct identity_hints *,
    struct err *e);
void identity_free(struct identity *);

/*
 * The room in meeting_url = base[/tenant]/room[?...][#...], decoded once
 * (Jibri's CallUrlInfo.callUrl, as FileRecordingJibriService writes it).
 * NULL with ERR_PERMANENT.  Pure.
 */
char *identity_room_of_url(const char *url, const struct identity_policy *,
    struct err *e);

/*
 * The room in <callName>_<yyyy-MM-dd-HH-mm-ss>.<ext> (Jibri's FileSink),
 * decoded once.  NULL when the name has another form, or 125 characters:
 * then Jibri has cut it.  Pure.
 */
char *identity_room_of_media(const char *name);

/*
 * May it be a segment of a path and a member of a JSON text?  -1 with
 * ERR_PERMANENT and the reason.
 */
int identity_check_segment(const char *what, const char *s, struct err *e);

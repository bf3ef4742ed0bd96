#include "recording/identity_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/json.h"

void
identity_free(struct identity *id)
{
	free(id->session);
	free(id->room);
	free(id->meeting_id);
	free(id->overruled);
	*id = (struct identity){ 0 };
}

/* Only in the top level. */
static char *
room_of_media(const struct recording *rec, const struct identity_policy *policy,
    struct err *e)
{
	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		autofree char *room =
		    a->is_media ? identity_room_of_media(a->path) : NULL;

		if (room && identity_check_brackets(room, policy, e) == -1)
			return NULL;
		if (room)
			return steal(&room);
	}
	(void)err_set(e, ERR_PERMANENT,
	    "unknown room: metadata.json is missing or empty, and no media "
	    "file name contains the room");
	return NULL;
}

static char *
derive_room(const struct recording *rec, const struct identity_policy *policy,
    struct err *e)
{
	if (rec->metadata_state == METADATA_UNREADABLE) {
		*e = rec->metadata_err;
		(void)err_wrap(e, "unknown room: " RECORDING_METADATA);
		return NULL;
	}
	if (identity_meeting_url(rec) != NULL)
		return identity_room_of_url(identity_meeting_url(rec), policy,
		    e);
	if (rec->metadata_state == METADATA_PARSED ||
	    rec->metadata_state == METADATA_UNPARSABLE) {
		(void)err_set(e, ERR_PERMANENT, "unknown room: %s",
		    rec->metadata_state == METADATA_PARSED
			? "metadata.json has no meeting_url"
			: "metadata.json is damaged or larger than 16 MiB, "
			  "and its meeting_url cannot be read");
		return NULL;
	}
	if (rec->trouble.class != ERR_NONE) {
		*e = rec->trouble;
		(void)err_wrap(e, "unknown room");
		return NULL;
	}
	if (policy->room_from_media)
		return room_of_media(rec, policy, e);
	(void)err_set(e, ERR_PERMANENT,
	    "unknown room: metadata.json is missing or empty, and "
	    "room-from-media = no");
	return NULL;
}

char *
identity_guess_room(const struct recording *rec,
    const struct identity_policy *policy)
{
	struct err ignored;
	autofree char *room = derive_room(rec, policy, &ignored);

	return room && identity_check_segment("room", room, &ignored) == 0
	    ? steal(&room)
	    : NULL;
}

/*
 * Whoever starts a recording can append members to Jibri's own: a duplicate of
 * a member that is used is an attempt to redirect the recording.
 */
static int
check_tampering(const struct recording *rec, bool is_room_read, bool is_id_read,
    struct err *e)
{
	const struct recording_policy *policy = rec->policy;
	const struct text_list *twice = &rec->metadata_twice;
	bool is_tampered = false;

	for (size_t i = 0; i < twice->n; i++) {
		const char *pointer = twice->items[i];

		is_tampered |= text_list_has(&policy->redact, pointer) ||
		    (is_room_read &&
			strcmp(pointer, RECORDING_MEETING_URL) == 0) ||
		    (is_id_read &&
			text_list_has(&policy->meeting_id_keys, pointer));
	}
	if (!is_tampered)
		return 0;
	(void)err_set(e, ERR_PERMANENT,
	    "metadata.json was tampered with: it has a member twice that is "
	    "used here; nothing is sent");
	return identity_hint_room(e, rec, "fix or remove it, or ");
}

/*
 * Without slashes: it may not come from the service, and some gateways decode
 * %2F.
 */
static char *
plain_id(const json_t *json)
{
	autofree char *id = json_id(json);

	return id && strpbrk(id, "/\\") == NULL && !text_has_control(id)
	    ? steal(&id)
	    : NULL;
}

static char *
meeting_id_of_metadata(const struct recording *rec)
{
	const struct text_list *keys = &rec->policy->meeting_id_keys;

	for (size_t i = 0; i < keys->n; i++) {
		const json_t *value =
		    json_object_get(rec->metadata, keys->items[i]);
		char *id = value ? plain_id(value) : NULL;

		if (id != NULL)
			return id;
		if (value != NULL)
			log_warn("metadata.json: %s is not a plain id, ignored",
			    keys->items[i]);
	}
	return NULL;
}

static int
check_argument(const char *what, const char *s, struct err *e)
{
	if (s == NULL || identity_check_segment(what, s, e) == 0)
		return 0;
	e->class = ERR_USAGE;
	return -1;
}

int
identity_check_arguments(const char *room, const char *session,
    const char *meeting_id, struct err *e)
{
	autojson json_t *json = json_string(meeting_id ? meeting_id : "0");
	autofree char *plain = json ? plain_id(json) : NULL;

	if (check_argument("session", session, e) == -1 ||
	    check_argument("room", room, e) == -1)
		return -1;
	return plain
	    ? 0
	    : err_set(e, ERR_USAGE,
		  "the meeting id contains a slash or is not plain text");
}

static const char *
first_of(const char *a, const char *b)
{
	return a ? a : b;
}

static void
warn_of_contradiction(const char *overruled, const char *room)
{
	autofree char *rooms = identity_join_rooms(overruled);

	if (rooms)
		log_warn("metadata.json and the media files name %s; using the "
			 "room %s as given",
		    rooms, room);
}

static int
find_room(struct identity *id, const struct recording *rec,
    const struct identity_policy *policy, const struct identity_hints *hints,
    struct err *e)
{
	const char *known = first_of(hints->room_argument, hints->room_journal);
	autofree char *room =
	    known ? xstrdup(known) : derive_room(rec, policy, e);

	if (room == NULL || identity_check_segment("room", room, e) == -1)
		return e->class == ERR_PERMANENT
		    ? identity_hint_room(e, rec, "")
		    : -1;
	if (hints->room_argument) {
		id->overruled = identity_contradiction(rec, policy, room);
		warn_of_contradiction(id->overruled, room);
	} else if (identity_check_room(rec, policy, room, hints->overruled,
		       e) == -1) {
		return -1;
	} else {
		id->overruled = xstrdup(hints->overruled);
	}
	id->room = steal(&room);
	return 0;
}

int
identity_find(struct identity *id, const struct recording *rec,
    const struct identity_policy *policy, const struct identity_hints *hints,
    struct err *e)
{
	bool is_id_read =
	    hints->room_argument == NULL && hints->meeting_id_argument == NULL;

	id->session = xstrdup(first_of(hints->session_argument,
	    first_of(hints->session_journal, recording_name(rec))));
	if (identity_check_segment("session", id->session, e) == -1)
		return -1;
	/*
	 * The operator who named the room has checked it.  Redaction still
	 * applies.
	 */
	if (hints->room_argument == NULL &&
	    check_tampering(rec, hints->room_journal == NULL, is_id_read, e) ==
		-1)
		return -1;
	if (find_room(id, rec, policy, hints, e) == -1)
		return -1;
	id->meeting_id = hints->meeting_id_argument
	    ? xstrdup(hints->meeting_id_argument)
	    : is_id_read ? meeting_id_of_metadata(rec)
			 : NULL;
	return 0;
}

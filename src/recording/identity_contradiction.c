#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "recording/identity_internal.h"
#include "recording/nested.h"

/*
 * The room in a media file's name, unless it is truncated and fits: the
 * beginning of called or, without metadata, a part of the room.
 */
static char *
room_in_name(const char *path, const char *called, const char *room)
{
	const char *name = basename(path);
	autofree char *cut = identity_cut_room_of_media(name);
	bool is_fitting = cut &&
	    (called ? strncmp(called, cut, strlen(cut)) == 0
		    : strstr(room, cut) != NULL);

	if (cut == NULL)
		return identity_room_of_media(name);
	return is_fitting ? NULL : steal(&cut);
}

/* The rooms in media names, without duplicates and not too many. */
static void
add_media_rooms(const struct recording *rec, const char *called,
    const char *room, struct text_list *rooms)
{
	enum { ENOUGH = 8 };

	for (size_t i = 0; i < rec->n && rooms->n < ENOUGH; i++) {
		const struct artifact *a = &rec->artifacts[i];
		autofree char *found =
		    a->is_media ? room_in_name(a->path, called, room) : NULL;

		if (found && !text_list_has(rooms, found))
			text_list_add(rooms, found);
	}
}

/* Jibri's name for the room, which is also in the media names. */
static char *
call_name_of_url(const char *url, const struct identity_policy *policy)
{
	static char without_tenant[] = "{room}";
	const struct identity_policy plain = {
		.base_path = policy->base_path,
		.room_format = without_tenant,
	};
	struct err ignored;

	return identity_room_of_url(url, &plain, &ignored);
}

/* Is it the name of this room, or of some tenant's room of this name? */
static bool
is_name_of(const char *called, const struct identity_policy *policy,
    const char *room)
{
	static const char mark[] = "{tenant}";
	const char *format = policy->room_format, *at = strstr(format, mark);
	autofree char *before =
	    xstrndup(format, at ? (size_t)(at - format) : strlen(format));
	autofree char *prefix = identity_format_room(before, "", called);
	autofree char *rest = identity_format_room(format, "", called);
	size_t len = strlen(room), fixed = strlen(rest);
	autofree char *tenant = NULL, *whole = NULL;

	if (strcmp(called, room) == 0 || at == NULL || len <= fixed)
		return strcmp(called, room) == 0;
	tenant = xstrndup(room + strlen(prefix), len - fixed);
	whole = identity_format_room(format, tenant, called);
	return strcmp(whole, room) == 0;
}

/* Without a readable meeting_url, the media files alone can contradict. */
static bool
is_contradicted(const struct text_list *rooms,
    const struct identity_policy *policy, const char *room, const char *named,
    const char *called)
{
	if (rooms->n > 1 || (named && strcmp(named, room) != 0))
		return true;
	if (rooms->n == 0)
		return false;
	if (named)
		return called && !text_list_has(rooms, called);
	return !is_name_of(rooms->items[0], policy, room);
}

char *
identity_contradiction(const struct recording *rec,
    const struct identity_policy *policy, const char *room)
{
	const char *url = identity_meeting_url(rec);
	bool is_twice =
	    text_list_has(&rec->metadata_twice, RECORDING_MEETING_URL);
	autolist struct text_list rooms = { 0 };
	struct buf text = { 0 };
	struct err ignored;
	autofree char *named =
	    url ? identity_room_of_url(url, policy, &ignored) : NULL;
	autofree char *called = named ? call_name_of_url(url, policy) : NULL;

	add_media_rooms(rec, called, room, &rooms);
	if (!is_twice && !is_contradicted(&rooms, policy, room, named, called))
		return NULL;
	(void)buf_adds(&text, is_twice ? "two meeting_urls" : "");
	if (named && !text_list_has(&rooms, named))
		text_list_add(&rooms, named);
	for (size_t i = 0; i < rooms.n; i++) {
		autofree char *word = text_percent_encode(rooms.items[i], "[]");

		(void)buf_addf(&text, "%s%s", text.len ? " " : "", word);
	}
	return text.data;
}

/* With another room-format, would its URL give this room? */
static bool
is_in_other_format(const struct recording *rec,
    const struct identity_policy *policy, const char *room)
{
	static char tenant_alone[] = "{tenant}";
	const char *url = identity_meeting_url(rec);
	autofree char *called = url ? call_name_of_url(url, policy) : NULL;
	struct identity_policy other = {
		.base_path = policy->base_path,
		.room_format = tenant_alone,
	};
	struct err ignored;
	autofree char *tenant =
	    url ? identity_room_of_url(url, &other, &ignored) : NULL;
	autofree char *found = NULL;

	other.room_format = (char *)room;
	found = identity_contradiction(rec, &other, room);
	return called && tenant && strstr(room, called) &&
	    strstr(room, tenant) && found == NULL;
}

int
identity_check_room(const struct recording *rec,
    const struct identity_policy *policy, const char *room,
    const char *overruled, struct err *e)
{
	autofree char *found = identity_contradiction(rec, policy, room);
	autofree char *rooms = identity_join_rooms(found);
	autofree char *nested =
	    rec->has_folders ? nested_find(rec->dirfd) : NULL;

	if (nested)
		return err_set(e, ERR_PERMANENT,
		    "it contains another recording, %s: move that to the "
		    "recordings directory",
		    nested);
	if (found == NULL || (overruled && strcmp(found, overruled) == 0))
		return 0;
	if (is_in_other_format(rec, policy, room)) {
		(void)err_set(e, ERR_PERMANENT,
		    "its room is %.128s, which is not what room-format makes "
		    "of metadata.json",
		    room);
		return identity_hint_room(e, rec,
		    "if room-format was changed, set it back, or ");
	}
	(void)err_set(e, ERR_PERMANENT,
	    "its room is %.128s, but metadata.json and the media files name "
	    "%.256s",
	    room, rooms);
	return identity_hint_room(e, rec,
	    "move the files of other rooms to another directory, or ");
}

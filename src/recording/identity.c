#include "recording/identity.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/json.h"

enum { CUT_NAME_CHARACTERS = 125, MAX_SEGMENT_BYTES = 1024 };

void
identity_free(struct identity *id)
{
	free(id->session);
	free(id->room);
	free(id->meeting_id);
	*id = (struct identity){ 0 };
}

int
identity_check_segment(const char *what, const char *s, struct err *e)
{
	const char *problem = NULL;

	if (*s == '\0')
		problem = "is empty";
	else if (strlen(s) > MAX_SEGMENT_BYTES)
		problem = "is too long";
	else if (strchr(s, '/'))
		problem = "holds a slash";
	else if (text_has_control(s))
		problem = "holds a control character";
	else if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		problem = "would leave its folder";
	else if (!text_is_utf8(s))
		problem = "is not UTF-8";
	if (problem == NULL)
		return 0;
	return err_set(e, ERR_PERMANENT, "the %s '%s' %s", what, s, problem);
}

/* Put room and tenant where the format names them. */
static char *
format_room(const char *format, const char *tenant, const char *room)
{
	static const char tenant_mark[] = "{tenant}", room_mark[] = "{room}";
	struct buf out = { 0 };

	(void)buf_adds(&out, "");
	while (*format) {
		if (strncmp(format, tenant_mark, strlen(tenant_mark)) == 0) {
			(void)buf_adds(&out, tenant);
			format += strlen(tenant_mark);
		} else if (strncmp(format, room_mark, strlen(room_mark)) == 0) {
			(void)buf_adds(&out, room);
			format += strlen(room_mark);
		} else {
			(void)buf_add(&out, format++, 1);
		}
	}
	return out.data;
}

/* The next segment of a path of len bytes, decoded; slashes are skipped. */
static char *
next_segment(const char **path, size_t *len)
{
	const char *start;
	size_t n = 0;

	while (*len && **path == '/')
		(*path)++, (*len)--;
	start = *path;
	while (n < *len && start[n] != '/')
		n++;
	*path += n;
	*len -= n;
	return text_percent_decode(start, n);
}

/* Step over the base path; false when the path does not begin with it. */
static bool
skip_base(const char *base, const char **path, size_t *len)
{
	size_t base_len = strlen(base);

	while (base_len) {
		autofree char *want = next_segment(&base, &base_len);
		autofree char *have = NULL;

		if (want == NULL || *want == '\0')
			continue;
		have = next_segment(path, len);
		if (have == NULL || strcmp(want, have) != 0)
			return false;
	}
	return true;
}

char *
identity_room_of_url(const char *url, const struct identity_policy *policy,
    struct err *e)
{
	enum { SEGMENTS = 3 };
	char *segments[SEGMENTS] = { NULL };
	const char *path = strstr(url, "://");
	char *room = NULL;
	size_t len, n = 0;

	(void)err_set(e, ERR_PERMANENT,
	    "unknown room: meeting_url does not name one below %s",
	    policy->base_path);
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return NULL;
	path += 3;
	path += strcspn(path, "/?#");
	len = strcspn(path, "?#");
	if (!skip_base(policy->base_path, &path, &len))
		return NULL;
	while (n < SEGMENTS && len > 0) {
		segments[n] = next_segment(&path, &len);
		if (segments[n] == NULL || *segments[n])
			n++;
		else
			free(segments[n]);
	}
	if (n == 1 && segments[0])
		room = xstrdup(segments[0]);
	else if (n == 2 && segments[0] && segments[1] &&
	    identity_check_segment("tenant", segments[0], e) == 0 &&
	    identity_check_segment("room", segments[1], e) == 0)
		room =
		    format_room(policy->room_format, segments[0], segments[1]);
	for (size_t i = 0; i < n; i++)
		free(segments[i]);
	return room;
}

/* Does it begin with "_yyyy-MM-dd-HH-mm-ss."? */
static bool
is_date_suffix(const char *s)
{
	static const char form[] = "_dddd-dd-dd-dd-dd-dd.";

	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i])
				   : s[i] != form[i])
			return false;
	return true;
}

char *
identity_room_of_media(const char *name)
{
	enum { DATE_CHARACTERS = 20 };
	const char *dot = strrchr(name, '.');

	if (dot == NULL || dot - name <= DATE_CHARACTERS ||
	    text_utf16_units(name) >= CUT_NAME_CHARACTERS ||
	    !is_date_suffix(dot - DATE_CHARACTERS))
		return NULL;
	return text_percent_decode(name,
	    (size_t)(dot - DATE_CHARACTERS - name));
}

static char *
room_of_all_media(const struct recording *rec, struct err *e)
{
	autofree char *room = NULL;

	for (size_t i = 0; i < rec->n; i++) {
		const struct artifact *a = &rec->artifacts[i];
		autofree char *other = NULL;

		if (!a->is_media || strchr(a->path, '/'))
			continue;
		other = identity_room_of_media(a->path);
		if (room && other && strcmp(room, other) != 0) {
			(void)err_set(e, ERR_PERMANENT,
			    "unknown room: the media files name several");
			return NULL;
		}
		if (room == NULL)
			room = steal(&other);
	}
	if (room == NULL)
		(void)err_set(e, ERR_PERMANENT,
		    "unknown room: metadata.json is missing or cut, and no "
		    "media file's name holds the room; name it: "
		    "jibri-finalize DIR ROOM");
	return steal(&room);
}

static char *
room_of_metadata(const struct recording *rec,
    const struct identity_policy *policy, struct err *e)
{
	const char *url = json_member_string(rec->metadata, "meeting_url");

	if (url != NULL)
		return identity_room_of_url(url, policy, e);
	(void)err_set(e, ERR_PERMANENT,
	    "unknown room: metadata.json has no meeting_url; name the room: "
	    "jibri-finalize DIR ROOM");
	return NULL;
}

static char *
derive_room(const struct recording *rec, const struct identity_policy *policy,
    struct err *e)
{
	if (rec->metadata_state == METADATA_PARSED)
		return room_of_metadata(rec, policy, e);
	if (rec->metadata_state == METADATA_UNREADABLE) {
		*e = rec->metadata_err;
		(void)err_wrap(e, "unknown room: " RECORDING_METADATA);
		return NULL;
	}
	if (rec->trouble.class != ERR_NONE) {
		*e = rec->trouble;
		(void)err_wrap(e, "unknown room");
		return NULL;
	}
	if (policy->room_from_media)
		return room_of_all_media(rec, e);
	(void)err_set(e, ERR_PERMANENT,
	    "unknown room: metadata.json is missing or cut, and "
	    "room-from-media is no");
	return NULL;
}

/*
 * Whoever starts a recording can add members behind Jibri's own: a second
 * member of a name that is read here is an attempt to redirect it.
 */
static int
check_tampering(const struct recording *rec, bool is_room_read,
    const struct text_list *id_keys, struct err *e)
{
	const struct text_list *redact = &rec->policy->redact;
	struct text_list read = { 0 };
	bool is_tampered;

	if (is_room_read)
		text_list_add(&read, "/meeting_url");
	for (size_t i = 0; i < id_keys->n; i++)
		text_list_add(&read, id_keys->items[i]);
	for (size_t i = 0; i < redact->n; i++)
		text_list_add(&read, redact->items[i]);
	is_tampered = rec->metadata_state == METADATA_PARSED &&
	    json_has_duplicate(rec->metadata_text.data, rec->metadata_text.len,
		&read);
	text_list_free(&read);
	if (!is_tampered)
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "metadata.json was tampered with: a member that is read here "
	    "stands in it twice; nothing is sent.  Mend or remove it, or "
	    "name the room: jibri-finalize DIR ROOM");
}

static char *
meeting_id_of_metadata(const struct recording *rec,
    const struct text_list *keys)
{
	for (size_t i = 0; i < keys->n; i++) {
		const json_t *value =
		    json_pointer_get(rec->metadata, keys->items[i]);
		char *id = value ? json_plain_id(value) : NULL;

		if (id != NULL)
			return id;
		if (value != NULL)
			log_warn("metadata.json: %s is no plain id, ignored",
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
	autofree char *plain = json ? json_plain_id(json) : NULL;

	if (check_argument("session", session, e) == -1 ||
	    check_argument("room", room, e) == -1)
		return -1;
	return plain
	    ? 0
	    : err_set(e, ERR_USAGE,
		  "the meeting's id is not plain (letters, digits, - and _)");
}

static const char *
first_of(const char *a, const char *b)
{
	return a ? a : b;
}

int
identity_find(struct identity *id, const struct recording *rec,
    const struct identity_policy *policy, const struct identity_hints *hints,
    struct err *e)
{
	static const struct text_list none = { 0 };
	const char *known = first_of(hints->room_argument, hints->room_journal);
	const struct text_list *keys =
	    hints->room_argument || hints->meeting_id_argument
	    ? &none
	    : &policy->meeting_id_keys;

	id->session = xstrdup(first_of(hints->session_argument,
	    first_of(hints->session_journal, recording_name(rec))));
	if (identity_check_segment("session", id->session, e) == -1)
		return -1;
	/* Whoever names the room has looked; what is redacted goes anyway. */
	if (hints->room_argument == NULL &&
	    check_tampering(rec, known == NULL, keys, e) == -1)
		return -1;
	id->room = known ? xstrdup(known) : derive_room(rec, policy, e);
	if (id->room == NULL)
		return -1;
	if (identity_check_segment("room", id->room, e) == -1) {
		mem_replace(&id->room, NULL);
		return -1;
	}
	id->meeting_id = hints->meeting_id_argument
	    ? xstrdup(hints->meeting_id_argument)
	    : meeting_id_of_metadata(rec, keys);
	return 0;
}

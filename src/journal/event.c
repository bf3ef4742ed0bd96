#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "journal/member.h"
#include "journal/progress.h"
#include "recording/identity.h"

/* As version 0.1.0 wrote it. */
#define OLD_GIVEN_UP "givenUp"

/* Without this it means nothing. */
enum subject { NONE, PATH, ANY_PATH };

static const struct {
	const char *name;
	enum subject needs;
} kinds[EVENT_KINDS] = {
	[EVENT_BEGAN] = { "began", NONE },
	[EVENT_FORCED] = { "forced", NONE },
	[EVENT_RESOLVED] = { "resolved", NONE },
	[EVENT_SENDING] = { "sending", NONE },
	[EVENT_STORED] = { "stored", PATH },
	[EVENT_UNKNOWN] = { "unknown", ANY_PATH },
	[EVENT_ABSENT] = { "absent", ANY_PATH },
	[EVENT_AMBIGUOUS] = { "ambiguous", ANY_PATH },
	[EVENT_SUPERSEDED] = { "superseded", PATH },
	[EVENT_LOST] = { "lost", PATH },
	[EVENT_IDLE] = { "idle", NONE },
	[EVENT_COMPLETE] = { "complete", NONE },
	[EVENT_REOPENED] = { "reopened", PATH },
	[EVENT_TELLING] = { "telling", NONE },
	[EVENT_ANNOUNCED] = { "announced", NONE },
	[EVENT_WITHHELD] = { "withheld", NONE },
	[EVENT_CHECKED] = { "checked", NONE },
	[EVENT_FAILED] = { "failed", NONE },
	[EVENT_UNPACKED] = { "unpacked", NONE },
	[EVENT_GIVEN_UP] = { "given-up", NONE },
	[EVENT_RESET] = { "reset", NONE },
	[EVENT_OUTDATED] = { "outdated", NONE },
	[EVENT_UPLOAD_BEGUN] = { "uploadBegun", PATH },
	[EVENT_PART_STORED] = { "partStored", PATH },
	[EVENT_DEFERRED] = { "deferred", NONE },
	[EVENT_POSTPONED] = { "postponed", NONE },
	[EVENT_COUNTED] = { "counted", NONE },
};

static const struct member members[] = {
	MEMBER("pid", event, pid, NUMBER),
	MEMBER("size", event, size, NUMBER),
	MEMBER("mtime", event, mtime_ns, NUMBER),
	MEMBER("stamp", event, stamp, NUMBER),
	MEMBER("count", event, count, NUMBER),
	MEMBER("bytes", event, bytes, NUMBER),
	MEMBER("status", event, status, NUMBER),
	MEMBER("retryAt", event, retry_at_ms, COUNT),
	MEMBER("moment", event, moment_ms, COUNT),
	MEMBER("damaged", event, damaged, COUNT),
	MEMBER("isWhole", event, is_whole, FLAG),
	MEMBER("host", event, host, LENT),
	MEMBER("version", event, version, LENT),
	MEMBER("session", event, session, LENT),
	MEMBER("room", event, room, LENT),
	MEMBER("meetingId", event, meeting_id, LENT),
	MEMBER("overruled", event, overruled, LENT),
	MEMBER("type", event, type, LENT),
	MEMBER("sha256", event, sha256, LENT),
	MEMBER("id", event, id, LENT),
	MEMBER("key", event, key, LENT),
	MEMBER("etag", event, etag, LENT),
	MEMBER("md5", event, md5, LENT),
	MEMBER("webhook", event, webhook, LENT),
	MEMBER("class", event, class, LENT),
	MEMBER("text", event, text, LENT),
	MEMBER("requests", event, requests, TALLY),
};

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static void
add_paths(struct buf *line, const struct text_list *paths)
{
	members_add_name(line, "paths");
	for (size_t i = 0; i < paths->n; i++) {
		(void)buf_adds(line, i == 0 ? "[" : ",");
		members_add_path(line, paths->items[i]);
	}
	(void)buf_adds(line, paths->n == 0 ? "[]" : "]");
}

static void
add_stamps(struct buf *line, const int64_t *stamps, size_t n)
{
	members_add_name(line, "stamps");
	for (size_t i = 0; i < n; i++)
		(void)buf_addf(line, "%c%" PRId64, i == 0 ? '[' : ',',
		    stamps[i]);
	(void)buf_adds(line, n == 0 ? "[]" : "]");
}

void
event_format(const struct event *ev, struct buf *line)
{
	members_begin(line, ev->at_ms, kinds[ev->kind].name, ev->path);
	if (ev->paths)
		add_paths(line, ev->paths);
	if (ev->paths && ev->stamps)
		add_stamps(line, ev->stamps, ev->paths->n);
	members_add(line, members, MEMBERS, ev);
	(void)buf_adds(line, "}\n");
}

static bool
kind_of(const json_t *json, enum event_kind *kind)
{
	const char *name = json_member_string(json, "event");

	if (name && strcmp(name, OLD_GIVEN_UP) == 0)
		name = kinds[EVENT_GIVEN_UP].name;
	for (int i = 0; name && i < EVENT_KINDS; i++) {
		if (strcmp(name, kinds[i].name) != 0)
			continue;
		*kind = (enum event_kind)i;
		return true;
	}
	return false;
}

/* What version 0.1.0 noted and nobody needs: no rubbish either. */
static bool
is_retired(const json_t *json)
{
	const char *name = json_member_string(json, "event");

	return name && strcmp(name, "removing") == 0;
}

/*
 * The paths and, element by element, their stamps and mtimes: *numbers has
 * twice as many as paths has room for.  The caller frees both.
 */
static size_t
parse_paths(const json_t *json, struct text_list *paths, int64_t **numbers)
{
	const json_t *array = json_object_get(json, "paths");
	const json_t *stamps = json_object_get(json, "stamps");
	const json_t *mtimes = json_object_get(json, "mtimes");
	size_t i, room = json_array_size(array);
	json_t *item;

	*numbers = xcalloc(2 * room, sizeof(int64_t));
	json_array_foreach(array, i, item)
	{
		autofree char *path = json_path_value(item);

		if (path == NULL)
			continue;
		(*numbers)[paths->n] =
		    json_integer_value(json_array_get(stamps, i));
		(*numbers)[room + paths->n] =
		    json_integer_value(json_array_get(mtimes, i));
		text_list_add(paths, path);
	}
	return room;
}

/* A path to the server is made of these: they may hold nothing else. */
static bool
is_segments(const struct event *ev)
{
	struct err ignored;

	return (ev->session == NULL ||
		   identity_check_segment("session", ev->session, &ignored) ==
		       0) &&
	    (ev->room == NULL ||
		identity_check_segment("room", ev->room, &ignored) == 0);
}

static bool
is_identity(const struct event *ev, const json_t *json)
{
	autofree char *id = json_id(json_object_get(json, "meetingId"));

	/* A number is an id to a service; to us it is none. */
	return id && ev->meeting_id && ev->session && ev->room &&
	    is_segments(ev);
}

bool
event_replay(struct progress *p, const char *line, size_t len)
{
	return event_replay_to(NULL, p, line, len);
}

bool
event_replay_to(const struct event_reader *reader, struct progress *p,
    const char *line, size_t len)
{
	struct err ignored;
	autojson json_t *json = json_parse(line, len, &ignored);
	autofree char *path = json_path_value(json_object_get(json, "path"));
	autofree int64_t *numbers = NULL;
	size_t room;
	struct text_list paths = { 0 };
	struct event ev = { .path = path, .paths = &paths };

	if (progress_restore(p, path, json))
		return true;
	if (!kind_of(json, &ev.kind))
		return is_retired(json);
	if (kinds[ev.kind].needs != NONE && !path &&
	    !(kinds[ev.kind].needs == ANY_PATH &&
		json_object_get(json, "paths")))
		return false;
	ev.at_ms = members_count(json, "at");
	members_take(&ev, members, MEMBERS, json);
	if (ev.kind == EVENT_RESOLVED && !is_identity(&ev, json))
		return false;
	if (ev.kind == EVENT_DEFERRED && !is_segments(&ev))
		return false;
	room = parse_paths(json, &paths, &numbers);
	ev.stamps = numbers;
	ev.mtimes_ns = numbers + room;
	if (reader)
		reader->read(reader->ctx, &ev);
	progress_apply(p, &ev);
	text_list_free(&paths);
	return true;
}

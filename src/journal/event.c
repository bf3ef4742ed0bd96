#include <inttypes.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "journal/progress.h"
#include "recording/identity.h"

static const struct {
	const char *name;
	bool has_path; /* means nothing without one */
} kinds[EVENT_KINDS] = {
	[EVENT_BEGAN] = { "began", false },
	[EVENT_FORCED] = { "forced", false },
	[EVENT_RESOLVED] = { "resolved", false },
	[EVENT_SENDING] = { "sending", false },
	[EVENT_STORED] = { "stored", true },
	[EVENT_UNKNOWN] = { "unknown", true },
	[EVENT_ABSENT] = { "absent", true },
	[EVENT_AMBIGUOUS] = { "ambiguous", true },
	[EVENT_SUPERSEDED] = { "superseded", true },
	[EVENT_LOST] = { "lost", true },
	[EVENT_IDLE] = { "idle", false },
	[EVENT_COMPLETE] = { "complete", false },
	[EVENT_REOPENED] = { "reopened", true },
	[EVENT_ANNOUNCED] = { "announced", false },
	[EVENT_WITHHELD] = { "withheld", false },
	[EVENT_CHECKED] = { "checked", false },
	[EVENT_FAILED] = { "failed", false },
	[EVENT_UNPACKED] = { "unpacked", false },
	[EVENT_GIVEN_UP] = { "givenUp", false },
	[EVENT_DEFERRED] = { "deferred", false },
	[EVENT_POSTPONED] = { "postponed", false },
};

static const struct {
	const char *name;
	size_t offset;
} strings[] = {
	{ "host", offsetof(struct event, host) },
	{ "version", offsetof(struct event, version) },
	{ "session", offsetof(struct event, session) },
	{ "room", offsetof(struct event, room) },
	{ "meetingId", offsetof(struct event, meeting_id) },
	{ "type", offsetof(struct event, type) },
	{ "sha256", offsetof(struct event, sha256) },
	{ "id", offsetof(struct event, id) },
	{ "webhook", offsetof(struct event, webhook) },
	{ "class", offsetof(struct event, class) },
	{ "text", offsetof(struct event, text) },
};

static const struct {
	const char *name;
	size_t offset;
} integers[] = {
	{ "pid", offsetof(struct event, pid) },
	{ "size", offsetof(struct event, size) },
	{ "mtime", offsetof(struct event, mtime_ns) },
	{ "stamp", offsetof(struct event, stamp) },
	{ "count", offsetof(struct event, count) },
	{ "bytes", offsetof(struct event, bytes) },
	{ "status", offsetof(struct event, status) },
	{ "retryAt", offsetof(struct event, retry_at_ms) },
	{ "moment", offsetof(struct event, moment_ms) },
};

enum {
	STRINGS = sizeof(strings) / sizeof(strings[0]),
	INTEGERS = sizeof(integers) / sizeof(integers[0]),
};

/* The year 5138: times can be subtracted without a thought. */
#define MAX_AT_MS INT64_C(99999999999999)

/* By hand: a tree of jansson's took 37,000 instructions a line, this 16,000. */

static void
add_name(struct buf *line, const char *name)
{
	(void)buf_adds(line, ",\"");
	(void)buf_adds(line, name);
	(void)buf_adds(line, "\":");
}

static void
add_path(struct buf *line, const char *path)
{
	autofree char *text = json_path_text(path);

	text_add_json(line, text);
}

/* An error's text can hold a file name that is no UTF-8. */
static void
add_text(struct buf *line, const char *s)
{
	autofree char *safe = text_is_utf8(s) ? NULL : text_escape(s);

	text_add_json(line, safe ? safe : s);
}

static void
add_paths(struct buf *line, const struct text_list *paths)
{
	add_name(line, "paths");
	for (size_t i = 0; i < paths->n; i++) {
		(void)buf_adds(line, i == 0 ? "[" : ",");
		add_path(line, paths->items[i]);
	}
	(void)buf_adds(line, paths->n == 0 ? "[]" : "]");
}

static void
add_stamps(struct buf *line, const int64_t *stamps, size_t n)
{
	add_name(line, "stamps");
	for (size_t i = 0; i < n; i++)
		(void)buf_addf(line, "%c%" PRId64, i == 0 ? '[' : ',',
		    stamps[i]);
	(void)buf_adds(line, n == 0 ? "[]" : "]");
}

static void
add_integers(struct buf *line, const struct event *ev)
{
	for (size_t i = 0; i < INTEGERS; i++) {
		int64_t value =
		    *(const int64_t *)((const char *)ev + integers[i].offset);

		if (value == 0)
			continue;
		add_name(line, integers[i].name);
		(void)buf_addf(line, "%" PRId64, value);
	}
}

static void
add_strings(struct buf *line, const struct event *ev)
{
	for (size_t i = 0; i < STRINGS; i++) {
		const char *value = *(
		    const char *const *)((const char *)ev + strings[i].offset);

		if (value == NULL)
			continue;
		add_name(line, strings[i].name);
		add_text(line, value);
	}
}

void
event_format(const struct event *ev, struct buf *line)
{
	(void)buf_addf(line, "{\"at\":%" PRId64 ",\"event\":\"%s\"", ev->at_ms,
	    kinds[ev->kind].name);
	if (ev->path) {
		add_name(line, "path");
		add_path(line, ev->path);
	}
	if (ev->paths)
		add_paths(line, ev->paths);
	if (ev->paths && ev->stamps)
		add_stamps(line, ev->stamps, ev->paths->n);
	add_integers(line, ev);
	add_strings(line, ev);
	(void)buf_adds(line, "}\n");
}

static bool
kind_of(const json_t *json, enum event_kind *kind)
{
	const char *name = json_member_string(json, "event");

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

static int64_t
time_of(int64_t ms)
{
	return ms < 0 || ms > MAX_AT_MS ? 0 : ms;
}

static void
parse_members(struct event *ev, const json_t *json)
{
	ev->at_ms = json_member_int(json, "at", 0);
	for (size_t i = 0; i < INTEGERS; i++)
		*(int64_t *)((char *)ev + integers[i].offset) =
		    json_member_int(json, integers[i].name, 0);
	ev->at_ms = time_of(ev->at_ms);
	ev->retry_at_ms = time_of(ev->retry_at_ms);
	ev->moment_ms = time_of(ev->moment_ms);
	for (size_t i = 0; i < STRINGS; i++)
		*(const char **)((char *)ev + strings[i].offset) =
		    json_member_string(json, strings[i].name);
}

/* A path to the server is made of these: nothing else may stand in them. */
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
	autofree char *id = json_plain_id(json_object_get(json, "meetingId"));

	/* A number is an id to a service; to us it is none. */
	return id && ev->meeting_id && ev->session && ev->room &&
	    is_segments(ev);
}

bool
event_replay(struct progress *p, const char *line, size_t len)
{
	struct err ignored;
	autojson json_t *json = json_parse(line, len, &ignored);
	autofree char *path = json_path_value(json_object_get(json, "path"));
	autofree int64_t *numbers = NULL;
	size_t room;
	struct text_list paths = { 0 };
	struct event ev = { .path = path, .paths = &paths };

	if (!kind_of(json, &ev.kind))
		return is_retired(json);
	if (kinds[ev.kind].has_path && !path)
		return false;
	parse_members(&ev, json);
	if (ev.kind == EVENT_RESOLVED && !is_identity(&ev, json))
		return false;
	if (ev.kind == EVENT_DEFERRED && !is_segments(&ev))
		return false;
	room = parse_paths(json, &paths, &numbers);
	ev.stamps = numbers;
	ev.mtimes_ns = numbers + room;
	progress_apply(p, &ev);
	text_list_free(&paths);
	return true;
}

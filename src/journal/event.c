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

/* Members without which the event is invalid. */
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

/* --- a line, read --------------------------------------------------------- */

struct reading {
	struct event ev; /* borrows all else */
	bool has_kind, has_paths;
	char *path;
	struct text_list paths;
	/* Of each path its stamp, then of each its mtime. */
	int64_t *numbers;
	json_t *json; /* or */
	char *plain;
};

static void
reading_free(struct reading *r)
{
	free(r->path);
	text_list_free(&r->paths);
	free(r->numbers);
	json_decref(r->json);
	free(r->plain);
	*r = (struct reading){ 0 };
}

#define autoreading __attribute__((cleanup(reading_free)))

static bool
kind_of(const char *name, enum event_kind *kind)
{
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

/* --- without a tree: 4,000 instructions a line, not 37,000 ---------------- */

static bool
read_plain_paths(struct reading *r, struct plain *p)
{
	r->has_paths = true;
	if (!plain_skip(p, '['))
		return false;
	do {
		const char *text = plain_string(p);
		autofree char *path = text && *text
		    ? text_percent_decode(text, strlen(text))
		    : NULL;

		if (path == NULL)
			return false;
		text_list_add(&r->paths, path);
	} while (plain_skip(p, ','));
	r->numbers = xcalloc(2 * r->paths.n, sizeof(int64_t));
	return plain_skip(p, ']');
}

/* Must follow the paths, which limit their number. */
static bool
read_plain_numbers(const struct reading *r, int64_t *numbers, struct plain *p)
{
	if (r->numbers == NULL || !plain_skip(p, '['))
		return false;
	for (size_t i = 0; i < r->paths.n; i++) {
		if (!plain_number(p, &numbers[i]))
			return false;
		if (!plain_skip(p, ','))
			return plain_skip(p, ']');
	}
	return false;
}

static bool
read_plain_path(struct reading *r, struct plain *p)
{
	const char *text = plain_string(p);

	if (text && *text)
		r->path = text_percent_decode(text, strlen(text));
	return r->path != NULL;
}

static bool
read_plain_at(struct reading *r, struct plain *p)
{
	static const struct member at = MEMBER("at", event, at_ms, COUNT);

	return member_take_plain(&r->ev, &at, p);
}

static bool
read_plain_kind(struct reading *r, struct plain *p)
{
	r->has_kind = kind_of(plain_string(p), &r->ev.kind);
	return r->has_kind;
}

static bool
read_plain_stamps(struct reading *r, struct plain *p)
{
	return read_plain_numbers(r, r->numbers, p);
}

static bool
read_plain_mtimes(struct reading *r, struct plain *p)
{
	return r->numbers && read_plain_numbers(r, r->numbers + r->paths.n, p);
}

static const struct {
	const char *name;
	bool (*read)(struct reading *, struct plain *);
} others[] = {
	{ "at", read_plain_at },
	{ "event", read_plain_kind },
	{ "path", read_plain_path },
	{ "paths", read_plain_paths },
	{ "stamps", read_plain_stamps },
	{ "mtimes", read_plain_mtimes },
};

enum { OTHERS = sizeof(others) / sizeof(others[0]) };

/* Each only once: jansson would take the last of two. */
static bool
is_first(uint64_t *seen, int i)
{
	uint64_t bit = UINT64_C(1) << i;
	bool is_new = !(*seen & bit);

	*seen |= bit;
	return is_new;
}

static bool
read_plain_member(struct reading *r, struct plain *p, uint64_t *seen)
{
	const char *name = plain_string(p);

	if (name == NULL || !plain_skip(p, ':'))
		return false;
	for (int i = 0; i < OTHERS; i++)
		if (strcmp(others[i].name, name) == 0)
			return is_first(seen, i) && others[i].read(r, p);
	for (int i = 0; i < MEMBERS; i++)
		if (strcmp(members[i].name, name) == 0)
			return is_first(seen, OTHERS + i) &&
			    member_take_plain(&r->ev, &members[i], p);
	return false;
}

static bool
read_plain(struct reading *r, const char *line, size_t len)
{
	struct plain p = { r->plain = xstrndup(line, len) };
	uint64_t seen = 0;

	if (!plain_skip(&p, '{'))
		return false;
	do
		if (!read_plain_member(r, &p, &seen))
			return false;
	while (plain_skip(&p, ','));
	return plain_skip(&p, '}') && p.at == r->plain + len && r->has_kind;
}

/* --- anything else -------------------------------------------------------- */

static void
read_paths(struct reading *r)
{
	const json_t *array = json_object_get(r->json, "paths");
	const json_t *stamps = json_object_get(r->json, "stamps");
	const json_t *mtimes = json_object_get(r->json, "mtimes");
	size_t i, room = json_array_size(array);
	json_t *item;

	r->has_paths = array != NULL;
	if (room == 0)
		return;
	r->numbers = xcalloc(2 * room, sizeof(int64_t));
	json_array_foreach(array, i, item)
	{
		autofree char *path = json_path_value(item);

		if (path == NULL)
			continue;
		r->numbers[r->paths.n] =
		    json_integer_value(json_array_get(stamps, i));
		r->numbers[room + r->paths.n] =
		    json_integer_value(json_array_get(mtimes, i));
		text_list_add(&r->paths, path);
	}
	r->ev.mtimes_ns = r->numbers + room;
}

static void
read_json(struct reading *r, const char *line, size_t len)
{
	struct err ignored;

	r->json = json_parse(line, len, &ignored);
	r->path = json_path_value(json_object_get(r->json, "path"));
	r->has_kind =
	    kind_of(json_member_string(r->json, "event"), &r->ev.kind);
	r->ev.at_ms = members_count(r->json, "at");
	members_take(&r->ev, members, MEMBERS, r->json);
	read_paths(r);
}

/* Events of version 0.1.0 that are no longer used, but are valid. */
static bool
is_retired(const json_t *json)
{
	const char *name = json_member_string(json, "event");

	return name && strcmp(name, "removing") == 0;
}

/* --- what it says --------------------------------------------------------- */

/* URLs are built from these: each must be a valid segment. */
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

/* Only a service may name a meeting by its number. */
static bool
is_identity(const struct event *ev)
{
	return ev->meeting_id && json_is_id(ev->meeting_id) && ev->session &&
	    ev->room && is_segments(ev);
}

static bool
has_meaning(const struct reading *r)
{
	enum subject needs = kinds[r->ev.kind].needs;

	if (needs != NONE && !r->path && !(needs == ANY_PATH && r->has_paths))
		return false;
	if (r->ev.kind == EVENT_RESOLVED)
		return is_identity(&r->ev);
	return r->ev.kind != EVENT_DEFERRED || is_segments(&r->ev);
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
	autoreading struct reading r = { 0 };

	if (!read_plain(&r, line, len)) {
		reading_free(&r);
		read_json(&r, line, len);
		if (progress_restore(p, r.path, r.json))
			return true;
		if (!r.has_kind)
			return is_retired(r.json);
	}
	if (!has_meaning(&r))
		return false;
	r.ev.path = r.path;
	r.ev.paths = &r.paths;
	r.ev.stamps = r.numbers;
	if (r.ev.mtimes_ns == NULL && r.numbers)
		r.ev.mtimes_ns = r.numbers + r.paths.n;
	if (reader)
		reader->read(reader->ctx, &r.ev);
	progress_apply(p, &r.ev);
	return true;
}

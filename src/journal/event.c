#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"
#include "journal/line.h"
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
	[EVENT_PRIVATE] = { "private", PATH },
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
	struct line line;
	char *path;
	struct text_list paths;
	/* Of each path its stamp, then of each its mtime. */
	int64_t *numbers;
};

static void
reading_free(struct reading *r)
{
	line_free(&r->line);
	free(r->path);
	text_list_free(&r->paths);
	free(r->numbers);
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

/* Events of version 0.1.0 that mean nothing any more, but are valid. */
static bool
is_retired(const char *name)
{
	return name &&
	    (strcmp(name, "removing") == 0 || strcmp(name, "postponed") == 0);
}

static char *
path_of(const struct value *v)
{
	return v->text && *v->text
	    ? text_percent_decode(v->text, strlen(v->text))
	    : NULL;
}

static void
read_paths(struct reading *r)
{
	const struct value *paths = line_member(&r->line, "paths");
	const struct value *stamps = line_member(&r->line, "stamps");
	const struct value *mtimes = line_member(&r->line, "mtimes");

	if (paths->n == 0)
		return;
	r->numbers = xcalloc(2 * paths->n, sizeof(int64_t));
	r->ev.stamps = r->numbers;
	r->ev.mtimes_ns = r->numbers + paths->n;
	for (size_t i = 0; i < paths->n; i++) {
		autofree char *path = path_of(value_item(paths, i));
		int64_t *numbers = r->numbers + r->paths.n;

		if (path == NULL)
			continue;
		numbers[0] = value_item(stamps, i)->number;
		numbers[paths->n] = value_item(mtimes, i)->number;
		text_list_add(&r->paths, path);
	}
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

/* A file-service's key begins with the meeting; that of S3 with a slash. */
static bool
is_upload(const struct event *ev)
{
	size_t len = ev->key ? strcspn(ev->key, "/") : 0;
	autofree char *id = len > 0 ? text_percent_decode(ev->key, len) : NULL;
	autofree char *segment = id ? text_percent_encode(id, "") : NULL;

	if (ev->id && !json_is_id(ev->id))
		return false;
	return ev->key == NULL || *ev->key == '/' ||
	    (segment && json_is_id(id) && strlen(segment) == len &&
		strncmp(segment, ev->key, len) == 0);
}

static bool
has_meaning(const struct reading *r)
{
	enum subject needs = kinds[r->ev.kind].needs;

	if (needs != NONE && !r->path &&
	    !(needs == ANY_PATH && line_has(&r->line, "paths")))
		return false;
	if (r->ev.kind == EVENT_RESOLVED)
		return is_identity(&r->ev);
	if (r->ev.kind == EVENT_UPLOAD_BEGUN)
		return is_upload(&r->ev);
	return r->ev.kind != EVENT_DEFERRED || is_segments(&r->ev);
}

bool
event_replay(const struct event_reader *reader, struct progress *p,
    const char *line, size_t len)
{
	autoreading struct reading r = { 0 };
	const char *name;

	line_parse(&r.line, line, len);
	name = line_member(&r.line, "event")->text;
	r.ev.path = r.path = path_of(line_member(&r.line, "path"));
	if (progress_restore(p, r.path, &r.line))
		return true;
	if (!kind_of(name, &r.ev.kind))
		return is_retired(name);
	members_take(&r.ev, members, MEMBERS, &r.line);
	if (!has_meaning(&r))
		return false;
	r.ev.at_ms = line_count(&r.line, "at");
	r.ev.paths = &r.paths;
	read_paths(&r);
	if (reader)
		reader->read(reader->ctx, &r.ev);
	progress_apply(p, &r.ev);
	return true;
}

#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "base/mem.h"
#include "jibri.h"
#include "laws.h"
#include "parts_model.h"
#include "s3_model.h"
#include "trace.h"
#include "world.h"

struct personality personality;

struct record {
	int meeting;
	int64_t id;
	char *path; /* as requested */
	char *data;
	size_t len;
	char *etag; /* of an object */
	int64_t visible_ms;
	struct record *next;
};

static struct record *records;
static int64_t next_id;

static void
free_record(struct record *r)
{
	free(r->path);
	free(r->data);
	free(r->etag);
	free(r);
}

void
server_reset(void)
{
	while (records) {
		struct record *r = records;

		records = r->next;
		free_record(r);
	}
	personality = (struct personality){ 0 };
	next_id = 5000;
	s3_reset();
	parts_reset();
}

void
arrival_free(struct arrival *a)
{
	free(a->url);
	free(a->filename);
	free(a->webhook_id);
	free(a->md5);
	buf_free(&a->body);
}

/* The file-service */

static struct record *
find(int meeting, const char *path)
{
	struct record *r = records;

	while (r && (r->meeting != meeting || strcmp(r->path, path) != 0))
		r = r->next;
	return r;
}

static struct record *
store(int meeting, const char *path, const void *data, size_t len)
{
	struct record *r =
	    personality.store == APPENDS ? NULL : find(meeting, path);

	if (r == NULL) {
		struct record **end = &records;

		while (*end)
			end = &(*end)->next;
		r = *end = xcalloc(1, sizeof(*r));
		r->meeting = meeting;
		r->path = xstrdup(path);
		r->id = next_id++;
	} else if (personality.store == UPSERTS_NEW_ID) {
		r->id = next_id++;
	}
	r->data = xrealloc(r->data, len + 1);
	memcpy(r->data, data, len);
	r->len = len;
	r->visible_ms = now_ms + personality.lag_ms;
	return r;
}

void
server_put(int meeting, const char *path, const void *data, size_t len,
    const char *etag)
{
	mem_replace(&store(meeting, path, data, len)->etag, etag);
}

void
server_each(const char *prefix,
    void (*show)(void *ctx, const char *path, size_t len, const char *etag),
    void *ctx)
{
	for (const struct record *r = records; r; r = r->next)
		if (r->visible_ms <= now_ms &&
		    strncmp(r->path + 1, prefix, strlen(prefix)) == 0)
			show(ctx, r->path, r->len,
			    r->etag ? r->etag : "planted");
}

static void
add_path(struct buf *to, const struct record *r)
{
	autofree char *path = xstrdup(r->path);

	switch (personality.path) {
	case PATH_LOWER:
		for (char *c = path; *c; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c += 'a' - 'A';
		(void)buf_adds(to, path);
		break;
	case PATH_PREFIX:
		(void)buf_addf(to, "/bucket-1%s", path);
		break;
	case PATH_OWN:
		(void)buf_addf(to, "/objects/%" PRId64, r->id);
		break;
	default:
		(void)buf_adds(to, path);
	}
}

static void
add_record(struct buf *to, const struct record *r)
{
	const char *quote = personality.id == ID_TEXT ? "\"" : "";
	const char *name = strrchr(r->path, '/') + 1;

	(void)buf_addf(to, "{\"id\":%s%" PRId64 "%s,\"filename\":\"%s\",",
	    quote, r->id, quote, name);
	(void)buf_adds(to, "\"path\":\"");
	add_path(to, r);
	(void)buf_adds(to, "\",\"mimeType\":\"application/octet-stream\"");
	switch (personality.size) {
	case SIZE_NUMBER:
		(void)buf_addf(to, ",\"size\":%zu", r->len);
		break;
	case SIZE_TEXT:
		(void)buf_addf(to, ",\"size\":\"%zu\"", r->len);
		break;
	case SIZE_FLOAT:
		(void)buf_addf(to, ",\"size\":%zu.0", r->len);
		break;
	default:
		break;
	}
	(void)buf_adds(to, ",\"uploadedAt\":\"2026-01-05T12:00:00Z\"}");
}

/* The decoded value of path=, and the file's name. */
static char *
asked_path(const struct arrival *a)
{
	const char *query = strstr(a->url, "?path=");
	autofree char *folder =
	    query ? text_percent_decode(query + 6, strlen(query + 6)) : NULL;

	return xasprintf("%s%s", folder ? folder : "/", a->filename);
}

void
server_take(const struct arrival *a, int meeting, const char *path,
    const struct buf *data, struct reply *reply)
{
	static const int statuses[] = { 201, 200, 202, 204 };
	const struct record *old = find(meeting, path);
	bool looks_old = personality.store == UPSERTS_SAME_ID && old &&
	    (old->len == data->len || personality.size == SIZE_NONE);
	const struct record *r = store(meeting, path, buf_str(data), data->len);

	trace("stored: %s, %zu bytes, id %" PRId64, path, r->len, r->id);
	/* Nobody can recognize it in a list. */
	reply->is_needed = looks_old || personality.path == PATH_OWN;
	if (reply->is_needed &&
	    (!a->is_heard || personality.answer != SAYS_RECORD)) {
		reply->is_needed = false;
		laws_unclear(a->recording);
	}
	laws_stored(a->recording, path, r->data, r->len, meeting);
	reply->status = statuses[personality.answer];
	if (personality.answer == SAYS_RECORD || personality.answer == SAYS_OK)
		add_record(&reply->body, r);
}

static void
upload(const struct arrival *a, struct reply *reply)
{
	const char *id = strstr(a->url, "/files/structured/");
	int meeting = id ? (int)strtol(id + 18, NULL, 10) : 0;
	autofree char *path = asked_path(a);

	server_take(a, meeting, path, &a->body, reply);
}

static void
list(const struct arrival *a, struct reply *reply)
{
	const char *id = strstr(a->url, "referenceId=");
	int meeting = id ? (int)strtol(id + 12, NULL, 10) : 0;
	bool is_first = true;

	if (personality.list_refusal) {
		reply->status = personality.list_refusal;
		return;
	}
	(void)buf_adds(&reply->body, "[");
	for (const struct record *r = records; r; r = r->next) {
		if (r->meeting != meeting || r->visible_ms > now_ms)
			continue;
		(void)buf_adds(&reply->body, is_first ? "" : ",");
		add_record(&reply->body, r);
		is_first = false;
	}
	(void)buf_adds(&reply->body, "]");
}

void
server_plant(int recording, const struct version *v)
{
	autofree char *path = xasprintf("/%s/%s/%s", sessions[recording].room,
	    sessions[recording].name, v->path);

	(void)store(100 + recording, path, v->data, v->len);
}

static bool
is_of(const struct record *r, const struct version *v)
{
	const struct session *s = &sessions[v->recording];
	size_t room = strlen(s->room), name = strlen(s->name);
	const char *p = r->path;

	return p[0] == '/' && strncmp(p + 1, s->room, room) == 0 &&
	    strncmp(p + 2 + room, s->name, name) == 0 &&
	    strcmp(p + 3 + room + name, v->path) == 0;
}

bool
server_has(const struct version *v)
{
	const char *data = v->redacted ? v->redacted : v->data;
	size_t len = v->redacted ? strlen(v->redacted) : v->len;

	for (const struct record *r = records; r; r = r->next)
		if (r->len == len && is_of(r, v) &&
		    memcmp(r->data, data, len) == 0)
			return true;
	return false;
}

/* The meeting-service */

static void
look_up(const struct arrival *a, struct reply *reply)
{
	if (a->recording < 0 || (size_t)a->recording >= world.n_recordings)
		reply->status = 404;
	else
		(void)buf_addf(&reply->body, "{\"id\":%d}", 100 + a->recording);
}

static void
hear(const struct arrival *a)
{
	trace("webhook: %s", buf_str(&a->body));
	if (a->recording >= 0 && strcmp(a->event, "STOPPED") == 0)
		laws_stopped(a);
}

void
server_act(const struct arrival *a, struct reply *reply)
{
	reply->status = 200;
	reply->type = "application/json";
	if (s3_is_asked(a->url)) {
		s3_act(a, reply);
		return;
	}
	if (parts_is_asked(a->url)) {
		parts_act(a, reply);
		return;
	}
	switch (a->stage) {
	case STAGE_LOOKUP:
		look_up(a, reply);
		break;
	case STAGE_LIST:
		list(a, reply);
		break;
	case STAGE_UPLOAD:
		upload(a, reply);
		break;
	default:
		hear(a);
	}
}

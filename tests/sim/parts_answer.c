#include "parts_internal.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/digest.h"
#include "io/json.h"
#include "trace.h"
#include "world.h"

enum { URLS = 16 };

static void
say(struct reply *reply, int status, json_t *json)
{
	autojson json_t *whole =
	    parts_habits.is_wrapped ? json_pack("{s:o}", "data", json) : json;
	autofree char *text = json_dumps(whole, JSON_COMPACT);

	reply->status = status;
	(void)buf_adds(&reply->body, text);
}

void
parts_be_absent(struct reply *reply, bool is_begin)
{
	static const struct {
		int status;
		bool is_html;
	} absences[] = {
		{ 404, false },
		{ 405, false },
		{ 501, false },
		{ 404, true },
		{ 200, true },
	};
	bool is_told = is_begin || parts_habits.is_all_absent;

	while (parts_uploads)
		parts_drop(parts_uploads);
	reply->status = is_told ? absences[parts_habits.absence].status : 404;
	if (!is_told || !absences[parts_habits.absence].is_html)
		return;
	reply->type = "text/html";
	(void)buf_adds(&reply->body, "<!DOCTYPE html><html></html>");
}

/* Its id has characters that a URL may not have, if it is a string. */
static char *
make_id(int recording)
{
	return xasprintf(personality.id == ID_TEXT ? "u/77 %d?%d"
						   : "77007700%03d%d",
	    parts_next_id++, recording);
}

void
parts_begin(const struct arrival *a, const struct asked *asked,
    struct reply *reply)
{
	static const size_t sizes[] = { 20000, 9000, 30000, 60000 };
	const char *path = strstr(a->url, "?path=");
	struct err e;
	autojson json_t *json = json_parse(buf_str(&a->body), a->body.len, &e);
	const char *filename = json_member_string(json, "filename");
	struct upload *up;
	json_t *answer;

	if (path == NULL || filename == NULL || a->recording < 0) {
		reply->status = 400;
		return;
	}
	up = xcalloc(1, sizeof(*up));
	up->recording = a->recording;
	up->meeting = (int)strtol(asked->meeting, NULL, 10);
	up->folder = text_percent_decode(path + 6, strlen(path + 6));
	up->filename = xstrdup(filename);
	up->id = make_id(a->recording);
	up->part_bytes = sizes[world_pick(FAULT_SIZES, 4)];
	up->next = parts_uploads;
	parts_uploads = up;
	trace("parts: upload %s of %s%s is begun for %s, parts of %zu", up->id,
	    up->folder, filename, asked->meeting, up->part_bytes);
	answer = json_pack("{s:o,s:I}", "uploadId",
	    personality.id == ID_TEXT ? json_string(up->id)
				      : json_integer(strtoll(up->id, NULL, 10)),
	    "partSize", (json_int_t)up->part_bytes * PARTS_SCALE);
	if (parts_habits.told_s)
		(void)json_object_set_new(answer, "expiresIn",
		    json_integer(parts_habits.told_s));
	say(reply, 201, answer);
}

static json_t *
headers_of(const struct upload *up)
{
	struct text_list lines = { 0 };
	json_t *json = json_object();

	parts_add_headers(&lines, up->id);
	for (size_t i = 0; i < lines.n; i++) {
		char *colon = strchr(lines.items[i], ':');

		*colon = '\0';
		(void)json_object_set_new(json, lines.items[i],
		    json_string(colon + 2));
	}
	text_list_free(&lines);
	return json;
}

void
parts_give_urls(const struct arrival *a, const struct upload *up,
    struct reply *reply)
{
	struct err e;
	autojson json_t *json = json_parse(buf_str(&a->body), a->body.len, &e);
	const json_t *numbers = json_object_get(json, "numbers");
	autofree char *id = text_percent_encode(up->id, "");
	json_t *urls, *number;
	size_t i;

	if (json_array_size(numbers) < 1 || json_array_size(numbers) > URLS) {
		reply->status = 400;
		return;
	}
	urls = json_object();
	json_array_foreach(numbers, i, number)
	{
		int n = (int)json_integer_value(number);
		int64_t until_ms = now_ms + parts_habits.life_ms;
		autofree char *name = xasprintf("%d", n);
		autofree char *url = xasprintf(PARTS_STORAGE
		    "%s/%d?until=%lld&signature=" PARTS_CANARY,
		    id, n, (long long)until_ms);

		if (i == 0 || !parts_habits.is_sparing)
			(void)json_object_set_new(urls, name, json_string(url));
	}
	say(reply, 200,
	    json_pack("{s:o,s:o}", "urls", urls, "headers", headers_of(up)));
}

static char *
etag_of(const struct arrival *a)
{
	struct digest *d;
	char hex[DIGEST_HEX_BYTES];

	if (parts_habits.etag == ETAG_OWN)
		return xasprintf("part-%d", parts_next_id++);
	d = digest_new_md5();
	digest_add(d, buf_str(&a->body), a->body.len);
	digest_hex(d, hex);
	digest_free(d);
	return xstrdup(hex);
}

void
parts_put(const struct arrival *a, struct upload *up, const char *tail,
    struct reply *reply)
{
	size_t number = strtoul(tail + 1, NULL, 10);
	const char *until = strstr(tail, "until=");
	struct part *part = &up->parts[(number - 1) % PARTS_MAX];
	bool is_kept = world.is_calm || !world_chance(FAULT_PARTS, 30);

	if (until == NULL || strtoll(until + 6, NULL, 10) < now_ms)
		reply->status = 403;
	else if (parts_habits.storage_status)
		reply->status = parts_habits.storage_status;
	if (reply->status != 200) {
		trace("parts: %d for part %zu of %s", reply->status, number,
		    up->id);
		return;
	}
	/* Noting them is not a waste. */
	if (actor_now)
		actor_now->has_achieved = true;
	mem_replace(&part->data, NULL);
	free(part->etag);
	part->etag = etag_of(a);
	part->len = a->body.len;
	if (is_kept) {
		part->data = xmalloc(part->len + 1);
		memcpy(part->data, buf_str(&a->body), part->len);
	}
	if (parts_habits.etag != ETAG_NONE)
		reply->etag = xstrdup(part->etag);
	trace("parts: part %zu of %s%s", number, up->id,
	    is_kept ? "" : " is not kept");
}

void
parts_list(const struct upload *up, struct reply *reply)
{
	json_t *parts = json_array();

	for (size_t i = 0; i < PARTS_MAX; i++) {
		const struct part *part = &up->parts[i];
		json_t *json;

		if (part->data == NULL)
			continue;
		json = json_pack("{s:I,s:I,s:o}", "number", (json_int_t)i + 1,
		    "size", (json_int_t)part->len, "etag",
		    json_sprintf(i % 2 ? "%s" : "\"%s\"", part->etag));
		(void)json_array_insert_new(parts,
		    parts_habits.is_backwards ? 0 : json_array_size(parts),
		    json);
	}
	say(reply, 200, json_pack("{s:o}", "parts", parts));
}

/* Completion */

/* Does each named part match?  A strict service allows no others. */
static bool
join(const struct upload *up, const json_t *parts, struct buf *whole)
{
	size_t n = json_array_size(parts), have = 0;

	for (size_t i = 0; i < n; i++) {
		const json_t *named = json_array_get(parts, i);
		const struct part *part = &up->parts[i % PARTS_MAX];
		const char *etag = json_member_string(named, "etag");

		if (i >= PARTS_MAX || part->data == NULL || etag == NULL ||
		    json_member_int(named, "number", 0) != (int64_t)i + 1 ||
		    strcmp(etag, part->etag) != 0 ||
		    (i + 1 < n && part->len != up->part_bytes))
			return false;
		(void)buf_add(whole, part->data, part->len);
	}
	for (size_t i = 0; i < PARTS_MAX; i++)
		have += up->parts[i].data != NULL;
	return n > 0 && (have == n || !parts_habits.is_strict);
}

static bool
is_file(const struct buf *whole, const json_t *json)
{
	const char *sha256 = json_member_string(json, "sha256");
	char hex[DIGEST_HEX_BYTES];

	digest_once(buf_str(whole), whole->len, hex);
	return json_member_int(json, "size", -1) == (int64_t)whole->len &&
	    sha256 && strcmp(sha256, hex) == 0;
}

/* Its place; NULL: not given, or given again. */
static char *
place_of(const struct arrival *a, const struct upload *up, const json_t *json,
    int *meeting)
{
	const char *id = json_member_string(json, "meetingId");
	const char *query = strstr(a->url, "?path=");
	autofree char *folder =
	    query ? text_percent_decode(query + 6, strlen(query + 6)) : NULL;
	bool is_open = up->meeting == 0;

	*meeting = is_open && id ? (int)strtol(id, NULL, 10) : up->meeting;
	if (is_open != (id != NULL) || is_open != (folder != NULL))
		return NULL;
	return xasprintf("%s%s", is_open ? folder : up->folder, up->filename);
}

void
parts_complete(const struct arrival *a, struct upload *up, struct reply *reply)
{
	struct err e;
	autojson json_t *json = json_parse(buf_str(&a->body), a->body.len, &e);
	autobuf struct buf whole = { 0 };
	int meeting;
	autofree char *path = place_of(a, up, json, &meeting);
	bool is_refused = !world.is_calm && world_chance(FAULT_PARTS, 30);

	if (path == NULL) {
		reply->status = 400;
	} else if (is_refused ||
	    !join(up, json_object_get(json, "parts"), &whole) ||
	    !is_file(&whole, json)) {
		reply->status = draw(DRAW_WORLD, 2) ? 409 : 422;
	} else {
		server_take(a, meeting, path, &whole, reply);
		parts_drop(up);
	}
	trace("parts: complete: %d", reply->status);
}

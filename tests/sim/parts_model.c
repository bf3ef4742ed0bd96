#include "parts_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fate.h"
#include "io/digest.h"
#include "io/json.h"
#include "laws.h"
#include "trace.h"
#include "world.h"

#define SERVICE "/files/structured/"

enum { MINUTE_MS = 60 * 1000 };

struct upload *parts_uploads;
int parts_next_id;

struct parts_habits parts_habits;

void
parts_drop(struct upload *up)
{
	struct upload **link = &parts_uploads;

	while (*link != up)
		link = &(*link)->next;
	*link = up->next;
	for (size_t i = 0; i < PARTS_MAX; i++) {
		free(up->parts[i].data);
		free(up->parts[i].etag);
	}
	free(up->id);
	free(up->folder);
	free(up->filename);
	free(up);
}

void
parts_reset(void)
{
	while (parts_uploads)
		parts_drop(parts_uploads);
	parts_next_id = 1;
	memset(&parts_habits, 0, sizeof(parts_habits));
}

static void
choose_offer(void)
{
	static const int64_t from[] = { 0, 0, 0, 2, 20, 90 };
	static const int64_t to[] = { 1, 4, 15, 60, 240 };

	parts_habits.from_ms = from[world_pick(FAULT_ABSENT, 6)] * MINUTE_MS;
	parts_habits.to_ms = INT64_MAX;
	if (world_chance(FAULT_ABSENT, 300))
		parts_habits.to_ms =
		    parts_habits.from_ms + to[draw(DRAW_WORLD, 5)] * MINUTE_MS;
	parts_habits.absence = (int)world_pick(FAULT_ABSENT, 5);
	parts_habits.is_all_absent = world_chance(FAULT_ABSENT, 500);
}

void
parts_choose(void)
{
	static const int64_t lives_s[] = { 3600, 600, 60, 10 };
	static const int refusals[] = { 403, 405, 413, 401, 302 };

	choose_offer();
	parts_habits.life_ms = 1000 * lives_s[world_pick(FAULT_EXPIRY, 4)];
	parts_habits.told_s =
	    draw(DRAW_WORLD, 2) ? parts_habits.life_ms / 1000 : 0;
	if (world_chance(FAULT_EXPIRY, 150))
		parts_habits.storage_status = refusals[draw(DRAW_WORLD, 5)];
	parts_habits.etag = draw(DRAW_WORLD, 2) ? ETAG_OWN : ETAG_MD5;
	if (world_chance(FAULT_EXPIRY, 50))
		parts_habits.etag = ETAG_NONE;
	parts_habits.n_headers = draw(DRAW_WORLD, 3);
	parts_habits.is_strict = draw(DRAW_WORLD, 2);
	parts_habits.is_wrapped = draw(DRAW_WORLD, 2);
	parts_habits.is_backwards = draw(DRAW_WORLD, 2);
	parts_habits.is_sparing = draw(DRAW_WORLD, 4) == 3;
}

static bool
is_offered(void)
{
	return now_ms >= parts_habits.from_ms && now_ms < parts_habits.to_ms;
}

/* Requests */

static void
read_url(struct asked *asked, const char *url)
{
	const char *at = strstr(url, SERVICE);

	*asked = (struct asked){ 0 };
	at = at ? at + strlen(SERVICE) : url + strlen(PARTS_STORAGE);
	if (strstr(url, SERVICE)) {
		asked->meeting = xstrndup(at, strcspn(at, "/"));
		at += strcspn(at, "/") + strlen("/uploads");
		at += *at == '/';
	}
	asked->id = text_percent_decode(at, strcspn(at, "/?"));
	asked->tail = at + strcspn(at, "/?");
}

static void
free_asked(struct asked *asked)
{
	free(asked->meeting);
	free(asked->id);
}

static bool
is_storage(const char *url)
{
	return strncmp(url, PARTS_STORAGE, strlen(PARTS_STORAGE)) == 0;
}

bool
parts_is_asked(const char *url)
{
	const char *at = strstr(url, SERVICE);

	if (is_storage(url))
		return true;
	at = at ? at + strlen(SERVICE) : "";
	at += strcspn(at, "/?");
	return strncmp(at, "/uploads", strlen("/uploads")) == 0;
}

void
parts_add_headers(struct text_list *headers, const char *id)
{
	static const char *const names[] = { "x-storage-class", "x-token" };

	for (size_t i = 0;
	     i < parts_habits.n_headers && i < sizeof(names) / sizeof(*names);
	     i++) {
		autofree char *line =
		    xasprintf("%s: " PARTS_CANARY " %s", names[i], id);

		text_list_add(headers, line);
	}
}

/* A part has the headers that the service gave; nothing else has them. */
static void
check_headers(const struct http_request *r, const char *id)
{
	struct text_list given = { 0 };
	size_t n = r->headers ? r->headers->n : 0;
	bool is_bare = r->is_bare && r->content_type == NULL &&
	    r->part_filename == NULL && r->method &&
	    strcmp(r->method, "PUT") == 0;

	parts_add_headers(&given, id);
	is_bare &= n == given.n;
	for (size_t i = 0; is_bare && i < n; i++)
		is_bare &= strcmp(r->headers->items[i], given.items[i]) == 0;
	if (!is_bare)
		law_break(LAW_BARE, "a part is not sent as it has to be: %s",
		    n > 0 ? r->headers->items[0] : "no header");
	text_list_free(&given);
}

static void
check_request(const struct http_request *r, const char *id)
{
	if (is_storage(r->url))
		check_headers(r, id);
	else if (r->is_bare)
		law_break(LAW_BARE, "%s has no header of ours", r->url);
}

/* A request that changes nothing counts as a list. */
void
parts_arrival(struct arrival *a, const struct http_request *r)
{
	struct asked asked;
	size_t len;

	read_url(&asked, r->url);
	len = strlen(asked.id);
	check_request(r, asked.id);
	a->stage =
	    strcmp(a->method, "GET") == 0 || strcmp(asked.tail, "/parts") == 0
	    ? STAGE_LIST
	    : STAGE_UPLOAD;
	if (len > 0)
		a->recording = asked.id[len - 1] - '0';
	else
		a->recording = fate_recording(r->url, "/Session-");
	free_asked(&asked);
}

/* The upload that the request names; NULL, and then the reply. */
static struct upload *
find(const char *id, struct reply *reply)
{
	struct upload *up = parts_uploads;

	while (up && strcmp(up->id, id) != 0)
		up = up->next;
	if (up && !world.is_calm && world_chance(FAULT_PARTS, 15)) {
		trace("parts: upload %s vanishes", id);
		parts_drop(up);
		up = NULL;
	}
	if (up == NULL)
		reply->status = 404;
	return up;
}

static void
act_on(const struct arrival *a, const struct asked *asked, struct reply *reply)
{
	struct upload *up = find(asked->id, reply);

	if (up == NULL)
		return;
	if (asked->meeting == NULL) {
		parts_put(a, up, asked->tail, reply);
	} else if (strcmp(a->method, "GET") == 0) {
		parts_list(up, reply);
	} else if (strcmp(a->method, "DELETE") == 0) {
		trace("parts: upload %s is aborted", up->id);
		parts_drop(up);
		reply->status = 204;
	} else if (strcmp(asked->tail, "/parts") == 0) {
		parts_give_urls(a, up, reply);
	} else {
		parts_complete(a, up, reply);
	}
}

void
parts_act(const struct arrival *a, struct reply *reply)
{
	struct asked asked;
	bool is_begin;

	read_url(&asked, a->url);
	is_begin = *asked.id == '\0';
	if (!is_offered())
		parts_be_absent(reply, is_begin);
	else if (is_begin)
		parts_begin(a, &asked, reply);
	else
		act_on(a, &asked, reply);
	free_asked(&asked);
}

/* Who knows of uploads */

void
parts_refused(const struct arrival *a, int status)
{
	struct asked asked;

	read_url(&asked, a->url);
	for (struct upload *up = parts_uploads; up; up = up->next) {
		if (strcmp(up->id, asked.id) != 0)
			continue;
		up->was_kept |= strcmp(a->method, "DELETE") == 0;
		if (status == 404)
			up->is_noted = up->is_known = false;
	}
	free_asked(&asked);
}

void
parts_stored(int recording, const void *data, size_t len)
{
	for (struct upload *up = parts_uploads; up; up = up->next)
		if (up->recording == recording && up->was_kept &&
		    memmem(data, len, up->filename, strlen(up->filename)))
			up->is_noted = up->is_known = false;
}

void
parts_noted(int recording, const void *data, size_t len)
{
	if (memmem(data, len, PARTS_CANARY, strlen(PARTS_CANARY)))
		law_break(LAW_SECRET, "the URL of a part is in a journal");
	for (struct upload *up = parts_uploads; up; up = up->next)
		if (up->recording == recording &&
		    memmem(data, len, up->id, strlen(up->id)))
			up->is_noted = true;
}

void
parts_synced(int recording)
{
	for (struct upload *up = parts_uploads; up; up = up->next)
		if (up->recording == recording)
			up->is_known |= up->is_noted;
}

void
parts_power_cut(void)
{
	for (struct upload *up = parts_uploads; up; up = up->next)
		up->is_noted = up->is_known;
}

void
parts_forgotten(int recording)
{
	for (struct upload *up = parts_uploads; up; up = up->next)
		if (up->recording == recording)
			up->is_noted = up->is_known = false;
}

bool
parts_has_upload(int recording)
{
	for (const struct upload *up = parts_uploads; up; up = up->next)
		if (up->recording == recording && up->is_known && is_offered())
			return true;
	return false;
}

#include "remote/meeting.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "io/json_stream.h"
#include "remote/request.h"

enum { ANSWER_BYTES = 256 * 1024 };

struct lookup {
	const char *room;
	struct auth *auth;
	struct auth_use use;
	struct text_list headers;
	char *id;
};

/* The same in any case, and with or without '-' and '_'. */
static bool
is_called(const char *key, const char *name)
{
	for (; *key; key++) {
		if (*key == '-' || *key == '_')
			continue;
		if (tolower((unsigned char)*key) != *name++)
			return false;
	}
	return *name == '\0';
}

/* Where it is a room or in a list, its name is the room's, not a title. */
static bool
has_other_room(const json_t *json, bool is_name_of_room, const char *room)
{
	bool is_other = false;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)json, key, value)
	{
		bool is_room =
		    is_called(key, "room") || is_called(key, "roomname");
		const char *said =
		    is_room || (is_name_of_room && is_called(key, "name"))
		    ? json_string_value(value)
		    : NULL;

		is_other |= (said && strcasecmp(said, room) != 0) ||
		    (is_room && has_other_room(value, true, room));
	}
	return is_other;
}

/* Does the meeting, or what it is wrapped in, name another room? */
static bool
is_other_room(const json_t *json, const json_t *meeting, const char *room)
{
	static const char *const parts[] = { "attributes", "meeting" };
	bool is_listed = false, is_other = false;

	for (; json != meeting; json = json_wrapped(json)) {
		is_listed |= json_is_array(json);
		is_other |= has_other_room(json, false, room);
	}
	is_other |= has_other_room(meeting, is_listed, room);
	for (int i = 0; i < 2; i++)
		is_other |= has_other_room(json_object_get(meeting, parts[i]),
		    is_listed, room);
	return is_other;
}

/* An empty page may have an id of its own. */
static bool
is_empty_page(const json_t *json)
{
	const json_t *list = json_wrapped(json);

	return json_is_array(list) && json_array_size(list) == 0;
}

bool
meeting_is_none(const struct meeting_policy *policy)
{
	return strcmp(policy->url, "none") == 0;
}

/* A failure reported with status 200, whatever the id is. */
static bool
tells_failure(const json_t *json)
{
	const json_t *error = json_object_get(json, "error");
	int64_t status = json_member_int(json, "status", 0);

	return json_is_false(json_object_get(json, "success")) ||
	    json_is_false(json_object_get(json, "ok")) ||
	    (status >= 400 && status < 600) || json_is_true(error) ||
	    json_string_length(error) > 0 || json_object_size(error) > 0;
}

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct lookup *l = ctx;

	(void)request;
	text_list_free(&l->headers);
	return auth_add_header(l->auth, AUTH_MEETING_SERVICE, &l->use,
	    &l->headers, e);
}

static bool
wants_retry(void *ctx, const struct http_answer *answer)
{
	struct lookup *l = ctx;

	return auth_wants_retry(l->auth, &l->use, answer->status);
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct lookup *l = ctx;
	autojson json_t *json = request_answer_json(answer, e);
	const json_t *meeting = json_unwrap(json, "id");

	if (json == NULL)
		return -1;
	if (tells_failure(json))
		return request_not_understood(answer, "reports a failure", e);
	if (meeting && is_other_room(json, meeting, l->room))
		return request_not_understood(answer, "is for another room", e);
	if (!is_empty_page(meeting))
		l->id =
		    request_answer_id(answer, json_object_get(meeting, "id"));
	return l->id
	    ? 0
	    : request_not_understood(answer, "is not a meeting with an id", e);
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	(void)ctx;
	if (answer->status == 404)
		(void)err_wrap(e, "unknown room");
}

char *
meeting_lookup(struct http *http, const struct meeting_policy *policy,
    struct auth *auth, const struct retry_policy *retry, const char *room,
    struct err *e)
{
	autofree char *segment = text_percent_encode(room, "");
	autofree char *path = xasprintf("/api/meetings/room/%s", segment);
	autofree char *url = request_url(policy->url, path);
	struct lookup found = { .room = room, .auth = auth };
	const struct http_request lookup = {
		.url = url,
		.headers = &found.headers,
		.service = HTTP_MEETING_SERVICE,
		.answer_timeout_ms = policy->answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
	};
	const struct request request = {
		.what = "room lookup",
		.http = &lookup,
		.prepare = prepare,
		.accept = accept_answer,
		.wants_retry = wants_retry,
		.refine = refine,
		.ctx = &found,
	};

	(void)request_run(&request, http, retry, e);
	text_list_free(&found.headers);
	return found.id;
}

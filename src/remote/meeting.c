#include "remote/meeting.h"

#include <string.h>

#include "base/mem.h"
#include "io/json_stream.h"
#include "remote/request.h"

enum { ANSWER_BYTES = 256 * 1024 };

struct lookup {
	const char *room;
	char *id;
};

/* Does it name another room? In a list, the name counts too. */
static bool
is_other_room(const json_t *json, const json_t *meeting, const char *room)
{
	static const char *const names[] = { "roomName", "room", "name" };
	bool is_listed = json_is_array(json), is_other = false;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)json, key, value) is_listed |=
	    json != meeting && json_is_array(value);
	for (size_t i = 0; i < (is_listed ? 3 : 2); i++) {
		const char *said = json_member_string(meeting, names[i]);

		is_other |= said && strcasecmp(said, room) != 0;
	}
	return is_other;
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
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct lookup *l = ctx;
	autojson json_t *json = request_answer_json(answer, e);
	const json_t *meeting = json_unwrap(json, "id");

	if (json == NULL)
		return -1;
	if (tells_failure(json))
		return request_not_understood(answer, "reports a failure", e);
	if (is_other_room(json, meeting, l->room))
		return request_not_understood(answer, "is about another room",
		    e);
	l->id = request_answer_id(answer, json_object_get(meeting, "id"));
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
	struct lookup found = { .room = room };
	const struct http_request lookup = {
		.url = url,
		.service = HTTP_MEETING_SERVICE,
		.answer_timeout_ms = policy->answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
	};
	const struct request request = {
		.what = "room lookup",
		.http = &lookup,
		.auth = auth,
		.service = AUTH_MEETING_SERVICE,
		.accept = accept_answer,
		.refine = refine,
		.ctx = &found,
	};

	(void)request_run(&request, http, retry, e);
	return found.id;
}

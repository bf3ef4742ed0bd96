#include "remote/meeting.h"

#include "base/mem.h"
#include "io/json.h"
#include "remote/request.h"

enum { ANSWER_BYTES = 256 * 1024 };

struct lookup {
	const struct meeting_policy *policy;
	struct auth *auth;
	struct auth_use use;
	const char *url;
	struct text_list headers;
	char *id;
};

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct lookup *lookup = ctx;

	text_list_free(&lookup->headers);
	if (auth_add_header(lookup->auth, AUTH_MEETING_SERVICE, &lookup->use,
		&lookup->headers, e) == -1)
		return -1;
	*request = (struct http_request){
		.url = lookup->url,
		.headers = &lookup->headers,
		.answer_timeout_ms = lookup->policy->answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
	};
	return 0;
}

static bool
is_mended(void *ctx, const struct http_answer *answer)
{
	struct lookup *lookup = ctx;

	return auth_is_mended(lookup->auth, &lookup->use, answer->status);
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct lookup *lookup = ctx;
	autojson json_t *json = request_answer_json(answer, e);
	const json_t *id = json_object_get(json, "id");

	if (json == NULL)
		return -1;
	lookup->id = id ? json_plain_id(id) : NULL;
	if (lookup->id != NULL)
		return 0;
	return err_set(e, ERR_PERMANENT,
	    id ? "the meeting's id is not plain (letters, digits, - and _)"
	       : "the answer has no id");
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	(void)ctx;
	if (answer->status != 404)
		return;
	(void)err_wrap(e, "unknown room");
	(void)err_hint(e,
	    "if it is known under another name: jibri-finalize DIR ROOM");
}

char *
meeting_lookup(struct http *http, const struct meeting_policy *policy,
    struct auth *auth, const struct retry_policy *retry, const char *room,
    struct err *e)
{
	autofree char *segment = text_percent_encode(room, "");
	autofree char *path = xasprintf("/api/meetings/room/%s", segment);
	autofree char *url = request_url(policy->url, path);
	struct lookup lookup = { .policy = policy, .auth = auth, .url = url };
	const struct request request = {
		.what = "room lookup",
		.prepare = prepare,
		.accept = accept_answer,
		.is_mended = is_mended,
		.refine = refine,
		.ctx = &lookup,
	};

	(void)request_run(&request, http, retry, e);
	text_list_free(&lookup.headers);
	return lookup.id;
}

/*
 * Any answer of a server, from the status line on: to a lookup, a list, an
 * upload, a webhook or a token request.  The first byte chooses the request.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/retry.h"
#include "remote/inventory.h"
#include "remote/meeting.h"
#include "remote/webhook.h"
#include "wire.h"

#define URL "http://127.0.0.1:9"

static const struct http_policy http_policy = { .connect_timeout_ms = 1000,
	.stall_timeout_ms = 1000,
	.proxy = (char *)"none" };
static const struct retry_policy once = { .tries = 1 };
/* Whose token's own answer is read, too. */
static const struct auth_policy oauth = { .token_url = (char *)URL,
	.client_id = (char *)"i",
	.client_secret = (char *)"s",
	.answer_timeout_ms = 1000 };
static const struct auth_policy fixed = { .token = (char *)"t" };

static void
ask_token(struct http *http)
{
	struct auth *auth = auth_open(&oauth, &once, http);
	struct auth_use use = { 0 };
	struct text_list headers = { 0 };
	struct err e = { 0 };

	if (auth_add_header(auth, AUTH_FILE_SERVICE, &use, &headers, &e) == 0) {
		must(headers.n == 1 && use.serial == 1);
		must(!text_has_control(headers.items[0]));
	} else {
		must(e.class != ERR_NONE && e.class != ERR_PERMANENT);
		must(headers.n == 0 && *e.text);
	}
	text_list_free(&headers);
	auth_close(auth);
}

static void
ask_lookup(struct http *http)
{
	struct auth *auth = auth_open(&fixed, &once, http);
	const struct meeting_policy policy = { .url = (char *)URL,
		.answer_timeout_ms = 1000 };
	struct err e = { 0 };
	autofree char *id =
	    meeting_lookup(http, &policy, auth, &once, "room", &e);

	auth_close(auth);
	must(id ? fuzz_is_id(id) : e.class != ERR_NONE && *e.text);
}

static void
ask_webhook(struct http *http)
{
	const struct webhook_policy policy = { .service_url = URL,
		.answer_timeout_ms = 1000 };
	const struct webhook w = { .event = "STOPPED",
		.room = "room",
		.session = "session",
		.id = "msg_0" };
	struct auth *auth = auth_open(&fixed, &once, http);
	struct err e = { 0 };

	if (webhook_send(http, &policy, auth, &once, &w, &e) == -1)
		must(e.class != ERR_NONE && *e.text);
	auth_close(auth);
}

static void
check_answer(const struct http_answer *a)
{
	struct retry r = { 0 };
	int64_t at_ms = 0;

	must(a->status == 0 || (a->status >= 200 && a->status <= 999));
	must(a->content_type && a->what);
	must((a->outcome == HTTP_ANSWERED) == (a->err.class == ERR_NONE));
	must(a->outcome != HTTP_ANSWERED || a->status / 100 == 2);
	must((a->status / 100 != 3 && a->status / 100 != 4) ||
	    a->outcome == HTTP_NOT_DONE);
	must(a->retry_after_ms >= 0 && a->retry_after_ms <= RETRY_AFTER_MAX_MS);
	(void)retry_next(&once, &r, 5, a->retry_after_ms, UINT32_MAX, &at_ms);
	must(at_ms >= 5 + a->retry_after_ms);
}

static void
ask_list(struct http *http)
{
	const struct destination_policy policy = { .ops = &file_service,
		.file = { .url = (char *)URL },
		.answer_timeout_ms = 1000 };
	static const struct text_list no_headers;
	const struct progress p = { .room = (char *)"r",
		.session = (char *)"s",
		.meeting_id = (char *)"1" };
	struct inventory inv = { 0 };
	struct http_transfer *t;
	struct err e = { 0 };

	inventory_begin(&inv, &policy, &p, &no_headers, NULL);
	t = http_perform(http, &inv.request);
	check_answer(http_answer_of(t));
	must(inventory_end(&inv, http_answer_of(t), &e) == 0 ||
	    (e.class != ERR_NONE && *e.text));
	http_release(t);
	inventory_free(&inv);
}

static ssize_t
read_body(void *ctx, char *to, size_t len, struct err *e)
{
	(void)ctx, (void)e;
	memset(to, 'x', len);
	return (ssize_t)len;
}

static void
ask_upload(struct http *http)
{
	enum { SIZE = 100 };
	static const struct text_list no_headers;
	const struct http_body body = { .size = SIZE, .read = read_body };
	const struct http_request request = { .url = URL "/files",
		.headers = &no_headers,
		.body = &body,
		.content_type = "video/mp4",
		.part_filename = "a.mp4",
		.answer_timeout_ms = 1000,
		.answer_limit = 4096 };
	struct http_transfer *t = http_perform(http, &request);
	const struct http_answer *a = http_answer_of(t);
	autofree char *id = NULL;
	autofree char *path = NULL;
	struct err e = { 0 };
	enum put_outcome outcome =
	    file_service.judge(a, NULL, SIZE, &id, &path, &e);

	check_answer(a);
	must((outcome == PUT_STORED) == (id != NULL));
	must(id == NULL || fuzz_is_id(id));
	if (outcome == PUT_STORED) {
		autobuf struct buf sent = { 0 };

		wire_taken(&sent);
		must(memmem(sent.data, sent.len, "xxxx\r\n--", 8) != NULL);
	}
	http_release(t);
}

static void
run(const char *data, size_t len)
{
	static void (*const asks[])(struct http *) = { ask_lookup, ask_list,
		ask_upload, ask_webhook, ask_token };
	struct fuzz_input in = { data, len };
	unsigned kind = fuzz_byte(&in) % (sizeof(asks) / sizeof(asks[0]));
	struct http *http = http_open(&http_policy);

	wire_answer(in.data, in.len);
	asks[kind](http);
	http_close(http);
	wire_close();
}

const struct fuzz_target fuzz_answer = { "answer", run };

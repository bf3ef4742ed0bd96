#include "unit.h"

#include "base/mem.h"
#include "io/json.h"
#include "remote/webhook.h"

static void
test_body(void **state)
{
	static const struct {
		struct webhook webhook;
		const char *body;
	} rows[] = {
		{ { .event = "STARTED",
		      .room = "abc-defg-hij",
		      .session = "20250105-143022-abc123",
		      .timestamp_ms = 1704462622999 },
		    "{\"eventType\":\"STARTED\",\"roomName\":\"abc-defg-hij\","
		    "\"sessionId\":\"20250105-143022-abc123\","
		    "\"timestamp\":1704462622}" },
		{ { .event = "STOPPED",
		      .room = "[t]r \"\\",
		      .session = "s",
		      .timestamp_ms = 1704463822000 },
		    "{\"eventType\":\"STOPPED\",\"roomName\":\"[t]r \\\"\\\\\","
		    "\"sessionId\":\"s\",\"timestamp\":1704463822}" },
		{ { .event = "FAILED",
		      .room = "r",
		      .session = "s",
		      .error = "Encoding failed",
		      .timestamp_ms = 1704463922001 },
		    "{\"eventType\":\"FAILED\",\"roomName\":\"r\","
		    "\"sessionId\":\"s\",\"error\":\"Encoding failed\","
		    "\"timestamp\":1704463922}" },
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		autofree char *body = webhook_body(&rows[i].webhook);

		assert_string_equal(body, rows[i].body);
	}
}

static void
test_hostile_error(void **state)
{
	const struct webhook w = {
		.event = "FAILED",
		.room = "r",
		.session = "s",
		.error = "\xff\n\"\\\x1b",
		.timestamp_ms = 1,
	};
	autofree char *body = webhook_body(&w);
	struct err e;
	autojson json_t *json = json_parse(body, strlen(body), &e);

	(void)state;
	assert_string_equal(json_member_string(json, "error"),
	    "\\xFF\\x0A\"\\x5C\\x1B");
	assert_int_equal(json_object_size(json), 5);
}

/* The value of that header, the caller's; NULL when it is not there. */
static char *
header(const struct text_list *headers, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < headers->n; i++)
		if (strncmp(headers->items[i], name, len) == 0 &&
		    strncmp(headers->items[i] + len, ": ", 2) == 0)
			return xstrdup(headers->items[i] + len + 2);
	return NULL;
}

struct sign_row {
	const char *secret, *previous, *auth, *id, *body;
	int64_t now;
	/* NULL: not there */
	const char *plain, *signature, *timestamp, *standard;
};

static void
check_headers(const struct sign_row *row)
{
	struct webhook_policy policy = {
		.secret = (char *)row->secret,
		.previous_secret = (char *)row->previous,
	};
	const struct webhook w = { .event = "STOPPED", .id = row->id };
	const struct {
		const char *name, *want;
	} want[] = {
		{ "webhook-id", row->id },
		{ "X-Webhook-Secret", row->plain },
		{ "X-Webhook-Signature", row->signature },
		{ "webhook-timestamp", row->timestamp },
		{ "webhook-signature", row->standard },
	};
	struct text_list headers = { 0 };
	struct err e;

	text_list_parse(&policy.auth, row->auth);
	assert_int_equal(webhook_sign(&policy, &w, row->body, row->now,
			     &headers, &e),
	    0);
	for (size_t i = 0; i < LENGTH(want); i++) {
		autofree char *have = header(&headers, want[i].name);

		check(is_equal(have, want[i].want), "%s: %s", want[i].name,
		    shown(have));
	}
	text_list_free(&headers);
	text_list_free(&policy.auth);
}

static const struct sign_row sign_rows[] = {
	/* The reference vector of Standard Webhooks 1.0. */
	{ .secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	    .auth = "standard",
	    .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
	    .now = 1614265330,
	    .body = "{\"test\": 2432232314}",
	    .timestamp = "1614265330",
	    .standard = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" },
	/* By openssl dgst -sha256 -hmac. */
	{ .secret = "s3cret",
	    .auth = "secret,signature,standard",
	    .id = "msg_1",
	    .now = 1614265330,
	    .body = "{}",
	    .plain = "s3cret",
	    .signature = "rb3hzkDInBQhVofV12Kkffbfrvz61h4uhnGP/ISYVxs=",
	    .timestamp = "1614265330",
	    .standard = "v1,kVAyDLeJaOuQafoq3RWOcTefRnB3zspIw+SWzNbUmCg=" },
	/* A rotation: the current one first. */
	{ .secret = "s3cret",
	    .previous = "old",
	    .auth = "secret,standard",
	    .id = "msg_1",
	    .now = 1614265330,
	    .body = "{}",
	    .plain = "s3cret",
	    .timestamp = "1614265330",
	    .standard = "v1,kVAyDLeJaOuQafoq3RWOcTefRnB3zspIw+SWzNbUmCg= "
			"v1,K80PEewYLyiEH6bu09cYHh5FL/uGsYbw6RZZKhZE/+0=" },
	{ .secret = "s3cret",
	    .previous = "",
	    .auth = "signature",
	    .id = "msg_1",
	    .body = "{}",
	    .signature = "rb3hzkDInBQhVofV12Kkffbfrvz61h4uhnGP/ISYVxs=" },
	/* Without a secret nothing is proved, also not with the old one. */
	{ .secret = "",
	    .previous = "old",
	    .auth = "secret,signature,standard",
	    .id = "msg_1",
	    .body = "{}" },
	{ .auth = "secret,signature,standard", .id = "msg_1", .body = "{}" },
};

static void
test_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(sign_rows); i++)
		check_headers(&sign_rows[i]);
}

static void
test_bad_secret(void **state)
{
	static const char *const rows[] = { "whsec_hush!", "whsec_", "whsec_a",
		"whsec_hush=hus" };

	(void)state;
	for (size_t i = 0; i < 2 * LENGTH(rows); i++) {
		struct webhook_policy policy = { .secret = (char *)"good" };
		const struct webhook w = { .event = "STOPPED", .id = "m" };
		struct text_list headers = { 0 };
		struct err e;

		if (i % 2)
			policy.secret = (char *)rows[i / 2];
		else
			policy.previous_secret = (char *)rows[i / 2];
		text_list_parse(&policy.auth, "standard");
		check(webhook_sign(&policy, &w, "{}", 1, &headers, &e) == -1,
		    "%s", rows[i / 2]);
		assert_int_equal(e.class, ERR_CONFIG);
		assert_null(strstr(e.text, "hush"));
		text_list_free(&headers);
		text_list_free(&policy.auth);
	}
}

static const struct CMUnitTest tests[] = {
	TEST("the bodies are those of the contract", test_body),
	TEST("an error's text cannot break the body", test_hostile_error),
	TEST("the signatures are those of the contract", test_signatures),
	TEST("a whsec_ secret that is not base64 is refused and not shown",
	    test_bad_secret),
};

const struct unit_tests webhook_tests = { tests, LENGTH(tests) };

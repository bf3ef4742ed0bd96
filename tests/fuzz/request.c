/*
 * Requests: no foreign name, token or text can add a header, a part or another
 * request.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recording/identity.h"
#include "remote/destination.h"
#include "remote/webhook.h"
#include "wire.h"

#define URL "http://127.0.0.1:9"
#define NAME_BEGINS "Content-Disposition: form-data; name=\"file\"; filename=\""

/* One line of a head, without its CR LF; the head ends with an empty one. */
static char *
take_line(struct fuzz_input *in)
{
	const char *end = memmem(in->data, in->len, "\r\n", 2);
	char *line;

	must(end != NULL);
	line = xstrndup(in->data, (size_t)(end - in->data));
	must(strlen(line) == (size_t)(end - in->data));
	must(!text_has_control(line));
	in->len -= (size_t)(end + 2 - in->data);
	in->data = end + 2;
	return line;
}

static void
check_request_line(struct fuzz_input *in, const char *target)
{
	autofree char *line = take_line(in);
	autofree char *want = xasprintf("POST %s HTTP/1.1", target);

	must(strcmp(line, want) == 0);
	must(strspn(target,
		 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		 "0123456789-._~%/?=") == strlen(target));
}

/* Exactly these headers, each once, in any order. */
static void
check_headers(struct fuzz_input *in, const char *const *names, size_t n)
{
	unsigned seen = 0;

	for (;;) {
		autofree char *line = take_line(in);
		size_t i = 0;

		if (*line == '\0')
			break;
		while (i < n &&
		    (strncmp(line, names[i], strlen(names[i])) != 0 ||
			line[strlen(names[i])] != ':'))
			i++;
		must(i < n && !(seen & 1U << i));
		seen |= 1U << i;
	}
	must(seen == (1U << n) - 1);
}

/* The server decodes the name that was encoded. */
static void
check_part(struct fuzz_input *in, const char *filename)
{
	autofree char *boundary = take_line(in);
	autofree char *disposition = take_line(in);
	autofree char *type = take_line(in);
	autofree char *empty = take_line(in);
	const char *c = disposition + strlen(NAME_BEGINS);

	must(strncmp(boundary, "--", 2) == 0 && *empty == '\0');
	must(strcmp(type, "Content-Type: video/mp4") == 0);
	must(strncmp(disposition, NAME_BEGINS, strlen(NAME_BEGINS)) == 0);
	must(strpbrk(filename, "\"\\&") == NULL);
	must(strncmp(c, filename, strlen(filename)) == 0);
	must(strcmp(c + strlen(filename), "\"") == 0);
}

static ssize_t
read_body(void *ctx, char *to, size_t len, struct err *e)
{
	(void)ctx, (void)e;
	memset(to, 'x', len);
	return (ssize_t)len;
}

static void
check_upload(struct http *http, const struct remote_name *name,
    const struct text_list *headers)
{
	static const char *const names[] = { "Host", "User-Agent", "Accept",
		"Accept-Encoding", "Authorization", "Content-Length",
		"Content-Type" };
	const struct destination_policy policy = { .ops = &file_service,
		.file = { .url = (char *)URL } };
	const struct progress p = { .meeting_id = (char *)"7" };
	const struct http_body body = { .size = 5, .read = read_body };
	struct http_request request = { .headers = headers,
		.body = &body,
		.content_type = "video/mp4",
		.answer_timeout_ms = 1000,
		.answer_limit = 4096 };
	autofree char *url = policy.ops->put(&policy, &p, name, &request);
	struct http_transfer *t = http_perform(http, &request);
	autobuf struct buf sent = { 0 };
	struct fuzz_input in;

	must(http_answer_of(t)->outcome == HTTP_ANSWERED);
	wire_taken(&sent);
	in = (struct fuzz_input){ sent.data, sent.len };
	check_request_line(&in, url + strlen(URL));
	check_headers(&in, names, sizeof(names) / sizeof(names[0]));
	check_part(&in, name->filename);
	must(memmem(in.data, in.len, "xxxxx\r\n--", 9) == in.data);
	http_release(t);
}

static void
check_webhook(struct http *http, const char *secret, const struct webhook *w)
{
	static const char *const names[] = { "Host", "User-Agent", "Accept",
		"Accept-Encoding", "Content-Length", "Content-Type",
		"Idempotency-Key", "webhook-id", "X-Webhook-Secret",
		"X-Webhook-Signature" };
	struct webhook_policy policy = { .service_url = URL,
		.secret = (char *)secret,
		.answer_timeout_ms = 1000 };
	static const struct auth_policy no_auth;
	static const struct retry_policy once = { .tries = 1 };
	struct auth *auth = auth_open(&no_auth, &once, http);
	autofree char *body = webhook_body(w);
	autobuf struct buf sent = { 0 };
	struct err e = { 0 };
	struct fuzz_input in;

	text_list_parse(&policy.auth, "secret,signature");
	must(webhook_send(http, &policy, auth, &once, w, &e) == 0);
	auth_close(auth);
	wire_taken(&sent);
	in = (struct fuzz_input){ sent.data, sent.len };
	check_request_line(&in, "/webhooks/jitsi/recording");
	check_headers(&in, names, sizeof(names) / sizeof(names[0]));
	must(in.len == strlen(body) && memcmp(in.data, body, in.len) == 0);
	text_list_free(&policy.auth);
}

/* Could the kernel have given us this name below a directory? */
static bool
is_name(const char *s)
{
	return *s && strlen(s) <= 255 && !strchr(s, '/') &&
	    strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

static void
run(const char *data, size_t len)
{
	static const char answer[] =
	    "HTTP/1.1 200 \r\nContent-Length: 8\r\n\r\n{\"id\":1}";
	static const struct http_policy policy = { .connect_timeout_ms = 1000,
		.stall_timeout_ms = 1000,
		.proxy = (char *)"none" };
	struct fuzz_input in = { data, len };
	autofree char *room = fuzz_field(&in);
	autofree char *session = fuzz_field(&in);
	autofree char *file = fuzz_field(&in);
	autofree char *secret = fuzz_field(&in);
	autofree char *error = fuzz_field(&in);
	const struct webhook w = { .event = "FAILED",
		.room = room,
		.session = session,
		.error = error,
		.id = "msg_0" };
	const struct auth_policy policy_auth = { .token = secret };
	static const struct retry_policy once = { .tries = 1 };
	struct auth_use use = { 0 };
	struct auth *auth;
	struct text_list headers = { 0 };
	struct remote_name name;
	autofree char *folder = NULL;
	struct http *http;
	struct err e;

	if (identity_check_segment("room", room, &e) == -1 ||
	    identity_check_segment("session", session, &e) == -1 ||
	    !is_name(file) || secret[strspn(secret, " ")] == '\0' ||
	    text_has_control(secret))
		return;
	http = http_open(&policy);
	auth = auth_open(&policy_auth, &once, http);
	must(auth_add_header(auth, AUTH_FILE_SERVICE, &use, &headers, &e) == 0);
	auth_close(auth);
	folder = xasprintf("/%s/%s/", room, session);
	remote_name_make(&name, folder, file);
	wire_answer(answer, sizeof(answer) - 1);
	check_upload(http, &name, &headers);
	http_close(http);
	http = http_open(&policy);
	wire_answer(answer, sizeof(answer) - 1);
	check_webhook(http, secret, &w);
	http_close(http);
	wire_close();
	remote_name_free(&name);
	text_list_free(&headers);
}

const struct fuzz_target fuzz_request = { "request", run };

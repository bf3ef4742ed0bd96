/* io/http.h, with models as servers. */
#include "io/http.h"

#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "fate.h"
#include "laws.h"
#include "parts_model.h"
#include "server.h"
#include "trace.h"
#include "world.h"

enum phase { BEGINS, SENDS, AWAITS, ENDED };

struct http {
	const struct http_policy *policy;
	struct http_transfer *active, *finished;
};

struct http_transfer {
	struct http *http;
	const struct http_request *request;
	struct http_answer answer;
	struct arrival arrival;
	struct reply reply;
	struct fate fate;
	enum phase phase;
	int64_t at_ms;
	bool is_all_sent, is_counted;
	bool is_local; /* the failure is not the service's */
	struct http_transfer *next;
};

/* io/http_url.c wants libcurl initialized; its parser needs nothing. */
void http_init(void);

void
http_init(void)
{
}

struct http *
http_open(const struct http_policy *policy)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http->policy = policy;
	return http;
}

void
http_set_trace(struct http *http, const char *trace_id)
{
	(void)http, (void)trace_id;
}

struct http_tally
http_take_tally(struct http *http)
{
	(void)http;
	return (struct http_tally){ 0 };
}

void
http_on_tick(struct http *http, void (*tick)(void *ctx), void *ctx)
{
	(void)http;
	(void)tick;
	(void)ctx;
}

size_t
http_moves(const struct http *http, struct http_move *moves, size_t max)
{
	(void)http;
	(void)moves;
	(void)max;
	return 0;
}

static char *
shown_url(const struct http_request *r)
{
	/* Show only the origin. */
	if (r->is_bare) {
		autofree char *origin = http_url_origin(r->url);

		return xasprintf("%s %s", r->method, origin);
	}
	return xasprintf("%s %.*s",
	    r->method     ? r->method
		: r->body ? "POST"
			  : "GET",
	    (int)strcspn(r->url, "?"), r->url);
}

/* How it ended */

static void
end(struct http_transfer *t, enum http_outcome outcome)
{
	struct http *http = t->http;
	struct http_transfer **link = &http->active;
	struct http_answer *a = &t->answer;

	t->phase = ENDED;
	a->outcome = outcome;
	a->err.retry_after_ms = a->retry_after_ms;
	a->err.is_outage = a->err.class != ERR_NONE && !t->is_local &&
	    (a->status == 0 || (a->status >= 502 && a->status <= 504) ||
		(a->status >= 520 && a->status <= 530));
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	for (link = &http->finished; *link;)
		link = &(*link)->next;
	t->next = NULL;
	*link = t;
	if (t->is_counted)
		laws_sent(t->arrival.recording);
	/* It was in flight, and its process did not wait for the answer. */
	if (t->reply.is_needed && outcome != HTTP_ANSWERED)
		laws_unclear(t->arrival.recording);
	if (outcome == HTTP_ANSWERED && t->arrival.stage == STAGE_WEBHOOK &&
	    t->arrival.recording >= 0)
		laws_acknowledged(&t->arrival);
	if (t->request->body)
		laws_seen(t->arrival.body.data, t->arrival.body.len, a->what);
	if (outcome != HTTP_ANSWERED && parts_is_asked(t->arrival.url))
		parts_refused(&t->arrival, (int)a->status);
	trace("#%d %s: %s, HTTP %ld %s", actor_now->id, a->what,
	    outcome == HTTP_ANSWERED      ? "answered"
		: outcome == HTTP_UNKNOWN ? "unknown"
					  : "not done",
	    a->status, a->err.class ? a->err.text : "");
}

static void
fail(struct http_transfer *t, enum err_class kind, const char *why)
{
	(void)err_set(&t->answer.err, kind, "%s: %s", t->answer.what, why);
	end(t, t->is_all_sent ? HTTP_UNKNOWN : HTTP_NOT_DONE);
}

static void
fail_with(struct http_transfer *t, const struct err *e)
{
	t->answer.err = *e;
	t->is_local = true;
	(void)err_wrap(&t->answer.err, "%s", t->answer.what);
	end(t, t->is_all_sent ? HTTP_UNKNOWN : HTTP_NOT_DONE);
}

static void
refuse(struct http_transfer *t, int status)
{
	struct http_answer *a = &t->answer;

	a->status = status;
	a->retry_after_ms = t->fate.retry_after_ms;
	(void)err_set(&a->err, http_status_class(status), "%s: HTTP %d",
	    a->what, status);
	if (t->fate.status == 0)
		(void)buf_add(&a->body, buf_str(&t->reply.body),
		    t->reply.body.len);
	end(t,
	    status < 500         ? HTTP_NOT_DONE
		: t->is_all_sent ? HTTP_UNKNOWN
				 : HTTP_NOT_DONE);
}

/* The body comes in pieces of any size. */
static int
feed(struct http_transfer *t, size_t len, struct err *e)
{
	const struct http_request *r = t->request;
	const char *p = t->reply.body.data;

	if (r->sink == NULL) {
		(void)buf_add(&t->answer.body, p ? p : "", len);
		return 0;
	}
	for (size_t at = 0; at < len;) {
		size_t n = 1 + draw_bits() % 200;

		n = n < len - at ? n : len - at;
		if (r->sink(r->sink_ctx, p + at, n, e) == -1)
			return -1;
		at += n;
	}
	return 0;
}

static void
take_answer(struct http_transfer *t)
{
	struct reply *reply = &t->reply;
	size_t len = reply->body.len;
	struct err e;

	if (t->fate.status)
		reply->status = t->fate.status;
	if (reply->status < 200 || reply->status > 299) {
		refuse(t, reply->status);
		return;
	}
	t->answer.status = reply->status;
	t->answer.etag = steal(&reply->etag);
	free(t->answer.content_type);
	t->answer.content_type = xstrdup(reply->type);
	if (t->fate.end == END_CUT_ANSWER)
		len /= 2;
	if (feed(t, len, &e) == -1)
		fail_with(t, &e);
	else if (t->fate.end == END_CUT_ANSWER)
		fail(t, ERR_TEMPORARY, "the answer was cut");
	else
		end(t, HTTP_ANSWERED);
}

/* The way there */

static int
read_body(struct http_transfer *t, int64_t upto, struct err *e)
{
	const struct http_body *body = t->request->body;
	struct buf *to = &t->arrival.body;
	char chunk[512];

	while (body && (int64_t)to->len < upto) {
		int64_t left = upto - (int64_t)to->len;
		ssize_t n = body->read(body->ctx, chunk,
		    left < (int64_t)sizeof(chunk) ? (size_t)left
						  : sizeof(chunk),
		    e);

		if (n <= 0)
			return -1;
		(void)buf_add(to, chunk, (size_t)n);
	}
	return 0;
}

static int64_t
body_size(const struct http_transfer *t)
{
	return t->request->body ? t->request->body->size : 0;
}

static void
begin(struct http_transfer *t)
{
	struct err e;

	if (t->fate.end == END_REFUSED) {
		fail(t, ERR_TEMPORARY, "Couldn't connect to server");
		return;
	}
	if (read_body(t, body_size(t) / 2, &e) == -1) {
		fail_with(t, &e);
		return;
	}
	t->phase = SENDS;
	t->at_ms = now_ms + t->fate.send_ms;
}

static void
count(struct http_transfer *t)
{
	t->is_counted = t->arrival.recording >= 0;
	if (t->is_counted)
		laws_sending(t->arrival.recording);
}

/* All of it was sent. */
static void
arrive(struct http_transfer *t)
{
	const struct http_request *r = t->request;

	t->is_all_sent = true;
	if (t->arrival.stage == STAGE_WEBHOOK) {
		t->arrival.sent_ms = now_ms;
		fate_read_webhook(&t->arrival);
		count(t);
		if (t->arrival.recording >= 0)
			laws_webhook(&t->arrival);
	}
	fate_act(&t->fate, &t->arrival, &t->reply);
	t->phase = AWAITS;
	t->at_ms = now_ms +
	    (t->fate.end == END_HANG ? r->answer_timeout_ms
				     : t->fate.answer_ms);
	if (t->at_ms > now_ms + r->answer_timeout_ms) {
		t->at_ms = now_ms + r->answer_timeout_ms;
		t->fate.end = END_HANG;
	}
}

static void
send_rest(struct http_transfer *t)
{
	const struct http_body *body = t->request->body;
	struct err e;

	if (t->fate.end == END_CUT_SENDING || t->fate.end == END_STALL) {
		fail(t, ERR_TEMPORARY, "the connection was lost");
		return;
	}
	/* Refused before all was sent. */
	if (t->fate.end == END_EARLY) {
		refuse(t, t->fate.status);
		return;
	}
	if ((body && body->check && t->fate.send_ms >= 1000 &&
		body->check(body->ctx, &e) == -1) ||
	    read_body(t, body_size(t), &e) == -1)
		fail_with(t, &e);
	else
		arrive(t);
}

static void
advance_transfer(struct http_transfer *t)
{
	switch (t->phase) {
	case BEGINS:
		begin(t);
		break;
	case SENDS:
		send_rest(t);
		break;
	default:
		if (t->fate.end == END_LOST)
			fail(t, ERR_TEMPORARY, "the answer was lost");
		else if (t->fate.end == END_HANG)
			fail(t, ERR_TEMPORARY, "no whole answer");
		else
			take_answer(t);
	}
}

struct http_transfer *
http_start(struct http *http, const struct http_request *request)
{
	struct http_transfer *t = xcalloc(1, sizeof(*t));

	t->http = http;
	t->request = t->answer.request = request;
	t->answer.what = shown_url(request);
	t->answer.content_type = xstrdup("");
	fate_arrival(&t->arrival, request);
	fate_choose(&t->fate, &t->arrival, http->policy->stall_timeout_ms);
	t->at_ms = now_ms + t->fate.connect_ms;
	if (t->arrival.stage == STAGE_UPLOAD)
		count(t);
	world.requests++;
	t->next = http->active;
	http->active = t;
	return t;
}

/* Waiting */

static void
cut_all(struct http *http, const struct err *why)
{
	while (http->active)
		fail_with(http->active, why);
}

static struct http_transfer *
next_of(const struct http *http)
{
	struct http_transfer *first = NULL;

	for (struct http_transfer *t = http->active; t; t = t->next)
		if (first == NULL || t->at_ms < first->at_ms)
			first = t;
	return first;
}

/* False when until_ms of now_ms has come, or after a stop at the end. */
static bool
advance(struct http *http, int64_t until_ms)
{
	struct http_transfer *t = next_of(http);
	int64_t at_ms = t && t->at_ms < until_ms ? t->at_ms : until_ms;
	int64_t stop_ms = actor_now->deadline_ms == INT64_MAX
	    ? INT64_MAX
	    : now_ms + actor_now->deadline_ms - clock_mono_ms();
	struct err why;

	if (stop_check(&why) == -1) {
		cut_all(http, &why);
		return t != NULL;
	}
	if (t && t->at_ms <= now_ms) {
		advance_transfer(t);
		return true;
	}
	if (now_ms >= until_ms)
		return false;
	actor_sleep(at_ms < stop_ms ? at_ms : stop_ms);
	return true;
}

/* From clock_mono_ms() to now_ms. */
static int64_t
here(int64_t mono_ms)
{
	return mono_ms == INT64_MAX ? INT64_MAX
				    : now_ms + mono_ms - clock_mono_ms();
}

struct http_transfer *
http_next(struct http *http, int64_t until_ms)
{
	struct http_transfer *t;

	while (http->finished == NULL)
		if (!advance(http, here(until_ms)))
			return NULL;
	t = http->finished;
	http->finished = t->next;
	return t;
}

struct http_transfer *
http_perform(struct http *http, const struct http_request *request)
{
	struct http_transfer *t = http_start(http, request);
	struct http_transfer **link = &http->finished;

	while (t->phase != ENDED)
		(void)advance(http, INT64_MAX);
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	return t;
}

void
http_sleep_until(struct http *http, int64_t at_ms)
{
	while (advance(http, here(at_ms)))
		continue;
}

const struct http_answer *
http_answer_of(const struct http_transfer *t)
{
	return &t->answer;
}

void
http_release(struct http_transfer *t)
{
	buf_free(&t->answer.body);
	free(t->answer.content_type);
	free(t->answer.what);
	free(t->answer.etag);
	free(t->reply.etag);
	arrival_free(&t->arrival);
	buf_free(&t->reply.body);
	free(t);
}

void
http_close(struct http *http)
{
	struct err why = { .class = ERR_INTERRUPTED, .text = "given up" };

	if (http == NULL)
		return;
	cut_all(http, &why);
	while (http->finished) {
		struct http_transfer *t = http->finished;

		http->finished = t->next;
		http_release(t);
	}
	free(http);
}

#include "io/http.h"

#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/retry.h"
#include "base/stop.h"
#include "io/http_internal.h"

enum { TICK_MS = 250, WATCH_MS = 50, CHECK_MS = 1000 };

/*
 * The limit is for all bodies together. libcurl reads the share of a transfer
 * at each step, so it can change meanwhile.
 */
static void
share_rate(const struct http *http)
{
	curl_off_t bodies = 0;

	if (http->policy->rate_bytes == 0)
		return;
	for (const struct http_transfer *t = http->active; t; t = t->next)
		bodies += t->request->body != NULL;
	for (const struct http_transfer *t = http->active; t; t = t->next)
		if (t->request->body)
			(void)curl_easy_setopt(t->easy,
			    CURLOPT_MAX_SEND_SPEED_LARGE,
			    http->policy->rate_bytes / bodies + 1);
}

static void
count(struct http_transfer *t)
{
	enum http_service service = t->request->service;
	long status = t->answer.status;

	if (service != HTTP_OTHER && status >= 0 && status <= HTTP_STATUS_MOST)
		http_tally_add(&t->http->tally,
		    INT64_C(1000) * service + status, 1);
}

static void
finish(struct http_transfer *t, CURLcode rc)
{
	struct http *http = t->http;
	struct http_transfer **link = &http->active;

	http_judge(t, rc);
	count(t);
	t->is_finished = true;
	(void)curl_multi_remove_handle(http->multi, t->easy);
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	http->n_active--;

	for (link = &http->finished; *link;)
		link = &(*link)->next;
	t->next = NULL;
	*link = t;
	share_rate(http);
}

/* The watch */

static int
check_sending(struct http_transfer *t, int64_t now, struct err *e)
{
	const struct http_body *body = t->request->body;
	int64_t limit = t->http->policy->stall_timeout_ms;

	if (body && body->check && now - t->checked_ms >= CHECK_MS) {
		t->checked_ms = now;
		t->is_local = body->check(body->ctx, e) == -1;
		if (t->is_local)
			return -1;
	}
	if (now - t->moved_ms <= limit)
		return 0;
	return err_set(e, ERR_TEMPORARY,
	    "stalled: the server accepted no data for %.1f s",
	    (double)limit / 1000);
}

static int
check_transfer(struct http_transfer *t, int64_t now, struct err *e)
{
	curl_off_t sent = 0;
	int queued = 0;

	if (!t->is_going)
		return 0;
	(void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	if (ioctl(t->socket, SIOCOUTQ, &queued) == -1)
		queued = 0;
	if (sent != t->sent || queued != t->queued) {
		t->sent = sent;
		t->queued = queued;
		t->moved_ms = now;
	}
	if (t->all_sent_ms == 0 && (!http_is_all_sent(t) || queued > 0))
		return check_sending(t, now, e);
	if (t->all_sent_ms == 0 ||
	    (t->request->is_download && t->received != t->taken))
		t->all_sent_ms = now;
	t->taken = t->received;
	if (now - t->all_sent_ms <= t->request->answer_timeout_ms)
		return 0;
	return err_set(e, ERR_TEMPORARY,
	    t->received > 0 && t->request->is_download
		? "stalled: the server sent nothing for %.1f s"
		: "no complete answer within %.1f s",
	    (double)t->request->answer_timeout_ms / 1000);
}

static void
watch(struct http *http)
{
	int64_t now = clock_mono_ms();
	struct http_transfer *next;

	/* Most transfers end before the first look. */
	if (now - http->watched_ms < WATCH_MS)
		return;
	http->watched_ms = now;
	for (struct http_transfer *t = http->active; t; t = next) {
		next = t->next;
		if (check_transfer(t, now, &t->failure) == -1)
			finish(t, CURLE_ABORTED_BY_CALLBACK);
	}
}

static void
cut_all(struct http *http, const struct err *why)
{
	while (http->active) {
		http->active->failure = *why;
		finish(http->active, CURLE_ABORTED_BY_CALLBACK);
	}
}

/* Nothing of the request was sent yet. */
static void
start_over(struct http_transfer *t)
{
	log_trace("#%u * the server closed that connection; using a new one",
	    t->number);
	(void)curl_multi_remove_handle(t->http->multi, t->easy);
	curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
	t->was_ended = false;
	t->is_restarted = true;
	t->began_ms = clock_mono_ms();
	(void)curl_multi_add_handle(t->http->multi, t->easy);
}

static void
collect(struct http *http)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left)) != NULL) {
		char *private = NULL;
		CURLcode rc = msg->data.result;
		struct http_transfer *t;

		(void)curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
		    &private);
		t = (struct http_transfer *)(void *)private;
		if (t->was_ended)
			start_over(t);
		else
			finish(t, rc);
	}
}

/* For callers */

void
http_init(void)
{
	static bool is_started;

	if (is_started)
		return;
	is_started = true;
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, xmalloc, free, xrealloc,
		xstrdup, xcalloc) != CURLE_OK)
		mem_exhausted();
	(void)atexit(curl_global_cleanup);
}

struct http *
http_open(const struct http_policy *policy)
{
	struct http *http = xcalloc(1, sizeof(*http));

	http_init();
	http->policy = policy;
	if (strcmp(policy->proxy, "env") != 0)
		http->proxy =
		    strcmp(policy->proxy, "none") == 0 ? "" : policy->proxy;
	http->multi = curl_multi_init();
	if (http->multi == NULL)
		mem_exhausted();
	(void)snprintf(http->boundary, sizeof(http->boundary),
	    "%08x%08x%08x%08x", retry_random(), retry_random(), retry_random(),
	    retry_random());
	return http;
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
	(void)curl_multi_cleanup(http->multi);
	free(http->sockets);
	free(http);
}

struct http_transfer *
http_start(struct http *http, const struct http_request *request)
{
	struct http_transfer *t = xcalloc(1, sizeof(*t));

	t->http = http;
	t->number = ++http->n_started;
	t->request = t->answer.request = request;
	t->answer.secrets = http->policy->secrets;
	t->socket = -1;
	t->checked_ms = clock_mono_ms();
	t->easy = curl_easy_init();
	if (t->easy == NULL)
		mem_exhausted();
	http_setup(t);
	t->began_ms = clock_mono_ms();

	t->next = http->active;
	http->active = t;
	http->n_active++;
	(void)curl_multi_add_handle(http->multi, t->easy);
	share_rate(http);
	if (t->failure.class != ERR_NONE)
		finish(t, CURLE_READ_ERROR);
	return t;
}

void
http_set_trace(struct http *http, const char *trace_id)
{
	(void)snprintf(http->trace_id, sizeof(http->trace_id), "%s", trace_id);
}

struct http_tally
http_take_tally(struct http *http)
{
	struct http_tally tally = http->tally;

	http->tally = (struct http_tally){ 0 };
	return tally;
}

void
http_on_tick(struct http *http, void (*tick)(void *ctx), void *ctx)
{
	http->tick = tick;
	http->tick_ctx = ctx;
}

static void
tick(struct http *http, int64_t now)
{
	if (http->tick == NULL || now - http->ticked_ms < TICK_MS)
		return;
	http->ticked_ms = now;
	http->tick(http->tick_ctx);
}

/* Bytes around the body count first, so that the body ends with the request. */
static int64_t
acknowledged(const struct http_transfer *t)
{
	int64_t size = t->request->body->size, bytes = t->sent - t->queued;
	curl_off_t due = -1;

	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_UPLOAD_T,
	    &due);
	if (due > size)
		bytes -= due - size;
	return bytes < 0 ? 0 : bytes > size ? size : bytes;
}

size_t
http_moves(const struct http *http, struct http_move *moves, size_t max)
{
	size_t n = 0;

	for (const struct http_transfer *t = http->active; t; t = t->next) {
		if (t->request->body == NULL)
			continue;
		if (n < max)
			moves[n] = (struct http_move){
				.request = t->request,
				.acknowledged = acknowledged(t),
				.sent_ms = t->all_sent_ms,
			};
		n++;
	}
	return n;
}

static void
wait_for_events(struct http *http, int64_t until_ms)
{
	struct curl_waitfd stop = {
		.fd = stop_fd(),
		.events = CURL_WAIT_POLLIN,
	};
	int64_t now = clock_mono_ms();
	int64_t wait;

	log_flush();
	tick(http, now);
	if (http->tick && until_ms - now > TICK_MS)
		until_ms = now + TICK_MS;
	wait = until_ms - now;
	if (http->active == NULL) {
		/* Write held-back log lines meanwhile. */
		stop_sleep_until(now < log_due_ms() && log_due_ms() < until_ms
			? log_due_ms()
			: until_ms);
		return;
	}
	wait = wait < 0 ? 0 : wait > TICK_MS ? TICK_MS : wait;
	(void)curl_multi_poll(http->multi, &stop, 1, (int)wait, NULL);
}

/*
 * Let all transfers continue for a while.  False at until_ms, or after a stop
 * once none is left.
 */
static bool
advance(struct http *http, int64_t until_ms)
{
	size_t n_active = http->n_active;
	struct err why = { 0 };
	int running = 0;

	if (stop_check(&why) == -1) {
		cut_all(http, &why);
		return n_active > 0;
	}
	(void)curl_multi_perform(http->multi, &running);
	collect(http);
	watch(http);
	if (http->n_active < n_active)
		return true;
	if (clock_mono_ms() >= until_ms)
		return false;
	wait_for_events(http, until_ms);
	return true;
}

struct http_transfer *
http_next(struct http *http, int64_t until_ms)
{
	struct http_transfer *t;

	while (http->finished == NULL)
		if (!advance(http, until_ms))
			return NULL;
	t = http->finished;
	http->finished = t->next;
	return t;
}

struct http_transfer *
http_perform(struct http *http, const struct http_request *request)
{
	struct http_transfer **link = &http->finished;
	struct http_transfer *t = http_start(http, request);

	while (!t->is_finished)
		(void)advance(http, INT64_MAX);
	while (*link != t)
		link = &(*link)->next;
	*link = t->next;
	return t;
}

void
http_sleep_until(struct http *http, int64_t at_ms)
{
	while (advance(http, at_ms))
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
	curl_easy_cleanup(t->easy);
	for (struct curl_slist *h = t->headers; h; h = h->next)
		mem_wipe(h->data, strlen(h->data));
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->addresses);
	if (t->head.data)
		mem_wipe(t->head.data, t->head.len);
	buf_free(&t->head);
	buf_free(&t->tail);
	buf_free(&t->answer.body);
	free(t->answer.content_type);
	free(t->answer.what);
	free(t->answer.link);
	free(t->answer.etag);
	free(t);
}

char *
http_library(void)
{
	return xasprintf("libcurl %s",
	    curl_version_info(CURLVERSION_NOW)->version);
}

#include "fate.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor.h"
#include "base/mem.h"
#include "draw.h"
#include "io/json.h"
#include "jibri.h"
#include "laws.h"
#include "parts_model.h"
#include "s3_model.h"
#include "trace.h"
#include "world.h"

static struct outage {
	int64_t since_ms, until_ms;
	int kind; /* 0: nobody listens, 1: 503, 2: 503 and Retry-After, 3: it
		     hangs */
} outages[2];     /* of the meeting-service, of the file-service */

static enum refusal refusals[RECORDINGS];

static struct arrival *late[64];

void
fate_reset(void)
{
	for (int i = 0; i < 64; i++) {
		if (late[i])
			arrival_free(late[i]);
		free(late[i]);
		late[i] = NULL;
	}
	memset(outages, 0, sizeof(outages));
	memset(refusals, 0, sizeof(refusals));
}

void
fate_outage(bool is_file_service, int kind, int64_t until_ms)
{
	trace("the %s-service is out (%d) for %lld s",
	    is_file_service ? "file" : "meeting", kind,
	    (long long)(until_ms - now_ms) / 1000);
	outages[is_file_service] = (struct outage){
		.since_ms = now_ms,
		.until_ms = until_ms,
		.kind = kind,
	};
}

bool
fate_is_out(bool is_file_service, int64_t *since_ms)
{
	*since_ms = outages[is_file_service].since_ms;
	return outages[is_file_service].until_ms > now_ms;
}

void
fate_calm(void)
{
	memset(outages, 0, sizeof(outages));
}

void
fate_refuse(int recording, enum refusal refusal)
{
	trace("%s never gets there (%d)", sessions[recording].name, refusal);
	refusals[recording] = refusal;
}

bool
fate_is_hopeless(int recording)
{
	return refusals[recording] != 0;
}

bool
fate_is_of_service(int recording)
{
	enum refusal r = refusals[recording];

	return r == REFUSED_401 || r == REFUSED_403 || r == REFUSED_302;
}

/* Arrivals */

int
fate_recording(const char *text, const char *prefix)
{
	const char *at = text ? strstr(text, prefix) : NULL;
	int n = at ? at[strlen(prefix)] - '0' : -1;

	return n >= 0 && n < RECORDINGS ? n : -1;
}

void
fate_arrival(struct arrival *a, const struct http_request *r)
{
	*a = (struct arrival){
		.url = xstrdup(r->url),
		.filename = r->part_filename ? xstrdup(r->part_filename) : NULL,
		.method = r->method ? r->method
		    : r->body       ? "POST"
				    : "GET",
		.recording = -1,
		.since_ms = actor_now->began_ms,
	};
	laws_seen(r->url, strlen(r->url), "a URL");
	for (size_t i = 0; r->headers && i < r->headers->n; i++) {
		const char *header = r->headers->items[i];

		laws_seen(header, strlen(header), "a header");
		if (strncmp(header, "webhook-id: ", 12) == 0)
			a->webhook_id = xstrdup(header + 12);
		if (strncmp(header, "content-md5: ", 13) == 0)
			a->md5 = xstrdup(header + 13);
	}
	if (strstr(r->url, "/api/meetings/room/")) {
		a->stage = STAGE_LOOKUP;
		a->recording = fate_recording(r->url, "Room-");
	} else if (strstr(r->url, "/metadata?")) {
		a->stage = STAGE_LIST;
		a->recording = fate_recording(r->url, "referenceId=10");
	} else if (s3_is_asked(r->url)) {
		a->stage = s3_stage(a->method);
		a->recording = fate_recording(r->url, "Session-");
	} else if (parts_is_asked(r->url)) {
		parts_arrival(a, r);
	} else if (strstr(r->url, "/webhooks/")) {
		a->stage = STAGE_WEBHOOK;
	} else {
		a->stage = STAGE_UPLOAD;
		a->recording = fate_recording(r->url, "/Session-");
	}
}

void
fate_read_webhook(struct arrival *a)
{
	struct err e;
	autojson json_t *json = json_parse(buf_str(&a->body), a->body.len, &e);
	const char *event = json_member_string(json, "eventType");
	const char *session = json_member_string(json, "sessionId");

	(void)snprintf(a->event, sizeof(a->event), "%s", event ? event : "");
	a->timestamp = json_member_int(json, "timestamp", 0);
	a->recording = fate_recording(session, "Session-");
}

/* Faults */

static void
choose_status(struct fate *f, const struct arrival *a)
{
	static const int statuses[] = { 502, 503, 504, 520, 522, 524, 500, 501,
		429, 408, 401, 403, 404, 405, 413, 302, 400, 425, 409, 422 };
	static const int64_t pauses[] = { 0, 1000, 30000, 600000 };
	bool is_late = world_pick(FAULT_LATE, 2) == 1;

	f->status = statuses[draw(DRAW_NET, 20)];
	if (f->status == 429 || f->status == 503)
		f->retry_after_ms = pauses[draw(DRAW_NET, 4)];
	/* Only a gateway's status says nothing about the application. */
	f->acts = ACTS_NOT;
	if (f->status != 500 && f->status > 501)
		f->acts = draw(DRAW_NET, 3);
	if (f->acts == ACTS_LATER && !is_late)
		f->acts = ACTS_NOW;
	if (f->status != 502 && f->status != 504 &&
	    !world.allows[FAULT_GATEWAY])
		f->acts = ACTS_NOT;
	if (f->status < 500 && a->stage == STAGE_UPLOAD &&
	    draw(DRAW_NET, 2) == 1)
		f->end = END_EARLY;
}

static void
choose_failure(struct fate *f, const struct arrival *a, int64_t stall_ms)
{
	switch (draw(DRAW_NET, 10)) {
	case 0:
	case 1:
	case 2:
		choose_status(f, a);
		break;
	case 3:
		f->end = END_REFUSED;
		break;
	case 4:
		f->end = END_CUT_SENDING;
		break;
	case 5:
		f->end = END_STALL;
		f->send_ms = stall_ms;
		break;
	case 6:
		f->end = END_LOST;
		f->acts = 1 + draw(DRAW_NET, 2);
		break;
	case 7:
		f->end = END_HANG;
		f->acts = 1 + draw(DRAW_NET, 2);
		break;
	case 8:
		f->end = END_CUT_ANSWER;
		break;
	default:
		f->end = END_LOST;
		f->acts = ACTS_NOT;
		break;
	}
	if (f->acts == ACTS_LATER && !world.allows[FAULT_LATE])
		f->acts = ACTS_NOW;
}

static void
choose_outage(struct fate *f, int kind, int64_t until_ms)
{
	f->acts = ACTS_NOT;
	f->status = 503;
	if (kind == 0)
		f->end = END_REFUSED;
	else if (kind == 2)
		f->retry_after_ms =
		    until_ms - now_ms < 600000 ? until_ms - now_ms : 600000;
	else if (kind == 3)
		f->end = END_HANG;
}

/* A refusal that never ends. */
static bool
choose_refusal(struct fate *f, enum refusal refusal)
{
	static const int statuses[REFUSALS] = {
		[REFUSED_404] = 404,
		[REFUSED_405] = 405,
		[REFUSED_401] = 401,
		[REFUSED_302] = 302,
		[REFUSED_413] = 413,
		[REFUSED_500] = 500,
		[REFUSED_403] = 403,
	};

	f->status = statuses[refusal];
	if (f->status || refusal == REFUSED_TOO_SLOW)
		f->acts = ACTS_NOT;
	if (refusal == REFUSED_TOO_SLOW) {
		f->end = END_CUT_SENDING;
		f->send_ms = INT64_C(2) * 3600 * 1000;
	}
	if (refusal == REFUSED_GROWING)
		f->send_ms = 1500;
	if (refusal == REFUSED_DYING)
		actor_signal(actor_now, SIGKILL);
	return f->acts == ACTS_NOT;
}

void
fate_choose(struct fate *f, const struct arrival *a, int64_t stall_ms)
{
	static const int64_t delays[] = { 0, 0, 0, 0, 200, 2000, 9000, 40000 };
	bool is_file = a->stage == STAGE_LIST || a->stage == STAGE_UPLOAD;
	const struct outage *out = &outages[is_file];
	uint32_t permille = world.net_permille;

	*f = (struct fate){
		.connect_ms = 1,
		.send_ms = 2 + draw_bits() % 30,
		.answer_ms = 2 + draw_bits() % 30,
		.acts = ACTS_NOW,
	};
	if (a->stage == STAGE_UPLOAD && a->recording >= 0 &&
	    choose_refusal(f, refusals[a->recording]))
		return;
	if (world.is_calm)
		return;
	if (out->until_ms > now_ms) {
		laws_asked_while_out(is_file, out->since_ms);
		choose_outage(f, out->kind, out->until_ms);
		return;
	}
	f->send_ms += delays[draw(DRAW_NET, 8)];
	f->answer_ms += delays[draw(DRAW_NET, 8)];
	if (a->stage == STAGE_LIST && world.allows[FAULT_LIST])
		permille += permille / 2;
	if (draw_chance(DRAW_NET, permille))
		choose_failure(f, a, stall_ms);
	if (f->acts == ACTS_LATER)
		f->acts_after_ms = 1 + draw(DRAW_NET, LATE_MAX_MS);
	if (f->acts == ACTS_NOW && a->stage == STAGE_WEBHOOK &&
	    draw_chance(DRAW_NET, permille / 4))
		f->acts = ACTS_TWICE;
}

/* What the service does with it */

static void
act_late(int64_t slot)
{
	struct arrival *a = late[slot];
	struct reply nobody_hears = { 0 };

	late[slot] = NULL;
	server_act(a, &nobody_hears);
	buf_free(&nobody_hears.body);
	free(nobody_hears.etag);
	arrival_free(a);
	free(a);
}

static void
act_later(const struct arrival *a, int64_t after_ms)
{
	for (int i = 0; i < 64; i++) {
		if (late[i])
			continue;
		late[i] = xcalloc(1, sizeof(*a));
		*late[i] = *a;
		late[i]->url = xstrdup(a->url);
		late[i]->filename = a->filename ? xstrdup(a->filename) : NULL;
		late[i]->webhook_id =
		    a->webhook_id ? xstrdup(a->webhook_id) : NULL;
		late[i]->md5 = a->md5 ? xstrdup(a->md5) : NULL;
		late[i]->body = (struct buf){ 0 };
		(void)buf_add(&late[i]->body, a->body.data, a->body.len);
		event_at(now_ms + after_ms, act_late, i);
		return;
	}
}

void
fate_act(struct fate *f, struct arrival *a, struct reply *reply)
{
	a->is_heard = f->end == END_ANSWER && f->status == 0;
	reply->status = f->status ? f->status : 200;
	reply->type = "application/json";
	if (f->acts == ACTS_LATER)
		act_later(a, f->acts_after_ms);
	if (f->acts == ACTS_NOT || f->acts == ACTS_LATER)
		return;
	server_act(a, reply);
	if (f->acts == ACTS_TWICE) {
		buf_free(&reply->body);
		mem_replace(&reply->etag, NULL);
		server_act(a, reply);
	}
}

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/doctor/check.h"
#include "remote/request.h"

enum {
	ANSWER_BYTES = 4 * 1024 * 1024,
	SKEW_S = 60,      /* worth a word */
	SKEW_MAX_S = 300, /* webhooks are refused (Standard Webhooks 1.0) */
	S3_SKEW_MAX_S = 900,
	EXPIRY_DAYS = 14,
	DAY_S = 86400,
};

static const struct retry_policy once = { .tries = 1 };

/* Nobody has a meeting or a room of this name; asking changes nothing. */
#define PROBE_ID "0"
#define PROBE_ROOM "jibri-finalize-check"

struct service {
	const char *what; /* and its setting is WHAT-url */
	const char *url;
	const char *probe; /* answers 401 or 403 to who may not ask; NULL: S3 */
	bool may_be_unknown; /* a 404 to it is the service's own answer */
	enum auth_service auth;
};

struct probing {
	struct diagnoses *f;
	const struct pipeline_policy *policy;
	struct http *http;
	struct auth *auth;
};

static struct http_transfer *
get(const struct probing *p, const char *url, const struct text_list *headers,
    struct http_request *request)
{
	*request = (struct http_request){
		.url = url,
		.headers = headers,
		.answer_timeout_ms = p->policy->destination.answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
		.wants_certificate = true,
	};
	return http_perform(p->http, request);
}

static void
note_unreachable(const struct probing *p, const struct service *s,
    const struct http_answer *answer)
{
	autofree char *fix = xasprintf(
	    "Compare %s-url, proxy and ca-file with what 'curl -v %s' does "
	    "on this machine.",
	    s->what, s->url);

	check_fail(p->f, s->what, fix, "%s", answer->err.text);
}

static void
note_word(const struct probing *p, const struct service *s,
    const struct http_answer *answer, const char *status)
{
	autofree char *shown = http_excerpt(answer, status, strlen(status));

	check_fail(p->f, s->what, "Look into the service's own log.",
	    "%s says of itself: %s", s->url, shown);
}

static void
note_health(const struct probing *p, const struct service *s,
    const struct http_answer *answer)
{
	struct err e;
	autojson json_t *json = NULL;
	const char *status = NULL;

	if (s->probe == NULL) {
		check_ok(p->f, s->what, "%s is reachable", s->url);
		return;
	}
	if (answer->status == 200 || answer->status == 503)
		json = json_parse_foreign(buf_str(&answer->body),
		    answer->body.len, &e);
	if (json)
		status = json_member_string(json, "status");
	if (status && strcmp(status, "UP") == 0)
		check_ok(p->f, s->what, "%s is reachable and UP", s->url);
	else if (status)
		note_word(p, s, answer, status);
	else
		check_ok(p->f, s->what,
		    "%s is reachable; it shows no health (HTTP %ld)", s->url,
		    answer->status);
}

static void
note_clock(const struct probing *p, const struct service *s,
    const struct http_answer *answer)
{
	int64_t skew = clock_unix_ms() / 1000 - answer->date_unix;
	int64_t size = skew < 0 ? -skew : skew;

	if (answer->date_unix == 0)
		return;
	if (size <= SKEW_S)
		check_ok(p->f, s->what, "its clock and ours agree");
	else
		check_note(p->f,
		    size > (s->probe ? SKEW_MAX_S : S3_SKEW_MAX_S)
			? CHECK_FAILED
			: CHECK_WARNING,
		    s->what,
		    s->probe ? "Set the clock that is wrong by NTP: a webhook "
			       "is good for five minutes."
			     : "Set the clock that is wrong by NTP: S3 takes "
			       "fifteen minutes at most.",
		    "our clock is %" PRId64 " s %s its", size,
		    skew < 0 ? "behind" : "ahead of");
}

static void
note_certificate(const struct probing *p, const struct service *s,
    const struct http_answer *answer)
{
	int64_t days;

	if (strncasecmp(s->url, "https://", strlen("https://")) != 0 ||
	    answer->expires_unix == 0)
		return;
	days = (answer->expires_unix - clock_unix_ms() / 1000) / DAY_S;
	check_note(p->f, days < EXPIRY_DAYS ? CHECK_WARNING : CHECK_OK, s->what,
	    days < EXPIRY_DAYS ? "Renew it at the service." : NULL,
	    "its certificate is trusted and good for %" PRId64 " days", days);
}

static void
note_probe(const struct probing *p, const struct service *s,
    const struct http_answer *answer)
{
	bool has_token = auth_has_token(&p->policy->auth, s->auth);
	long status = answer->status;
	autofree char *url_fix = xasprintf(
	    "Compare %s-url with where the service is: a gateway may want a "
	    "path.",
	    s->what);

	if (status == 401 || status == 403)
		check_fail(p->f, s->what,
		    has_token ? "Renew it: token, token-file, or the oauth "
				"settings."
			      : "Set token-file, or the oauth settings.",
		    has_token ? "it refuses the token (HTTP %ld)"
			      : "it wants a token, and none is set (HTTP %ld)",
		    status);
	else if (answer->outcome == HTTP_ANSWERED && request_is_html(answer))
		check_fail(p->f, s->what, url_fix,
		    "%s: a web page answers, not the service", s->probe);
	else if (answer->outcome == HTTP_ANSWERED ||
	    (status == 404 && s->may_be_unknown))
		check_ok(p->f, s->what,
		    has_token ? "it answers, and accepts the token"
			      : "it answers, and wants no token");
	else
		check_note(p->f, status == 0 ? CHECK_FAILED : CHECK_WARNING,
		    s->what, url_fix, "%s", answer->err.text);
}

/* True when it answered at all. */
static bool
ask_health(const struct probing *p, const struct service *s)
{
	static const struct text_list none;
	autofree char *url =
	    request_url(s->url, s->probe ? "/actuator/health" : "/");
	struct http_request request;
	struct http_transfer *t = get(p, url, &none, &request);
	const struct http_answer *answer = http_answer_of(t);
	bool is_there = answer->status != 0;

	/* AWS sends whoever asks for no bucket to its web site. */
	if (is_there && (answer->err.class != ERR_CONFIG || !s->probe))
		note_health(p, s, answer);
	else
		note_unreachable(p, s, answer);
	if (is_there) {
		note_certificate(p, s, answer);
		note_clock(p, s, answer);
	}
	http_release(t);
	return is_there;
}

static void
ask_probe(const struct probing *p, const struct service *s)
{
	autofree char *url = request_url(s->url, s->probe);
	autolist struct text_list headers = { 0 };
	struct auth_use use = { 0 };
	struct http_request request;
	struct err e;

	if (auth_add_header(p->auth, s->auth, &use, &headers, &e) == -1) {
		check_fail(p->f, "token",
		    "Compare the oauth settings with the OAuth 2 server.", "%s",
		    e.text);
	} else {
		struct http_transfer *t = get(p, url, &headers, &request);

		note_probe(p, s, http_answer_of(t));
		http_release(t);
	}
}

static void
check_bucket(const struct probing *p, bool may_write)
{
	const struct service s = { .what = "s3",
		.url = p->policy->destination.s3.url };
	const struct destination to = { .policy = &p->policy->destination,
		.http = p->http,
		.retry = &once };

	if (ask_health(p, &s))
		check_s3(p->f, &to, may_write);
}

static bool
ask(const struct probing *p, const struct service *s)
{
	if (!ask_health(p, s))
		return false;
	ask_probe(p, s);
	return true;
}

void
check_services(struct diagnoses *f, const struct loaded *l, bool may_write)
{
	const struct pipeline_policy *policy = &l->config.pipeline;
	const struct service services[] = {
		{ "meeting-service", policy->meeting.url,
		    "/api/meetings/room/" PROBE_ROOM, true,
		    AUTH_MEETING_SERVICE },
		{ "file-service", policy->destination.file.url,
		    "/metadata?referenceId=" PROBE_ID, false,
		    AUTH_FILE_SERVICE },
	};
	struct probing p = { .f = f, .policy = policy };
	struct destination to = { .policy = &policy->destination,
		.retry = &once };
	struct err e;

	/* It was said already. */
	if (pipeline_check(policy, &e) == -1)
		return;
	p.http = http_open(&policy->http);
	p.auth = auth_open(&policy->auth, &policy->retry, p.http);
	to.http = p.http;
	to.auth = p.auth;
	if (meeting_is_none(&policy->meeting))
		check_ok(f, "meeting-service", "there is none, as it is set");
	if (!meeting_is_none(&policy->meeting))
		(void)ask(&p, &services[0]);
	if (policy->destination.store == STORE_S3)
		check_bucket(&p, may_write);
	else if (ask(&p, &services[1]))
		check_parts(f, &to, may_write);
	auth_close(p.auth);
	http_close(p.http);
}

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/doctor/check.h"
#include "remote/request.h"

enum {
	ANSWER_BYTES = 4 * 1024 * 1024,
	ANSWER_MS = 3500, /* two in a row still leave time */
	SKEW_S = 60,      /* worth mentioning */
	SKEW_MAX_S = 300, /* webhooks are refused (Standard Webhooks 1.0) */
	S3_SKEW_MAX_S = 900,
	EXPIRY_DAYS = 14,
	DAY_S = 86400,
};

static const struct retry_policy once = { .tries = 1 };

/* No meeting or room has this name; asking changes nothing. */
#define PROBE_ID "0"
#define PROBE_ROOM "jibri-finalize-check"

struct service {
	const char *what; /* and its setting is WHAT-url */
	const char *url;
	const char *probe;   /* gives 401 or 403 without permission; NULL: S3 */
	bool may_be_unknown; /* a 404 is a proper answer to it */
	enum auth_service auth;
};

struct probing {
	const struct loaded *loaded;
	const struct pipeline_policy *policy;
	struct http *http;
	struct auth *auth;
};

/* The checks of one service, in parallel with the others. */
struct inquiry {
	const struct probing *probing;
	struct service service;
	struct diagnoses found;
	bool is_there; /* it answered the first request */
	char *url;
	struct text_list headers;
	struct http_request request;
};

static void
start(struct inquiry *i, const char *path)
{
	const struct probing *p = i->probing;

	free(i->url);
	i->url = request_url(i->service.url, path);
	i->request = (struct http_request){
		.url = i->url,
		.headers = &i->headers,
		.answer_timeout_ms = p->policy->destination.answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
		.wants_certificate = true,
		.owner = i,
	};
	(void)http_start(p->http, &i->request);
}

static void
run_url(struct inquiry *i)
{
	autofree char *name = xasprintf("%s-url", i->service.what);

	check_run_set(&i->found, i->probing->loaded, name, "URL");
}

static void
run_curl(struct inquiry *i)
{
	autofree char *word = check_word(i->url);

	check_run(&i->found, "curl -sv -m 10 %s", word);
}

/* Something accepted the connection. */
static bool
is_hung(const struct http_answer *answer)
{
	return strstr(answer->err.text, "answer within") ||
	    strstr(answer->err.text, "the deadline");
}

static void
note_unreachable(struct inquiry *i, const struct http_answer *answer)
{
	bool hangs = is_hung(answer);
	bool has_no_host = strstr(answer->err.text, "resolve host") != NULL;

	check_fail(&i->found, i->service.what,
	    hangs             ? "See whether it answers at all:"
		: has_no_host ? "Put its real address in place of URL:"
			      : "Start it, or put its real address in place "
				"of URL:",
	    "%s", answer->err.text);
	if (hangs)
		run_curl(i);
	else
		run_url(i);
}

static void
note_word(struct inquiry *i, const struct http_answer *answer,
    const char *status)
{
	autofree char *shown = http_excerpt(answer, status, strlen(status));

	check_fail(&i->found, i->service.what,
	    "Read its log and its answer:", "%s reports: %s", i->service.url,
	    shown);
	run_curl(i);
}

static void
note_health(struct inquiry *i, const struct http_answer *answer)
{
	const struct service *s = &i->service;
	struct err e;
	autojson json_t *json = NULL;
	const char *status = NULL;

	if (s->probe == NULL) {
		check_ok(&i->found, s->what, "%s is reachable", s->url);
		return;
	}
	if (answer->status == 200 || answer->status == 503)
		json = json_parse_foreign(buf_str(&answer->body),
		    answer->body.len, &e);
	if (json)
		status = json_member_string(json, "status");
	if (status && strcmp(status, "UP") == 0)
		check_ok(&i->found, s->what, "%s is reachable and UP", s->url);
	else if (status)
		note_word(i, answer, status);
	else
		check_ok(&i->found, s->what,
		    "%s is reachable; it reports no health (HTTP %ld)", s->url,
		    answer->status);
}

static void
note_clock(struct inquiry *i, const struct http_answer *answer)
{
	const struct service *s = &i->service;
	int64_t skew = clock_unix_ms() / 1000 - answer->date_unix;
	int64_t size = skew < 0 ? -skew : skew;
	bool is_bad = size > (s->probe ? SKEW_MAX_S : S3_SKEW_MAX_S);

	if (answer->date_unix == 0)
		return;
	if (size <= SKEW_S) {
		check_ok(&i->found, s->what,
		    "its clock agrees with this host's");
		return;
	}
	check_note(&i->found, is_bad ? CHECK_FAILED : CHECK_WARNING, s->what,
	    s->probe ? "Set the clock that is wrong; a webhook is valid for "
		       "five minutes:"
		     : "Set the clock that is wrong; S3 tolerates fifteen "
		       "minutes at most:",
	    "this host's clock is %" PRId64 " s %s the service's", size,
	    skew < 0 ? "behind" : "ahead of");
	check_run(&i->found, "%stimedatectl set-ntp true", i->found.shell.sudo);
}

static void
note_certificate(struct inquiry *i, const struct http_answer *answer)
{
	const struct service *s = &i->service;
	int64_t days;

	if (strncasecmp(s->url, "https://", strlen("https://")) != 0 ||
	    answer->expires_unix == 0)
		return;
	days = (answer->expires_unix - clock_unix_ms() / 1000) / DAY_S;
	check_note(&i->found, days < EXPIRY_DAYS ? CHECK_WARNING : CHECK_OK,
	    s->what,
	    days < EXPIRY_DAYS ? "Renew it at the service, and compare:" : NULL,
	    "its certificate is trusted and valid for %" PRId64 " days", days);
	run_curl(i);
}

/* The setting that the token comes from, or should come from. */
static const char *
token_setting(const struct auth_policy *p, enum auth_service service)
{
	const char *own =
	    service == AUTH_FILE_SERVICE ? p->file_token : p->meeting_token;

	if (own && *own)
		return service == AUTH_FILE_SERVICE ? "file-service-token"
						    : "meeting-service-token";
	return p->token_url && *p->token_url ? "oauth-client-secret" : "token";
}

static void
note_refused(struct inquiry *i, bool has_token, long status)
{
	const struct auth_policy *p = &i->probing->policy->auth;

	check_fail(&i->found, i->service.what,
	    has_token ? "Enter one that it accepts:" : "Enter one:",
	    has_token ? "it refuses the token (HTTP %ld)"
		      : "it requires a token, but none is set (HTTP %ld)",
	    status);
	check_run_secret(&i->found, i->probing->loaded,
	    token_setting(p, i->service.auth));
}

static void
note_probe(struct inquiry *i, const struct http_answer *answer)
{
	static const char cure[] =
	    "Set the service's URL; a gateway may need a path:";
	const struct service *s = &i->service;
	bool has_token = auth_has_token(&i->probing->policy->auth, s->auth);
	long status = answer->status;

	if (status == 401 || status == 403) {
		note_refused(i, has_token, status);
	} else if (answer->outcome == HTTP_ANSWERED &&
	    request_is_html(answer)) {
		check_fail(&i->found, s->what, cure,
		    "%s: a web page answers, not the service", s->probe);
		run_url(i);
	} else if (answer->outcome == HTTP_ANSWERED ||
	    (status == 404 && s->may_be_unknown)) {
		check_ok(&i->found, s->what,
		    has_token ? "it answers, and accepts the token"
			      : "it answers, and requires no token");
		/* Without a known id no request can test downloads. */
		if (s->auth == AUTH_FILE_SERVICE)
			check_ok(&i->found, s->what,
			    "it offers a list; verify --deep also tries "
			    "downloads");
	} else if (status == 0) {
		note_unreachable(i, answer);
	} else {
		check_warn(&i->found, s->what, cure,
		    s->auth == AUTH_FILE_SERVICE
			? "it offers no list, or the URL is wrong: %s"
			: "%s",
		    answer->err.text);
		run_url(i);
	}
}

/*
 * Getting the token may take time; the other checks continue meanwhile.  False:
 * there is nothing to wait for.
 */
static bool
start_probe(struct inquiry *i)
{
	struct auth_use use = { 0 };
	struct err e;

	if (i->service.probe == NULL)
		return false;
	if (auth_add_header(i->probing->auth, i->service.auth, &use,
		&i->headers, &e) == 0) {
		start(i, i->service.probe);
		return true;
	}
	check_fail(&i->found, "token",
	    "Enter the OAuth 2 server's secret:", "%s", e.text);
	check_run_secret(&i->found, i->probing->loaded, "oauth-client-secret");
	return false;
}

/* True if it answered at all. */
static bool
note_first(struct inquiry *i, const struct http_answer *answer)
{
	i->is_there = answer->status != 0;
	/* AWS redirects requests without a bucket to its web site. */
	if (i->is_there &&
	    (answer->err.class != ERR_CONFIG || !i->service.probe))
		note_health(i, answer);
	else
		note_unreachable(i, answer);
	if (i->is_there) {
		note_certificate(i, answer);
		note_clock(i, answer);
	}
	return i->is_there;
}

/* Ask all in parallel; hanging services cost the time of one. */
static void
run_inquiries(struct http *http, struct inquiry *all, size_t n)
{
	struct http_transfer *t;
	size_t open = n;

	for (size_t k = 0; k < n; k++)
		start(&all[k], all[k].service.probe ? "/actuator/health" : "/");
	while (open > 0 && (t = http_next(http, INT64_MAX)) != NULL) {
		struct inquiry *i = http_answer_of(t)->request->owner;
		bool is_last = i->is_there;

		if (is_last)
			note_probe(i, http_answer_of(t));
		else
			is_last = !note_first(i, http_answer_of(t)) ||
			    !start_probe(i);
		open -= is_last;
		http_release(t);
	}
}

static void
check_store(struct probing *p, struct inquiry *store, bool may_write)
{
	const struct destination to = { .policy = &p->policy->destination,
		.http = p->http,
		.auth = p->auth,
		.retry = &once };

	if (!store->is_there)
		return;
	if (p->policy->destination.store == STORE_S3)
		check_s3(&store->found, p->loaded, &to, may_write);
	else
		check_parts(&store->found, p->loaded, &to, may_write);
}

/* With shorter timeouts, as a person is waiting. */
static struct pipeline_policy
hurried(const struct pipeline_policy *policy)
{
	struct pipeline_policy p = *policy;

	if (p.http.connect_timeout_ms > ANSWER_MS)
		p.http.connect_timeout_ms = ANSWER_MS;
	if (p.destination.answer_timeout_ms > ANSWER_MS)
		p.destination.answer_timeout_ms = ANSWER_MS;
	if (p.auth.answer_timeout_ms > ANSWER_MS)
		p.auth.answer_timeout_ms = ANSWER_MS;
	return p;
}

static struct service
store_service(const struct pipeline_policy *policy)
{
	if (policy->destination.store == STORE_S3)
		return (struct service){ .what = "s3",
			.url = policy->destination.s3.url };
	return (struct service){ "file-service", policy->destination.file.url,
		"/metadata?referenceId=" PROBE_ID, false, AUTH_FILE_SERVICE };
}

void
check_services(struct diagnoses *f, const struct loaded *l, bool may_write)
{
	const struct pipeline_policy policy = hurried(&l->config.pipeline);
	struct probing p = { .loaded = l, .policy = &policy };
	struct inquiry all[] = {
		{ .probing = &p,
		    .service = { "meeting-service", policy.meeting.url,
			"/api/meetings/room/" PROBE_ROOM, true,
			AUTH_MEETING_SERVICE } },
		{ .probing = &p, .service = store_service(&policy) },
	};
	size_t first = meeting_is_none(&policy.meeting) ? 1 : 0;
	struct err e;

	/* Already reported. */
	if (pipeline_check(&l->config.pipeline, &e) == -1)
		return;
	p.http = http_open(&policy.http);
	p.auth = auth_open(&policy.auth, &once, p.http);
	for (size_t i = 0; i < 2; i++)
		all[i].found.shell = f->shell;
	run_inquiries(p.http, all + first, 2 - first);
	check_store(&p, &all[1], may_write);
	if (first > 0)
		check_ok(f, "meeting-service",
		    "not used (meeting-service-url = none)");
	for (size_t i = 0; i < 2; i++) {
		check_append(f, &all[i].found);
		free(all[i].url);
		text_list_free(&all[i].headers);
	}
	auth_close(p.auth);
	http_close(p.http);
}

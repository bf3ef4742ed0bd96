#include "remote/auth.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/user.h"
#include "io/digest.h"
#include "remote/request.h"

enum {
	ANSWER_BYTES = 64 * 1024,
	EARLY_MS = 30 * 1000, /* renewed so long before it expires, */
	EARLY_PART = 4,       /* but at most this fraction of its life */
	LIFE_MAX_S = 365 * 24 * 3600,
	TOKEN_BYTES = 12 * 1024, /* more than servers accept in a header */
};

struct auth {
	const struct auth_policy *policy;
	const struct retry_policy *retry;
	struct http *http;
	char *token;     /* NULL: not fetched yet */
	unsigned serial; /* counts tokens, from 1 */
	int64_t asked_ms, renew_at_ms;
	bool was_refused;
	bool is_doubted;    /* replaced a refused one, not yet accepted */
	struct err failure; /* of the last fetch, valid until ... */
	int64_t failed_until_ms;
};

static bool
is_set(const char *s)
{
	return s != NULL && *s != '\0';
}

static const char *
fixed_token(const struct auth_policy *p, enum auth_service service)
{
	const char *own =
	    service == AUTH_FILE_SERVICE ? p->file_token : p->meeting_token;

	return is_set(own) ? own : is_set(p->token) ? p->token : NULL;
}

bool
auth_has_token(const struct auth_policy *p, enum auth_service service)
{
	return fixed_token(p, service) || is_set(p->token_url);
}

int
auth_check(const struct auth_policy *p, struct err *e)
{
	const char *problem = NULL;

	if (!is_set(p->token_url)) {
		if (is_set(p->client_id) || is_set(p->scope))
			problem = "oauth-token-url is not set, but "
				  "oauth-client-id or oauth-scope is";
	} else if (is_set(p->token)) {
		problem = "token and oauth-token-url are both set";
	} else if (!is_set(p->client_id)) {
		problem = "oauth-client-id is not set, but oauth-token-url is";
	} else if (!is_set(p->client_secret) && !p->has_certificate) {
		problem = "neither oauth-client-secret nor tls-cert is "
			  "set, but oauth-token-url is";
	}
	return problem ? err_set(e, ERR_CONFIG, "%s", problem) : 0;
}

enum err_class
auth_error_class(const char *code, enum err_class fallback)
{
	static const struct {
		const char *code;
		enum err_class class;
	} known[] = {
		{ "invalid_client", ERR_REFUSED },
		{ "unauthorized_client", ERR_REFUSED },
		{ "access_denied", ERR_REFUSED },
		{ "invalid_request", ERR_CONFIG },
		{ "invalid_scope", ERR_CONFIG },
		{ "unsupported_grant_type", ERR_CONFIG },
		{ "server_error", ERR_TEMPORARY },
		{ "temporarily_unavailable", ERR_TEMPORARY },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].code, code) == 0)
			return known[i].class;
	return fallback == ERR_PERMANENT ? ERR_CONFIG : fallback;
}

/* Fetching */

/* RFC 6749, section 2.3.1: both are encoded before they are joined. */
static void
add_basic(const struct auth_policy *p, struct text_list *headers)
{
	autofree char *id = text_percent_encode(p->client_id, "");
	autowipe char *secret = text_percent_encode(p->client_secret, "");
	autowipe char *pair = xasprintf("%s:%s", id, secret);
	autowipe char *base64 = digest_base64(pair, strlen(pair));

	text_list_addf(headers, "Authorization: Basic %s", base64);
}

/* Without a secret, our certificate authenticates us (RFC 8705). */
static char *
token_form(const struct auth_policy *p)
{
	struct buf form = { 0 };

	(void)buf_adds(&form, "grant_type=client_credentials");
	if (is_set(p->scope)) {
		autofree char *scope = text_percent_encode(p->scope, "");

		(void)buf_addf(&form, "&scope=%s", scope);
	}
	if (!is_set(p->client_secret)) {
		autofree char *id = text_percent_encode(p->client_id, "");

		(void)buf_addf(&form, "&client_id=%s", id);
	}
	return form.data;
}

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	(void)request, (void)e;
	((struct auth *)ctx)->asked_ms = clock_mono_ms();
	return 0;
}

/* Characters that are valid in a header and accepted by servers. */
static bool
is_token(const char *s)
{
	if (!is_set(s) || strlen(s) >= TOKEN_BYTES)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* Keep the token and when to renew it; without a lifetime, after a 401. */
static void
take_token(struct auth *a, const char *token, int64_t life_s)
{
	int64_t life_ms = (life_s > LIFE_MAX_S ? LIFE_MAX_S : life_s) * 1000;
	int64_t early_ms = life_ms / EARLY_PART;

	a->token = xstrdup(token);
	a->serial++;
	a->renew_at_ms = life_s < 0 ? INT64_MAX
				    : a->asked_ms + life_ms -
		(early_ms > EARLY_MS ? EARLY_MS : early_ms);
	log_debug("token endpoint: got a token for %lld s (-1: unknown)",
	    (long long)life_s);
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	autojson json_t *json = request_answer_json(answer, e);
	const char *token = json_member_string(json, "access_token");
	const char *type = json_member_string(json, "token_type");

	if (json == NULL)
		return -1;
	if (token && strlen(token) >= TOKEN_BYTES)
		return err_set(e, ERR_CONFIG,
		    "the token has more than %d bytes", TOKEN_BYTES - 1);
	if (!is_token(token))
		return err_set(e, ERR_CONFIG, "the answer has no access_token");
	if (type && strcasecmp(type, "Bearer") != 0)
		return err_set(e, ERR_CONFIG,
		    "the token is not a bearer token");
	take_token(ctx, token, json_member_number(json, "expires_in", -1));
	return 0;
}

static void
refine(void *ctx, const struct http_answer *answer, struct err *e)
{
	struct err ignored;
	autojson json_t *json = answer->status / 100 == 4
	    ? json_parse(buf_str(&answer->body), answer->body.len, &ignored)
	    : NULL;
	const json_t *error = json_object_get(json, "error");
	autofree char *code = error ? json_id(error) : NULL;

	(void)ctx;
	e->class = auth_error_class(code ? code : "", e->class);
	if (code) {
		autofree char *shown = http_excerpt(answer, code, strlen(code));

		(void)err_wrap(e, "%s", shown);
	}
}

static int
fetch_token(struct auth *a, struct err *e)
{
	autofree char *form = token_form(a->policy);
	autolist struct text_list headers = { 0 };
	const struct http_request http = {
		.url = a->policy->token_url,
		.service = HTTP_TOKEN,
		.headers = &headers,
		.content_type = "application/x-www-form-urlencoded",
		.answer_timeout_ms = a->policy->answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
	};
	const struct request request = {
		.what = "token endpoint",
		.http = &http,
		.text = form,
		.prepare = prepare,
		.accept = accept_answer,
		.refine = refine,
		.ctx = a,
	};

	text_list_add(&headers, "Accept: application/json");
	if (is_set(a->policy->client_secret))
		add_basic(a->policy, &headers);
	return request_run(&request, a->http, a->retry, e) == 0
	    ? 0
	    : err_wrap(e, "token endpoint");
}

/* While it keeps failing, others get the same error without waiting. */
static int
have_token(struct auth *a, struct err *e)
{
	if (a->token && clock_mono_ms() < a->renew_at_ms)
		return 0;
	if (a->failure.class != ERR_NONE &&
	    clock_mono_ms() < a->failed_until_ms) {
		*e = a->failure;
		return -1;
	}
	mem_free_secret(&a->token);
	a->failure = (struct err){ 0 };
	if (fetch_token(a, e) == 0)
		return 0;
	if (e->class != ERR_INTERRUPTED)
		a->failure = *e;
	a->failed_until_ms = clock_mono_ms() + a->retry->max_ms;
	return -1;
}

/* Using */

struct auth *
auth_open(const struct auth_policy *policy, const struct retry_policy *retry,
    struct http *http)
{
	const struct auth_token *inherited = policy->inherited;
	struct auth *a = xcalloc(1, sizeof(*a));

	a->policy = policy;
	a->retry = retry;
	a->http = http;
	if (inherited && inherited->text) {
		a->token = xstrdup(inherited->text);
		a->renew_at_ms = inherited->renew_at_ms;
		a->serial = 1;
	}
	return a;
}

void
auth_close(struct auth *a)
{
	if (a != NULL)
		mem_free_secret(&a->token);
	free(a);
}

int
auth_add_header(struct auth *a, enum auth_service service, struct auth_use *use,
    struct text_list *headers, struct err *e)
{
	const char *token = fixed_token(a->policy, service);

	use->serial = 0;
	if (!auth_has_token(a->policy, service))
		return 0;
	if (token == NULL) {
		if (have_token(a, e) == -1)
			return -1;
		token = a->token;
		use->serial = a->serial;
	}
	text_list_addf(headers, "Authorization: Bearer %s", token);
	return 0;
}

bool
auth_wants_retry(struct auth *a, struct auth_use *use, long status)
{
	bool is_latest = use->serial == a->serial && a->token != NULL;

	if (use->serial == 0 || status == 0)
		return false;
	if (status != 401) {
		a->is_doubted &= !is_latest;
		return false;
	}
	if (use->is_renewed || (is_latest && a->is_doubted))
		return false;
	use->is_renewed = true;
	if (is_latest) {
		log_info("the token was refused; renewing it");
		mem_free_secret(&a->token);
		a->was_refused = a->is_doubted = true;
	}
	return true;
}

bool
auth_was_renewed(const struct auth *a)
{
	return a->was_refused && !a->is_doubted;
}

/* In a process of its own */

struct token_task {
	const struct auth_policy *policy;
	const struct http_policy *http;
	const struct confine_policy *confine;
};

struct token_report {
	struct err err;
	int64_t renew_at_ms;
	char text[TOKEN_BYTES];
};

/* Without repeats: a sweep asks again the next time. */
static int
fetch_report(const struct token_task *task, struct token_report *report)
{
	static const struct retry_policy once = { .tries = 1 };
	struct http *http = http_open(task->http);
	struct auth *a = auth_open(task->policy, &once, http);
	int result = have_token(a, &report->err);

	if (result == 0) {
		memcpy(report->text, a->token, strlen(a->token));
		report->renew_at_ms = a->renew_at_ms;
	}
	auth_close(a);
	http_close(http);
	return result;
}

static void
work(const void *ctx, int fd)
{
	const struct token_task *task = ctx;
	struct token_report report = { 0 };

	confine_names(task->confine);
	if (user_work_as(USER_NOBODY, USER_NOBODY, &report.err) == 0) {
		confine_directory(task->confine, -1);
		if (fetch_report(task, &report) == 0)
			report.err.class = ERR_NONE;
	}
	(void)file_write_all(fd, &report, sizeof(report));
}

static bool
is_valid(const struct token_report *r)
{
	return err_is_valid(&r->err) && memchr(r->text, '\0', TOKEN_BYTES) &&
	    (r->err.class != ERR_NONE || is_token(r->text));
}

int
auth_token_renew(struct auth_token *token, const struct auth_policy *policy,
    const struct http_policy *http, const struct confine_policy *confine,
    struct err *e)
{
	const struct token_task task = { policy, http, confine };
	struct token_report report;

	if (!is_set(policy->token_url) ||
	    (fixed_token(policy, AUTH_FILE_SERVICE) &&
		fixed_token(policy, AUTH_MEETING_SERVICE)) ||
	    (token->text && clock_mono_ms() < token->renew_at_ms))
		return 0;
	auth_token_free(token);
	if (child_run(work, &task, &report, sizeof(report), e) == -1)
		return err_wrap(e, "token endpoint");
	if (!is_valid(&report))
		return err_set(e, ERR_TEMPORARY,
		    "token endpoint: its process sent an invalid report");
	*e = report.err;
	if (e->class != ERR_NONE)
		return -1;
	token->text = xstrdup(report.text);
	token->renew_at_ms = report.renew_at_ms;
	mem_wipe(report.text, sizeof(report.text));
	return 0;
}

void
auth_token_free(struct auth_token *token)
{
	mem_free_secret(&token->text);
}

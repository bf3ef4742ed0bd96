#pragma once

#include "base/err.h"
#include "base/retry.h"
#include "io/http.h"
#include "io/json.h"
#include "remote/auth.h"
#include "remote/destination.h"

/* A request that is made alone, and again when it failed temporarily. */
struct request {
	const char *what; /* for the log */
	/* What is sent; NULL: prepare() says. */
	const struct http_request *http;
	/* Who adds a token to it, and renews it once it is refused: the
	 * destination, or else auth; both may be NULL. */
	const struct destination *destination;
	struct auth *auth;
	enum auth_service service;
	/* Make it ready for one more try, or -1 with *e; may be NULL. */
	int (*prepare)(void *ctx, struct http_request *, struct err *e);
	/* Read a complete 2xx answer; -1 with *e when it is not good. */
	int (*accept)(void *ctx, const struct http_answer *, struct err *e);
	/* Worth another try at once, which is not counted?  May be NULL. */
	bool (*is_mended)(void *ctx, const struct http_answer *);
	/* Give an error its meaning for this request; may be NULL. */
	void (*refine)(void *ctx, const struct http_answer *, struct err *e);
	void *ctx;
};

/* -1 with the last error, or with ERR_INTERRUPTED. */
int request_run(const struct request *, struct http *,
    const struct retry_policy *, struct err *e);

/* The same with prepare() alone, for what needs no token. */
int request_run_plain(const struct request *, struct http *,
    const struct retry_policy *, struct err *e);

/*
 * Log a failed try that will be repeated at that moment of clock_mono_ms().
 */
void request_log_retry(const char *what, const struct err *e,
    const struct retry_policy *, const struct retry *, int64_t at_ms);

/* A request's body out of a string, which must outlive it. */
struct request_text {
	struct http_body body;
	const char *text;
	size_t offset;
};

void request_text_init(struct request_text *, const char *text);

/* base, without a slash at its end, and the path, which begins with one. */
char *request_url(const char *base, const char *path);

/* Is this a page for people?  Its type alone does not tell (PHP's default). */
bool request_is_html(const struct http_answer *);

/* -1 with ERR_CONFIG: the answer "is not ...", and its first 200 bytes. */
int request_not_understood(const struct http_answer *, const char *is_not,
    struct err *e);

/* As json_id(), but NULL where it repeats a secret of ours. */
char *request_answer_id(const struct http_answer *, const json_t *);

/*
 * The answer's JSON text; NULL with *e, which is ERR_TEMPORARY if it was cut
 * and else ERR_CONFIG.  HTML means that something else than the service
 * answered: a wrong URL or a captive portal.
 */
json_t *request_answer_json(const struct http_answer *, struct err *e);

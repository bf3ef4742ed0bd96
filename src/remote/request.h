#pragma once

#include "base/err.h"
#include "base/retry.h"
#include "io/http.h"
#include "io/json.h"
#include "remote/destination.h"

/* A request that runs by itself and is repeated after temporary failures. */
struct request {
	const char *what; /* for the log */
	/* The request; NULL: prepare() provides it. */
	const struct http_request *http;
	const char *text; /* its body; NULL: as in http */
	/* Adds headers that authenticate, and repeats with others when they
	 * are refused; may be NULL. */
	const struct destination *destination;
	/* Prepare the next try; -1 with *e.  May be NULL. */
	int (*prepare)(void *ctx, struct http_request *, struct err *e);
	/* Read a complete 2xx answer; -1 with *e to reject it. */
	int (*accept)(void *ctx, const struct http_answer *, struct err *e);
	/* Repeat at once, without counting it as a try? May be NULL. */
	bool (*wants_retry)(void *ctx, const struct http_answer *);
	/* Adjust an error to this request; may be NULL. */
	void (*refine)(void *ctx, const struct http_answer *, struct err *e);
	void *ctx;
};

/* -1 with the last error, or with ERR_INTERRUPTED. */
int request_run(const struct request *, struct http *,
    const struct retry_policy *, struct err *e);

/* Log a failed try that will be repeated at at_ms, by clock_mono_ms(). */
void request_log_retry(const char *what, const struct err *e,
    const struct retry_policy *, const struct retry *, int64_t at_ms);

/* A request body from a string, which must outlive it. */
struct request_text {
	struct http_body body;
	const char *text;
	size_t offset;
};

void request_text_init(struct request_text *, const char *text);

/* Join base, without its trailing slash, and path, which begins with one. */
char *request_url(const char *base, const char *path);

/* Is it a page for people? The type alone is not enough (PHP's default). */
bool request_is_html(const struct http_answer *);

/* -1 with ERR_CONFIG for a page of HTML: this is not the service. */
int request_check_html(const struct http_answer *, struct err *e);

/* -1 with ERR_CONFIG, "the answer is not ...", and the answer's beginning. */
int request_not_understood(const struct http_answer *, const char *is_not,
    struct err *e);

/* As json_id(), but NULL if it contains one of our secrets. */
char *request_answer_id(const struct http_answer *, const json_t *);

/*
 * The answer as JSON; NULL with *e, ERR_TEMPORARY if it was truncated and
 * otherwise ERR_CONFIG.  HTML means that the answer is not from the service: a
 * wrong URL or a captive portal.
 */
json_t *request_answer_json(const struct http_answer *, struct err *e);

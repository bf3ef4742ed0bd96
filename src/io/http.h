#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "io/http_tally.h"

/*
 * HTTP/1.1 requests over libcurl, several at once in one thread.  What the
 * rest of the program builds on: a request with a body is begun at most once,
 * libcurl cannot send it again by itself; redirects are not followed; every
 * transfer ends, by its own timeouts or by stop_check().
 */

enum { HTTP_SECRETS = 16 };

struct http_policy {
	int64_t connect_timeout_ms; /* name, TCP and TLS together */
	int64_t stall_timeout_ms;   /* nothing moves while sending */
	int64_t rate_bytes;         /* a second, all bodies together; 0:
				       no limit */
	bool expect_continue;       /* ask before a body over 1 MiB */
	char *ca_file;              /* PEM; NULL or empty: the system's */
	char *tls_cert, *tls_key;   /* ours, PEM; NULL or empty: none, and
				       the key is in the same file */
	struct buf ca, cert, key;   /* what is in these files, if they could
				       be read beforehand */
	char *tls_key_password;     /* NULL or empty: none */
	char *tls_pin;              /* "sha256//BASE64[;...]" of the keys that
				       a server may have; empty: any */
	char *proxy;                /* URL, "env", or "none" */
	char *proxy_auth;           /* "USER:PASSWORD"; NULL or empty: none */
	char *const *secrets[HTTP_SECRETS]; /* masked in what a server says;
					       any may be NULL, or point to
					       what is NULL */
};

/* Where a body comes from. */
struct http_body {
	int64_t size; /* bytes that read() will give */
	/* At least one byte and at most len, or -1 with *e. */
	ssize_t (*read)(void *ctx, char *to, size_t len, struct err *e);
	/* Is it still what it was?  Asked about once a second; may be NULL. */
	int (*check)(void *ctx, struct err *e);
	void *ctx;
};

/* A request; must stay as it is until its transfer is released. */
struct http_request {
	const char *method; /* NULL: POST with a body, else GET */
	const char *url;
	const struct text_list *headers; /* "Name: value" */
	const struct http_body *body;    /* NULL: none */
	const char *sha256;              /* of it; NULL: not known yet */
	const char *content_type;        /* of the body or the part; NULL if
					    it is bare */
	const char *part_filename;       /* not NULL: multipart/form-data
					    (RFC 7578) with this one part,
					    "file"; no quotes, backslashes,
					    control characters */
	int64_t answer_timeout_ms;       /* from the last byte sent */
	bool is_download;                /* but from the last one received,
					    as the answer may be long */
	bool is_bare;                    /* URL and headers are another's, and
					    secrets: nothing of ours is added */
	enum http_service service;       /* counted, and traced if ours */
	size_t answer_limit;             /* bytes */
	/* Takes a 2xx answer piece by piece; the body has its beginning. */
	int (*sink)(void *ctx, const char *data, size_t len, struct err *e);
	void *sink_ctx;
	bool wants_certificate; /* http_answer.expires_unix is asked for */
	void *owner;            /* the caller's */
};

/*
 * What became of a request with a body.  A body that was not sent to its
 * end was never acted on; once every byte has left, anything but a final
 * answer leaves it open.
 */
enum http_outcome {
	HTTP_NOT_DONE, /* bytes left to send, or refused with 3xx or 4xx */
	HTTP_UNKNOWN,  /* all sent, or perhaps, and no final status or a 5xx */
	HTTP_ANSWERED, /* all sent, and a complete 2xx answer */
};

struct http_answer {
	enum http_outcome outcome;
	long status;        /* final status, 0 when there was none */
	struct buf body;    /* of a 2xx without a sink, else its beginning */
	char *content_type; /* never NULL */
	int64_t retry_after_ms; /* 0: the server did not say */
	char *what;             /* "POST http://...", as it may be shown */
	int64_t date_unix;      /* seconds, by the server's clock; 0: unknown */
	int64_t expires_unix;   /* its certificate; 0: unknown */
	char *link;             /* its Link headers; NULL: none */
	int64_t total;          /* of a list, by X-Total-Count or
				   Content-Range; -1: unknown */
	char *etag;             /* without its quotes; NULL: none */
	bool was_unexpected;    /* 417 to our first Expect: may be repeated */
	struct err err;         /* set unless HTTP_ANSWERED */
	const struct http_request *request; /* whose secrets it may repeat */
	char *const *const *secrets;        /* NULL, like request: none */
};

struct http;
struct http_transfer;

/* How far the body of a request has come. */
struct http_move {
	const struct http_request *request;
	int64_t acknowledged; /* bytes of the body, by the other end */
	int64_t sent_ms;      /* all of it is since this moment of
				 clock_mono_ms(); 0: not yet */
};

/* The policy must outlive it. */
struct http *http_open(const struct http_policy *);
void http_close(struct http *);

/*
 * Requests to our services have a traceparent (W3C Trace Context) from now on:
 * this trace id, of 32 digits, and a new parent id each.
 */
void http_set_trace(struct http *, const char *trace_id);

/* What has been asked since this was asked last. */
struct http_tally http_take_tally(struct http *);

/* Call tick about four times a second while waiting; NULL: no more. */
void http_on_tick(struct http *, void (*tick)(void *ctx), void *ctx);

/*
 * What is under way and has a body: how many there are, and the first of
 * them into moves, which has room for max.
 */
size_t http_moves(const struct http *, struct http_move *moves, size_t max);

/* Begin; the result comes from http_next(), which hands it over. */
struct http_transfer *http_start(struct http *, const struct http_request *);

/*
 * The next transfer that ended, or NULL at that moment of clock_mono_ms().
 * After a stop, what is in flight is cut and handed out as ERR_INTERRUPTED,
 * then NULL.  The caller releases the transfer.
 */
struct http_transfer *http_next(struct http *, int64_t until_ms);

const struct http_request *http_request_of(const struct http_transfer *);
const struct http_answer *http_answer_of(const struct http_transfer *);
void http_release(struct http_transfer *);

/*
 * Start one request and wait for its end.  What else is under way goes on,
 * and stays with http_next() when it ends.
 */
struct http_transfer *http_perform(struct http *, const struct http_request *);

/* Wait, while what is under way goes on; shorter after a stop. */
void http_sleep_until(struct http *, int64_t at_ms);

/*
 * The beginning of what the server of this answer said, at most 4096 bytes,
 * with our secrets masked, also where one is cut at the end; the caller frees
 * it.  What is shown of a server's words, in an error or the log, goes through
 * this or one of the next two.
 */
char *http_masked(const struct http_answer *, const char *text, size_t len);

/* 200 bytes of it; the caller frees it. */
char *http_excerpt(const struct http_answer *, const char *text, size_t len);

/*
 * Does a text of this server repeat a secret of ours, as it is or escaped?
 * Then it is no id.  Only of 8 bytes or more: a shorter one may be in an id by
 * chance.
 */
bool http_has_secret(const struct http_answer *, const char *text);

/*
 * Why it is a 4xx or 5xx, in the server's words: a line of UTF-8 that has at
 * most 200 characters when it is escaped; NULL: it does not say.  The caller
 * frees it.
 */
char *http_reason(const struct http_answer *);

/*
 * Scheme, host in lower case, and port, which a URL has or which is usual:
 * "https://host:443".  NULL unless it is an absolute http or https URL without
 * user and fragment; the caller frees it.
 */
char *http_url_origin(const char *url);

/* What a reference in an answer to this URL means; NULL: another origin. */
char *http_url_resolve(const char *url, const char *reference);

/*
 * The class of a final status (RFC 9110): 2xx none; 408, 425, 429 and 5xx
 * temporary; 401 and 403 refused; 3xx configuration; other 4xx permanent.
 */
enum err_class http_status_class(long status);

/* What a request to this URL shows, and to whom, judged by its text alone. */
enum http_exposure {
	HTTP_ENCRYPTED, /* https */
	HTTP_LOOPBACK,  /* http within this machine */
	HTTP_PRIVATE,   /* http to a private or link-local address (RFC 1918,
			   4193, 3927, 4291), to a name of one label or in a
			   domain that is never public */
	HTTP_EXPOSED,   /* http to anywhere else */
};

/* A proxy's URL, which may lack its scheme, is judged as well. */
enum http_exposure http_url_exposure(const char *url);

/*
 * ERR_CONFIG unless url is an absolute http or https URL with a host and
 * without user, query and fragment.
 */
int http_url_check(const char *url, struct err *e);

/* "libcurl 7.88.1", as loaded; the caller frees it. */
char *http_library(void);

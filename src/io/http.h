#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "io/http_tally.h"

/*
 * HTTP/1.1 requests over libcurl, several at once in one thread.  What the rest
 * of the program relies on: a request with a body is sent at most once, as
 * libcurl cannot repeat it by itself; redirects are not followed; every
 * transfer ends, by its own timeouts or by stop_check().
 */

enum { HTTP_SECRETS = 16 };

struct http_policy {
	int64_t connect_timeout_ms; /* name lookup, TCP and TLS together */
	int64_t stall_timeout_ms;   /* without progress while sending */
	int64_t rate_bytes;         /* a second, all bodies together; 0:
				       unlimited */
	bool expect_continue;       /* wait for 100 before a body over 1 MiB */
	char *ca_file;              /* PEM; NULL or empty: the system's */
	char *tls_cert, *tls_key;   /* ours, PEM; NULL or empty: none, or
				       the key is in the same file */
	struct buf ca, cert, key;   /* contents of these files, if read
				       beforehand */
	char *tls_key_password;     /* NULL or empty: none */
	char *tls_pin;              /* "sha256//BASE64[;...]", the accepted
				       server keys; empty: any */
	char *proxy;                /* URL, "env", or "none" */
	char *proxy_auth;           /* "USER:PASSWORD"; NULL or empty: none */
	char *const *secrets[HTTP_SECRETS]; /* masked in texts of a server;
					       each may be NULL or point
					       to NULL */
};

/* The source of a body. */
struct http_body {
	int64_t size; /* bytes that read() will provide */
	/* Read at least one and at most len bytes; -1 with *e. */
	ssize_t (*read)(void *ctx, char *to, size_t len, struct err *e);
	/* Is the source unchanged? Called about once a second; may be NULL. */
	int (*check)(void *ctx, struct err *e);
	void *ctx;
};

/* A request; must not change until its transfer is released. */
struct http_request {
	const char *method; /* NULL: POST with a body, else GET */
	const char *url;
	const struct text_list *headers; /* "Name: value" */
	const struct http_body *body;    /* NULL: none */
	const char *sha256;              /* of the body; NULL: not known yet */
	const char *content_type;        /* of the body or the part; NULL if
					    is_bare */
	const char *part_filename;       /* not NULL: multipart/form-data
					    (RFC 7578) with this one part,
					    "file"; no quotes, backslashes,
					    control characters */
	int64_t answer_timeout_ms;       /* from the last byte sent */
	bool is_download;                /* count that timeout from the last
					    byte received instead */
	bool is_bare;                    /* URL and headers were given to us
					    and are secret; add none */
	enum http_service service;       /* for the tally; ours get a trace */
	size_t answer_limit;             /* bytes */
	/* Receives a 2xx answer in pieces; answer.body keeps its beginning. */
	int (*sink)(void *ctx, const char *data, size_t len, struct err *e);
	void *sink_ctx;
	bool wants_certificate; /* fill in http_answer.expires_unix */
	void *owner;            /* the caller's */
};

/*
 * The outcome of a request with a body.  A server never acts on a body that was
 * not sent completely.  Once every byte was sent, only a final answer settles
 * the outcome.
 */
enum http_outcome {
	HTTP_NOT_DONE, /* bytes are left to send, or 3xx or 4xx */
	HTTP_UNKNOWN,  /* possibly all sent; no final status, or 5xx */
	HTTP_ANSWERED, /* all sent, and a complete 2xx answer */
};

struct http_answer {
	enum http_outcome outcome;
	long status;     /* final status; 0: none */
	struct buf body; /* of a 2xx without a sink; otherwise the beginning */
	char *content_type;     /* never NULL */
	int64_t retry_after_ms; /* 0: none given */
	char *what;             /* "POST http://...", safe to show */
	int64_t date_unix;      /* seconds, by the server's clock; 0: unknown */
	int64_t expires_unix;   /* of its certificate; 0: unknown */
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

/* The progress of a request's body. */
struct http_move {
	const struct http_request *request;
	int64_t acknowledged; /* body bytes that the peer acknowledged */
	int64_t sent_ms;      /* clock_mono_ms() when all was sent; 0: not
				 yet */
};

/* The policy must outlive it. */
struct http *http_open(const struct http_policy *);
void http_close(struct http *);

/*
 * From now on, send a traceparent (W3C Trace Context) to our services, with
 * this trace id of 32 digits and a new parent id per request.
 */
void http_set_trace(struct http *, const char *trace_id);

/* The requests since the last call. */
struct http_tally http_take_tally(struct http *);

/* Call tick about four times a second while waiting; NULL: stop. */
void http_on_tick(struct http *, void (*tick)(void *ctx), void *ctx);

/*
 * The transfers in progress that have a body: returns their number, and the
 * first max of them in moves.
 */
size_t http_moves(const struct http *, struct http_move *moves, size_t max);

/* Start a request; http_next() returns its transfer when it has ended. */
struct http_transfer *http_start(struct http *, const struct http_request *);

/*
 * The next transfer that ended; NULL when until_ms, a time of clock_mono_ms(),
 * has come.  After a stop, returns each transfer in progress as
 * ERR_INTERRUPTED, then NULL.  The caller releases the transfer.
 */
struct http_transfer *http_next(struct http *, int64_t until_ms);

/* "PUT" */
const char *http_method(const struct http_request *);

const struct http_answer *http_answer_of(const struct http_transfer *);
void http_release(struct http_transfer *);

/*
 * Start one request and wait for its end.  Other transfers continue; those that
 * end are kept for http_next().
 */
struct http_transfer *http_perform(struct http *, const struct http_request *);

/* Wait while transfers continue; ends early after a stop. */
void http_sleep_until(struct http *, int64_t at_ms);

/*
 * The beginning of a text from the server of this answer, at most 4096 bytes,
 * with our secrets masked, even one cut off at the end; the caller frees it.
 * Any text of a server that is shown in an error or the log must go through
 * this or one of the next two.
 */
char *http_masked(const struct http_answer *, const char *text, size_t len);

/* The same, at most 200 bytes; the caller frees it. */
char *http_excerpt(const struct http_answer *, const char *text, size_t len);

/*
 * Does a text of this server contain one of our secrets, plain or escaped? Then
 * it cannot be used as an id.  Only secrets of 8 bytes or more count: a shorter
 * one may occur in an id by chance.
 */
bool http_has_secret(const struct http_answer *, const char *text);

/*
 * The server's explanation of a 4xx or 5xx: one line of UTF-8, at most 200
 * characters once escaped; NULL: there is none.  The caller frees it.
 */
char *http_reason(const struct http_answer *);

/*
 * Scheme, lower-case host and port (explicit or default): "https://host:443".
 * NULL unless url is an absolute http or https URL without user and fragment;
 * the caller frees it.
 */
char *http_url_origin(const char *url);

/*
 * Resolve a reference in an answer from this URL; NULL for another origin.  The
 * caller frees it.
 */
char *http_url_resolve(const char *url, const char *reference);

/* An ETag without W/ and its quotes; the caller frees it. */
char *http_etag(const char *text);

/*
 * The class of a final status (RFC 9110): 2xx none; 408, 425, 429 and 5xx
 * temporary; 401 and 403 refused; 3xx configuration; other 4xx permanent.
 */
enum err_class http_status_class(long status);

/* Who could read a request to this URL, judged by the URL alone. */
enum http_exposure {
	HTTP_ENCRYPTED, /* https */
	HTTP_LOOPBACK,  /* http within this machine */
	HTTP_PRIVATE,   /* http to a private or link-local address (RFC 1918,
			   4193, 3927, 4291), to a single-label name or one in
			   a domain that is never public */
	HTTP_EXPOSED,   /* http to anything else */
};

/* Also for a proxy's URL, which may lack a scheme. */
enum http_exposure http_url_exposure(const char *url);

/*
 * ERR_CONFIG unless url is an absolute http or https URL with a host and
 * without user, query and fragment.
 */
int http_url_check(const char *url, struct err *e);

/* "libcurl 7.88.1", as loaded; the caller frees it. */
char *http_library(void);

#pragma once

#include <curl/curl.h>

#include "io/http.h"

/* What the http_*.c files share; nobody else includes this. */

struct http_socket {
	int fd;
	int local_port; /* 0: not known yet */
};

struct http {
	const struct http_policy *policy;
	const char *proxy; /* NULL: what the environment says */
	CURLM *multi;
	struct http_transfer *active;
	struct http_transfer *finished;
	size_t n_active;
	unsigned n_started;
	char boundary[32 + 1];
	struct http_socket *sockets; /* open connections */
	size_t n_sockets, cap_sockets;
	void (*tick)(void *ctx); /* NULL: nobody wants it */
	void *tick_ctx;
	int64_t ticked_ms, watched_ms;
};

struct http_transfer {
	struct http *http;
	struct http_transfer *next;
	unsigned number; /* in the trace */
	const struct http_request *request;
	struct http_answer answer;
	CURL *easy;
	struct curl_slist *headers;
	char curl_text[CURL_ERROR_SIZE];
	struct err failure; /* ours, where libcurl only says "aborted" */
	bool is_local;      /* and the cause is in what is to be sent */
	bool is_finished;
	struct buf head, tail; /* of a part, around the body */
	bool is_one_piece;     /* and the body is in the head, too */
	size_t head_out, tail_out;
	int64_t handed_out; /* body bytes given to libcurl */
	size_t received;    /* answer bytes */

	/* The watch: what moved, and when. */
	bool is_going;  /* connected; the request goes out */
	bool was_ended; /* the kept connection, by the server */
	bool is_anew;   /* therefore, on one of its own */
	int socket;     /* -1: not known */
	curl_off_t sent;
	int queued;
	int64_t moved_ms;
	int64_t checked_ms;
	int64_t all_sent_ms; /* 0: still sending */
	size_t taken;        /* answer bytes, as the watch last saw them */
};

/* Start libcurl, once; what it cannot allocate ends the process. */
void http_init(void);

/* Set the transfer's libcurl handle up for its request. */
void http_setup(struct http_transfer *);

/* Which proxy the requests go through, by the policy and the environment. */
void http_choose_proxy(struct http *);

/*
 * Choose what stands between the parts of multipart/form-data: random, so
 * that no file can hold it (RFC 2046, 5.1.1).
 */
void http_body_choose_boundary(struct http *);

/* The Content-Type line of a request with a body; the caller frees it. */
char *http_body_type(const struct http_transfer *);

/*
 * Set the handle up to send the body: as it is, or as the one part "file"
 * (RFC 7578), with a backslash before quotes and backslashes of its name,
 * as browsers had it: not every server decodes their %22.
 */
void http_body_setup(struct http_transfer *);

/* Log what happens on the wire, without secrets, where anyone sees it. */
void http_trace(struct http_transfer *);

/* The final status seen so far, 0 for none: libcurl also reports a 100. */
long http_final_status(CURL *easy);

/*
 * Has every byte of the request been given to the kernel?  Of one that goes
 * in one piece, unless it is known that some were not.
 */
bool http_is_all_sent(const struct http_transfer *);

/* Fill in t->answer, now that libcurl ended the transfer with rc. */
void http_judge(struct http_transfer *, CURLcode rc);

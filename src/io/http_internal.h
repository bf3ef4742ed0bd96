#pragma once

#include <curl/curl.h>

#include "io/http.h"

/* What the http_*.c files share; nobody else includes this. */

struct http {
	const struct http_policy *policy;
	const char *proxy; /* NULL: use the environment */
	CURLM *multi;
	struct http_transfer *active;
	struct http_transfer *finished;
	size_t n_active;
	unsigned n_started;
	/* Of multipart/form-data: random, so that no file contains it. */
	char boundary[32 + 1];
	char trace_id[32 + 1]; /* "": none */
	struct http_tally tally;
	bool is_unexpecting; /* a server rejected Expect */
	int *sockets;        /* of open connections */
	size_t n_sockets, cap_sockets;
	void (*tick)(void *ctx); /* NULL: not wanted */
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
	struct curl_slist *headers, *addresses;
	char curl_text[CURL_ERROR_SIZE];
	struct err failure; /* our reason when libcurl only says "aborted" */
	bool is_local;      /* the failure is in our own data */
	bool is_expecting;  /* may have sent Expect */
	bool is_finished;
	struct buf head, tail; /* around the body of a part */
	bool is_one_piece;     /* the head includes the body */
	size_t head_out, tail_out;
	int64_t handed_out; /* body bytes given to libcurl */
	size_t received;    /* bytes of the answer */
	size_t head_in;     /* bytes of its headers and trailers */

	/* For the watch: what moved, and when. */
	bool is_going;     /* connected, sending the request */
	bool was_ended;    /* the server closed the kept connection */
	bool is_restarted; /* so it was restarted on a new one */
	int socket;        /* -1: unknown */
	curl_off_t sent;
	int queued;
	int64_t began_ms; /* connecting */
	int64_t moved_ms;
	int64_t checked_ms;
	int64_t all_sent_ms; /* 0: still sending */
	size_t taken;        /* received, as of the watch's last look */
};

/* Initialize libcurl once; out of memory ends the process. */
void http_init(void);

/* Configure the transfer's libcurl handle for its request. */
void http_setup(struct http_transfer *);

/* Configure it to send the body, plain or as the one part "file". */
void http_body_setup(struct http_transfer *);

/* May the value of this header line be shown? */
bool http_is_harmless(const char *line, size_t name_len);

/* Log the traffic without secrets, if anyone sees that level. */
void http_trace(struct http_transfer *);

/* The final status so far, 0: none. libcurl also reports a 100. */
long http_final_status(CURL *easy);

/*
 * Was every byte of the request handed to the kernel? A request sent in one
 * piece counts as sent unless some of it is known to be unsent.
 */
bool http_is_all_sent(const struct http_transfer *);

/* Fill in t->answer after libcurl ended the transfer with rc. */
void http_judge(struct http_transfer *, CURLcode rc);

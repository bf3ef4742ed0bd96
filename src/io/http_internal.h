#pragma once

#include <curl/curl.h>

#include "io/http.h"

/* What the http_*.c files share; nobody else includes this. */

struct http {
	const struct http_policy *policy;
	const char *proxy; /* NULL: what the environment says */
	CURLM *multi;
	struct http_transfer *active;
	struct http_transfer *finished;
	size_t n_active;
	unsigned n_started;
	/* Of multipart/form-data: random, so that no file can hold it. */
	char boundary[32 + 1];
	char trace_id[32 + 1]; /* "": none */
	struct http_tally tally;
	bool is_unexpecting; /* a server refused Expect */
	int *sockets;        /* of open connections */
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
	struct curl_slist *headers, *addresses;
	char curl_text[CURL_ERROR_SIZE];
	struct err failure; /* ours, where libcurl only says "aborted" */
	bool is_local;      /* and the cause is in what is to be sent */
	bool is_expecting;  /* it may have sent Expect */
	bool is_finished;
	struct buf head, tail; /* of a part, around the body */
	bool is_one_piece;     /* and the body is in the head, too */
	size_t head_out, tail_out;
	int64_t handed_out; /* body bytes given to libcurl */
	size_t received;    /* answer bytes */
	size_t head_in;     /* and those of its headers and trailers */

	/* The watch: what moved, and when. */
	bool is_going;  /* connected; the request goes out */
	bool was_ended; /* the kept connection, by the server */
	bool is_anew;   /* therefore, on one of its own */
	int socket;     /* -1: not known */
	curl_off_t sent;
	int queued;
	int64_t began_ms; /* to connect */
	int64_t moved_ms;
	int64_t checked_ms;
	int64_t all_sent_ms; /* 0: still sending */
	size_t taken;        /* answer bytes, as the watch last saw them */
};

/* Start libcurl, once; what it cannot allocate ends the process. */
void http_init(void);

/* Set the transfer's libcurl handle up for its request. */
void http_setup(struct http_transfer *);

/* Set the handle up to send the body: as it is, or as the one part "file". */
void http_body_setup(struct http_transfer *);

/* May the value of this header line be shown? */
bool http_is_harmless(const char *line, size_t name_len);

/* Log what happens on the wire, without secrets, where anyone sees it. */
void http_trace(struct http_transfer *);

/* "PUT" */
const char *http_method(const struct http_request *);

/* The final status seen so far, 0 for none: libcurl also reports a 100. */
long http_final_status(CURL *easy);

/*
 * Has every byte of the request been given to the kernel?  Of one that goes
 * in one piece, unless it is known that some were not.
 */
bool http_is_all_sent(const struct http_transfer *);

/* Fill in t->answer, now that libcurl ended the transfer with rc. */
void http_judge(struct http_transfer *, CURLcode rc);

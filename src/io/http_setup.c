#include "io/http_internal.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/retry.h"
#include "base/stop.h"

enum {
	EXPECT_MS = 300,
	WATCH_FIRST_MS = 5000,
	NOTSENT_LOWAT_BYTES = 128 * 1024,
	KEPT_BYTES = 4096, /* of an answer nobody needs */
	HEAD_BYTES = 256 * 1024,
	TUNNEL_MS = 500, /* after libcurl's own limit, which says more */
};

static size_t
on_write(char *data, size_t size, size_t n, void *ctx)
{
	struct http_transfer *t = ctx;
	const struct http_request *request = t->request;
	size_t len = size * n;
	bool is_good;

	t->received += len;
	if (t->received > request->answer_limit) {
		(void)err_set(&t->failure, ERR_TEMPORARY,
		    "the answer is longer than %zu bytes",
		    request->answer_limit);
		return 0;
	}
	is_good = http_final_status(t->easy) / 100 == 2;
	if ((is_good && request->sink == NULL) ||
	    t->answer.body.len < KEPT_BYTES)
		(void)buf_add(&t->answer.body, data, len);
	return is_good && request->sink &&
		request->sink(request->sink_ctx, data, len, &t->failure) == -1
	    ? 0
	    : len;
}

/* Counts trailers and each 100 too, which libcurl keeps without a limit. */
static size_t
on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct http_transfer *t = ctx;

	(void)data;
	t->head_in += size * n;
	if (t->head_in <= HEAD_BYTES)
		return size * n;
	(void)err_set(&t->failure, ERR_TEMPORARY,
	    "the answer has more than %d bytes of headers", HEAD_BYTES);
	return 0;
}

static int
on_socket_open(void *ctx, curl_socket_t fd, curlsocktype purpose)
{
	struct http *http = ctx;
	int lowat = NOTSENT_LOWAT_BYTES;
	/* Later than the watch, which has a better message. */
	unsigned timeout =
	    (unsigned)http->policy->stall_timeout_ms + WATCH_FIRST_MS;

	(void)purpose;
	/* Optional: without them the watch only notices later. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowat,
	    sizeof(lowat));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout,
	    sizeof(timeout));
	xgrow((void **)&http->sockets, &http->cap_sockets, http->n_sockets + 1,
	    sizeof(*http->sockets));
	http->sockets[http->n_sockets++] = fd;
	return CURL_SOCKOPT_OK;
}

static int
on_socket_close(void *ctx, curl_socket_t fd)
{
	struct http *http = ctx;

	for (size_t i = 0; i < http->n_sockets; i++) {
		if (http->sockets[i] != fd)
			continue;
		http->sockets[i] = http->sockets[--http->n_sockets];
		break;
	}
	return close(fd);
}

static int
local_port_of(int socket)
{
	struct sockaddr_in6 addr = { 0 };
	socklen_t len = sizeof(addr);

	(void)getsockname(socket, (struct sockaddr *)&addr, &len);
	/* The port is at the same offset for IPv4 and IPv6. */
	return ntohs(addr.sin6_port);
}

/*
 * Has the server closed this kept connection? Over TLS it announces that first,
 * and libcurl 7.88 takes any readable data as a sign of life.
 */
static bool
is_ended(const struct http_transfer *t)
{
	long fresh = 0;
	char byte;

	(void)curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &fresh);
	return fresh == 0 &&
	    (recv(t->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != -1 ||
		errno != EAGAIN);
}

/*
 * libcurl 7.88 asks to rewind only once it counts something as written, not
 * while it writes the first TLS record, and it repeats a request it holds in
 * one piece without asking.
 */
static bool
was_sent(const struct http_transfer *t)
{
	return t->is_one_piece ? t->is_going
			       : t->head_out > 0 || t->handed_out > 0;
}

/* The request goes out now, over a new or a kept connection. */
static int
on_request(void *ctx, char *ip, char *local_ip, int remote_port,
    int local_port_used)
{
	struct http_transfer *t = ctx;

	(void)ip, (void)local_ip, (void)remote_port;
	/* libcurl repeats it by itself if nothing of the body was sent. */
	t->http->is_unexpecting |= http_final_status(t->easy) == 417;
	if (was_sent(t)) {
		(void)err_set(&t->failure, ERR_TEMPORARY,
		    "the connection was lost before the answer came");
		return CURL_PREREQFUNC_ABORT;
	}
	for (size_t i = 0; i < t->http->n_sockets; i++)
		if (local_port_of(t->http->sockets[i]) == local_port_used)
			t->socket = t->http->sockets[i];
	t->was_ended = !t->is_restarted && is_ended(t);
	if (t->was_ended)
		return CURL_PREREQFUNC_ABORT;
	t->is_going = true;
	t->moved_ms = clock_mono_ms();
	return CURL_PREREQFUNC_OK;
}

/*
 * libcurl reads a proxy's answer to CONNECT byte by byte and returns only when
 * nothing more can be read: the watch never sees one that does not end.
 */
static int
on_progress(void *ctx, curl_off_t down, curl_off_t got, curl_off_t up,
    curl_off_t sent)
{
	struct http_transfer *t = ctx;
	int64_t limit = t->http->policy->connect_timeout_ms;
	long code = 0; /* of the proxy */

	(void)down, (void)got, (void)up, (void)sent;
	(void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &code);
	/* A stop must not lose an answer that has arrived. */
	if (http_final_status(t->easy) > 0)
		return 0;
	if (stop_check(&t->failure) == -1)
		return 1;
	if (t->is_going || code == 0 ||
	    clock_mono_ms() - t->began_ms < limit + TUNNEL_MS)
		return 0;
	(void)err_set(&t->failure, ERR_TEMPORARY,
	    "the proxy did not open a tunnel within %.1f s",
	    (double)limit / 1000);
	return 1;
}

/* NULL or empty: keep the default. */
static void
set_text(CURL *easy, CURLoption option, const char *text)
{
	if (text != NULL && *text != '\0')
		curl_easy_setopt(easy, option, text);
}

/* Use what was read at the start, even if the file was replaced since. */
static void
set_file(CURL *easy, CURLoption with_bytes, const struct buf *bytes,
    CURLoption with_path, const char *path)
{
	struct curl_blob blob = {
		.data = bytes->data,
		.len = bytes->len,
		.flags = CURL_BLOB_NOCOPY,
	};

	if (bytes->len > 0)
		curl_easy_setopt(easy, with_bytes, &blob);
	else
		set_text(easy, with_path, path);
}

/*
 * The file of trusted authorities: the operator's, libcurl's own, or, where a
 * portable libcurl came to another system, that system's.
 */
static const char *
authorities(const struct http_policy *policy)
{
	static const char *const places[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Arch, Alpine */
		"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, RHEL */
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/ca-bundle.pem", /* SUSE */
	};
	const char *own = curl_version_info(CURLVERSION_NOW)->cainfo;

	if ((policy->ca_file && *policy->ca_file) ||
	    (own && access(own, R_OK) == 0))
		return policy->ca_file;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

/* The options take a long; some versions of libcurl have an enum here. */
static const long tls_least = CURL_SSLVERSION_TLSv1_2;

static void
set_tls(CURL *easy, const struct http_policy *policy)
{
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, tls_least);
	/* With a CA directory libcurl parses the bundle at each connection. */
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	set_file(easy, CURLOPT_CAINFO_BLOB, &policy->ca, CURLOPT_CAINFO,
	    authorities(policy));
	/* Without a password OpenSSL would ask for one on the terminal. */
	curl_easy_setopt(easy, CURLOPT_KEYPASSWD,
	    policy->tls_key_password ? policy->tls_key_password : "");
	set_file(easy, CURLOPT_SSLCERT_BLOB, &policy->cert, CURLOPT_SSLCERT,
	    policy->tls_cert);
	set_file(easy, CURLOPT_SSLKEY_BLOB, &policy->key, CURLOPT_SSLKEY,
	    policy->tls_key);
	set_text(easy, CURLOPT_PINNEDPUBLICKEY, policy->tls_pin);
}

/* An https proxy has a certificate, too. */
static void
set_proxy(CURL *easy, const struct http *http)
{
	const struct http_policy *policy = http->policy;

	curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, tls_least);
	curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	set_file(easy, CURLOPT_PROXY_CAINFO_BLOB, &policy->ca,
	    CURLOPT_PROXY_CAINFO, authorities(policy));
	if (http->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, http->proxy);
	set_text(easy, CURLOPT_PROXYUSERPWD, policy->proxy_auth);
}

static void
set_connection(CURL *easy, struct http *http)
{
	const struct http_policy *policy = http->policy;

	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	set_tls(easy, policy);
	set_proxy(easy, http);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)policy->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, (long)EXPECT_MS);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_open);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, http);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_socket_close);
	curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, http);
}

/* Remove the headers that libcurl would add. */
static void
leave_bare(struct http_transfer *t)
{
	static const char content_type[] = "Content-Type:";
	const struct text_list *given = t->request->headers;
	bool has_type = false;

	for (size_t i = 0; i < given->n; i++)
		has_type |= strncasecmp(given->items[i], content_type,
				strlen(content_type)) == 0;
	if (!has_type)
		t->headers = curl_slist_append(t->headers, content_type);
	t->headers = curl_slist_append(t->headers, "Accept:");
}

static bool
is_traced(const struct http_request *request)
{
	return request->service == HTTP_MEETING_SERVICE ||
	    request->service == HTTP_WEBHOOK ||
	    request->service == HTTP_FILE_SERVICE;
}

/* W3C Trace Context, version 00; flag 01: may be recorded. */
static void
add_traceparent(struct http_transfer *t)
{
	autofree char *header = NULL;

	if (*t->http->trace_id == '\0' || !is_traced(t->request) ||
	    t->request->is_bare)
		return;
	/* An all-zero parent id is invalid. */
	header = xasprintf("traceparent: 00-%s-%08x%08x-01", t->http->trace_id,
	    retry_random(), retry_random() | 1);
	t->headers = curl_slist_append(t->headers, header);
}

static void
set_headers(struct http_transfer *t)
{
	const struct http_request *request = t->request;
	const struct text_list *headers = request->headers;

	for (size_t i = 0; i < headers->n; i++)
		t->headers = curl_slist_append(t->headers, headers->items[i]);
	if (request->is_bare)
		leave_bare(t);
	else if (request->body) {
		autofree char *type = request->part_filename
		    ? xasprintf("Content-Type: multipart/form-data; "
				"boundary=%s",
			  t->http->boundary)
		    : xasprintf("Content-Type: %s", request->content_type);

		t->headers = curl_slist_append(t->headers, type);
	}
	if (!request->is_bare)
		t->headers =
		    curl_slist_append(t->headers, "Accept-Encoding: identity");
	add_traceparent(t);
	t->is_expecting = request->body && t->http->policy->expect_continue &&
	    !t->http->is_unexpecting;
	if (!t->is_expecting)
		t->headers = curl_slist_append(t->headers, "Expect:");
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
	if (!request->is_bare)
		curl_easy_setopt(t->easy, CURLOPT_USERAGENT,
		    "jibri-finalize/" VERSION);
}

/* For hosts that libcurl cannot resolve because we are confined. */
static void
set_addresses(struct http_transfer *t)
{
	autofree char *host = NULL, *port = NULL, *found = NULL, *line = NULL;
	CURLU *u;

	if (!names_are_in(t->request->url))
		return;
	u = curl_url();
	(void)curl_url_set(u, CURLUPART_URL, t->request->url, 0);
	(void)curl_url_get(u, CURLUPART_HOST, &host, 0);
	(void)curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	curl_url_cleanup(u);
	if (host && port)
		found = names_find(host, t->http->policy->connect_timeout_ms);
	if (found == NULL)
		return;
	line = xasprintf("+%s:%s:%s", host, port, found);
	t->addresses = curl_slist_append(NULL, line);
	curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->addresses);
}

void
http_setup(struct http_transfer *t)
{
	CURL *easy = t->easy;

	set_connection(easy, t->http);
	set_addresses(t);
	http_trace(t);
	curl_easy_setopt(easy, CURLOPT_URL, t->request->url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_text);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, t);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, t);
	if (t->request->method)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST,
		    t->request->method);
	if (t->request->wants_certificate)
		curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	set_headers(t);
	if (t->request->body)
		http_body_setup(t);
}

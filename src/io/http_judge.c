#include "io/http_internal.h"

#include <string.h>

#include "base/mem.h"
#include "base/parse.h"
#include "base/retry.h"

const char *
http_method(const struct http_request *request)
{
	return request->method ? request->method
	    : request->body    ? "POST"
			       : "GET";
}

long
http_final_status(CURL *easy)
{
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	/* libcurl accepts any number of digits. */
	return status >= 200 && status <= 999 ? status : 0;
}

bool
http_is_all_sent(const struct http_transfer *t)
{
	curl_off_t sent = 0, due = -1;

	if (t->request->body == NULL)
		return t->is_going;
	(void)curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_UPLOAD_T,
	    &due);
	/* After libcurl started over, nothing is due yet. */
	if (t->is_one_piece)
		return t->is_going && (due < 0 || sent >= due);
	return t->handed_out == t->request->body->size && due >= 0 &&
	    sent >= due;
}

enum err_class
http_status_class(long status)
{
	if (status == 401 || status == 403)
		return ERR_REFUSED;
	if (status == 408 || status == 425 || status == 429)
		return ERR_TEMPORARY;
	switch (status / 100) {
	case 2:
		return ERR_NONE;
	case 3:
		return ERR_CONFIG;
	case 4:
		return ERR_PERMANENT;
	default:
		return ERR_TEMPORARY;
	}
}

static enum err_class
curl_class(CURLcode rc)
{
	switch (rc) {
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return ERR_CONFIG;
	default:
		return ERR_TEMPORARY;
	}
}

/*
 * A URL that is safe to show: user and query can be private, and in a bare
 * request everything after the host.
 */
static char *
shown_url(const char *url, bool is_bare)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme ? scheme + 3 : url;
	const char *at = memrchr(host, '@', strcspn(host, "/?#"));

	if (is_bare)
		return xasprintf("%.*s/(hidden)",
		    (int)(host - url) + (int)strcspn(host, "/?#"), url);
	if (at == NULL)
		return xstrndup(url, strcspn(url, "?#"));
	return xasprintf("%.*s(hidden)%.*s", (int)(host - url), url,
	    (int)strcspn(at, "?#"), at);
}

static void
explain_status(const struct http_transfer *t, long status, struct err *e)
{
	char *location = NULL;

	(void)curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &location);
	if (location) {
		autofree char *masked =
		    http_masked(&t->answer, location, strlen(location));
		autofree char *shown = shown_url(masked, t->request->is_bare);

		(void)err_set(e, ERR_CONFIG,
		    "HTTP %ld, a redirect to %s, which is not followed", status,
		    shown);
	} else if (status / 100 == 2) {
		(void)err_set(e, ERR_TEMPORARY,
		    "HTTP %ld before the whole body was sent", status);
	} else {
		autofree char *reason = http_reason(&t->answer);

		(void)err_set(e, http_status_class(status), "HTTP %ld%s%s",
		    status, reason ? ": " : "", reason ? reason : "");
	}
}

/*
 * OpenSSL's texts when the server refuses TLS on purpose (RFC 8446, section 6).
 */
static const struct refusal {
	const char *part;
	enum err_class class;
	const char *meaning;
} refusals[] = {
	{ "alert certificate required", ERR_REFUSED,
	    "the server requires a client certificate (tls-cert)" },
	{ "alert unknown ca", ERR_REFUSED,
	    "the server does not trust the client certificate (tls-cert)" },
	{ "alert bad certificate", ERR_REFUSED,
	    "the server refuses the client certificate (tls-cert)" },
	{ "alert certificate", ERR_REFUSED,
	    "the server refuses the client certificate (tls-cert)" },
	{ "alert access denied", ERR_REFUSED,
	    "the server refuses the client certificate (tls-cert)" },
	{ "alert handshake failure", ERR_CONFIG,
	    "the server requires a client certificate (tls-cert), or there is "
	    "no common cipher" },
	{ "alert protocol version", ERR_CONFIG,
	    "the server does not support TLS 1.2 or later" },
	{ "unsupported protocol", ERR_CONFIG,
	    "the server does not support TLS 1.2 or later" },
	{ "wrong version number", ERR_CONFIG,
	    "the server on this port does not use TLS" },
};

static const struct refusal *
find_refusal(CURLcode rc, const char *text)
{
	if (rc != CURLE_SSL_CONNECT_ERROR && rc != CURLE_RECV_ERROR &&
	    rc != CURLE_SEND_ERROR)
		return NULL;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (strstr(text, refusals[i].part))
			return &refusals[i];
	return NULL;
}

static void
explain_authorities(const struct http_policy *policy, struct err *e)
{
	/* libcurl was given the contents and does not know the file. */
	if (policy->ca.len > 0)
		(void)err_wrap(e, "ca-file %s", policy->ca_file);
	else if (policy->ca_file == NULL || *policy->ca_file == '\0')
		(void)err_wrap(e,
		    "no certificate authorities are installed; install "
		    "ca-certificates or set ca-file");
}

static void
explain_curl(const struct http_transfer *t, CURLcode rc, struct err *e)
{
	const struct refusal *refusal = find_refusal(rc, t->curl_text);
	/* libcurl's text has milliseconds: each message would be different. */
	bool is_timed =
	    rc == CURLE_COULDNT_CONNECT || rc == CURLE_OPERATION_TIMEDOUT;

	if (refusal)
		(void)err_set(e, refusal->class, "%s (%s)", refusal->meaning,
		    t->curl_text);
	else
		(void)err_set(e, curl_class(rc), "%s",
		    *t->curl_text && !is_timed ? t->curl_text
					       : curl_easy_strerror(rc));
	if (rc == CURLE_SSL_CACERT_BADFILE)
		explain_authorities(t->http->policy, e);
	if (rc == CURLE_SSL_CERTPROBLEM && t->http->policy->cert.len > 0)
		(void)err_wrap(e, "tls-cert %s", t->http->policy->tls_cert);
}

static void
explain(struct http_transfer *t, CURLcode rc, long status)
{
	struct err *e = &t->answer.err;

	if (t->failure.class != ERR_NONE)
		*e = t->failure;
	else if (status / 100 == 3 || status / 100 == 4 || rc == CURLE_OK)
		explain_status(t, status, e);
	else if (rc == CURLE_SEND_FAIL_REWIND)
		(void)err_set(e, ERR_TEMPORARY,
		    "the connection was lost before the answer came");
	else if (rc == CURLE_UNSUPPORTED_PROTOCOL)
		/* The URL's scheme was checked, so this means "HTTP/0.9". */
		(void)err_set(e, ERR_TEMPORARY, "the answer is not HTTP");
	else if (rc == CURLE_OUT_OF_MEMORY && t->head_in > 0)
		/* Not memory: without any, the process ends. */
		(void)err_set(e, ERR_TEMPORARY,
		    "the answer has a header of more than %d bytes",
		    CURL_MAX_HTTP_HEADER);
	else
		explain_curl(t, rc, e);
	(void)err_wrap(e, "%s", t->answer.what);
}

/* The value of the header's i-th line, or NULL. */
static const char *
value_of(CURL *easy, const char *name, size_t i)
{
	struct curl_header *header;

	return curl_easy_header(easy, name, i, CURLH_HEADER, -1, &header) ==
		CURLHE_OK
	    ? header->value
	    : NULL;
}

/* 0: none that is valid. */
static int64_t
date_of(const char *text)
{
	time_t date = text ? curl_getdate(text, NULL) : 0;

	return date > 0 ? date : 0;
}

static char *
links_of(CURL *easy)
{
	struct buf links = { 0 };
	const char *link;

	for (size_t i = 0; (link = value_of(easy, "Link", i)) != NULL; i++)
		(void)buf_addf(&links, "%s%s", i > 0 ? ", " : "", link);
	return links.data;
}

/* "5", or "items 0-1/5". */
static int64_t
total_of(CURL *easy)
{
	static const char *const names[] = { "X-Total-Count", "Content-Range" };
	int64_t total = -1;

	for (size_t i = 0; i < 2 && total == -1; i++) {
		const char *value = value_of(easy, names[i], 0);
		const char *slash = value ? strrchr(value, '/') : NULL;

		if (value)
			(void)parse_integer(slash ? slash + 1 : value, 0,
			    INT64_MAX, &total);
	}
	return total;
}

char *
http_etag(const char *text)
{
	text += 2 * (strncmp(text, "W/", 2) == 0);
	text += strspn(text, "\"");
	return xstrndup(text, strcspn(text, "\""));
}

/* It becomes part of an id. */
static char *
etag_of(const struct http_transfer *t)
{
	const char *value = value_of(t->easy, "ETag", 0);

	return value && !http_has_secret(&t->answer, value) ? http_etag(value)
							    : NULL;
}

/* The first certificate is the server's own. */
static int64_t
expiry_of(CURL *easy)
{
	static const char name[] = "Expire date:";
	struct curl_certinfo *info = NULL;
	int64_t date = 0;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &info) != CURLE_OK ||
	    info == NULL || info->num_of_certs < 1)
		return 0;
	for (struct curl_slist *line = info->certinfo[0]; line;
	     line = line->next)
		if (strncmp(line->data, name, sizeof(name) - 1) == 0)
			date = date_of(line->data + sizeof(name) - 1);
	return date;
}

/*
 * No answer, or one from a gateway or Cloudflare that cannot reach the server.
 */
static bool
is_out(long status)
{
	return status == 0 || (status >= 502 && status <= 504) ||
	    (status >= 520 && status <= 530);
}

void
http_judge(struct http_transfer *t, CURLcode rc)
{
	struct http_answer *answer = &t->answer;
	bool is_sent = http_is_all_sent(t);
	curl_off_t retry_after = 0;
	autofree char *url = shown_url(t->request->url, t->request->is_bare);
	char *type = NULL;

	answer->what = xasprintf("%s %s", http_method(t->request), url);
	/* A refused rewind may come after the counters were reset. */
	if (rc == CURLE_SEND_FAIL_REWIND && t->request->body)
		is_sent = t->handed_out == t->request->body->size;
	answer->status = http_final_status(t->easy);
	answer->date_unix = date_of(value_of(t->easy, "Date", 0));
	answer->link = links_of(t->easy);
	answer->total = total_of(t->easy);
	answer->etag = etag_of(t);
	answer->was_unexpected = answer->status == 417 && t->is_expecting;
	t->http->is_unexpecting |= answer->was_unexpected;
	if (t->request->wants_certificate)
		answer->expires_unix = expiry_of(t->easy);
	if (rc == CURLE_OK && answer->status / 100 == 2 && is_sent)
		answer->outcome = HTTP_ANSWERED;
	else if (answer->status / 100 == 3 || answer->status / 100 == 4)
		answer->outcome = HTTP_NOT_DONE;
	else
		answer->outcome = is_sent ? HTTP_UNKNOWN : HTTP_NOT_DONE;

	(void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &retry_after);
	if (retry_after > 0)
		answer->retry_after_ms = retry_after > RETRY_AFTER_MAX_MS / 1000
		    ? RETRY_AFTER_MAX_MS
		    : retry_after * 1000;
	(void)curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
	answer->content_type = xstrdup(type ? type : "");
	if (answer->outcome == HTTP_ANSWERED)
		return;
	explain(t, rc, answer->status);
	answer->err.retry_after_ms = answer->retry_after_ms;
	answer->err.is_outage = !t->is_local && is_out(answer->status);
}

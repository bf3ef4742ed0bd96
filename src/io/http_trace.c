#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/http_internal.h"

static const char hidden[] = "(hidden)";

/* Add text without the users, passwords and queries of its URLs. */
static void
add_words(struct buf *out, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, " ");
		const char *end = text + len;
		const char *at = memrchr(text, '@', len);
		const char *from = at ? at : text;
		size_t shown = strcspn(from, " ?");

		(void)buf_addf(out, "%s%.*s", at ? hidden : "", (int)shown,
		    from);
		if (from + shown < end)
			(void)buf_addf(out, "?%s", hidden);
		if (*end)
			(void)buf_adds(out, " ");
		text = end + (*end != '\0');
	}
}

static void
add_header(struct buf *out, const char *line)
{
	const char *colon = strchr(line, ':');
	size_t name_len = colon ? (size_t)(colon - line) : 0;

	if (http_is_harmless(line, name_len))
		add_words(out, line);
	else
		(void)buf_addf(out, "%.*s: %s", (int)name_len, line, hidden);
}

/* The request's method, the answer's status, or the header's name. */
static void
add_name(struct buf *out, const char *line, bool is_header)
{
	bool is_status = strncmp(line, "HTTP/", 5) == 0;
	size_t len =
	    is_status ? strlen(line) : strcspn(line, is_header ? ":" : " ");

	(void)buf_addf(out, "%.*s%s%s", (int)len, line, is_header ? ": " : " ",
	    is_status ? "" : hidden);
}

static void
trace_line(const struct http_transfer *t, char mark, bool is_header,
    const char *line, size_t len)
{
	autobuf struct buf shown = { 0 };
	autofree char *masked = NULL;

	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (len == 0)
		return;
	masked = http_masked(&t->answer, line, len);
	if (t->request->is_bare && mark != '*')
		add_name(&shown, masked, is_header);
	else if (is_header)
		add_header(&shown, masked);
	else
		add_words(&shown, masked);
	log_trace("#%u %c %s", t->number, mark, buf_str(&shown));
}

static int
on_debug(CURL *easy, curl_infotype kind, char *data, size_t size, void *ctx)
{
	const struct http_transfer *t = ctx;
	char mark = kind == CURLINFO_TEXT ? '*'
	    : kind == CURLINFO_HEADER_OUT ? '>'
					  : '<';
	bool is_header = kind == CURLINFO_HEADER_IN &&
	    (size < 5 || memcmp(data, "HTTP/", 5) != 0);

	(void)easy;
	if (kind > CURLINFO_HEADER_OUT)
		return 0; /* bodies are not logged */
	while (size > 0) {
		const char *end = memchr(data, '\n', size);
		size_t len = end ? (size_t)(end - data) + 1 : size;

		trace_line(t, mark, is_header, data, len);
		/* The request line is sent first. */
		is_header = kind != CURLINFO_TEXT;
		data += len;
		size -= len;
	}
	return 0;
}

void
http_trace(struct http_transfer *t)
{
	if (!log_shows(LOG_TRACE))
		return;
	curl_easy_setopt(t->easy, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(t->easy, CURLOPT_DEBUGDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_VERBOSE, 1L);
}

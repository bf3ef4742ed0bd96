#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "remote/request.h"
#include "sweep/metrics.h"

enum { HOST_BYTES = 256, ANSWER_BYTES = 64 * 1024 };

static char *
group_url(const char *base)
{
	char host[HOST_BYTES] = "";
	autofree char *segment = NULL, *path = NULL;

	(void)gethostname(host, sizeof(host) - 1);
	segment = text_percent_encode(host, "");
	path = xasprintf("/metrics/job/jibri-finalize/instance/%s", segment);
	return request_url(base, path);
}

int
metrics_push(const struct metrics *m, const char *url,
    const struct http_policy *policy, int64_t answer_timeout_ms, struct err *e)
{
	autobuf struct buf text = { 0 };
	autofree char *group = group_url(url);
	const struct text_list headers = { 0 };
	struct request_text body;
	const struct http_request request = {
		.method = "PUT",
		.url = group,
		.headers = &headers,
		.body = &body.body,
		.content_type = "text/plain; version=0.0.4",
		.answer_timeout_ms = answer_timeout_ms,
		.answer_limit = ANSWER_BYTES,
	};
	struct http *http;
	struct http_transfer *t;
	int result = 0;

	if (http_url_check(url, e) == -1)
		return -1;
	metrics_format(m, clock_unix_ms(), &text);
	request_text_init(&body, buf_str(&text));
	http = http_open(policy);
	t = http_perform(http, &request);
	if (http_answer_of(t)->outcome != HTTP_ANSWERED) {
		*e = http_answer_of(t)->err;
		result = -1;
	}
	http_release(t);
	http_close(http);
	return result;
}

#include "remote/download.h"

#include <inttypes.h>

#include "base/mem.h"
#include "remote/request.h"

enum { ERROR_PAGE_BYTES = 64 * 1024 };

struct download {
	const struct inventory_deps *deps;
	char *url;
	int64_t size, received;
	bool is_html;
	struct digest *digest;
	struct text_list headers;
	struct auth_use use;
};

static int
take(void *ctx, const char *data, size_t len, struct err *e)
{
	struct download *d = ctx;

	d->received += (int64_t)len;
	if (d->size != -1 && d->received > d->size)
		return err_set(e, ERR_TEMPORARY,
		    "it sends more than the %" PRId64 " bytes that it lists",
		    d->size);
	digest_add(d->digest, data, len);
	return 0;
}

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct download *d = ctx;

	digest_free(d->digest);
	d->digest = digest_new();
	d->received = 0;
	text_list_free(&d->headers);
	if (auth_add_header(d->deps->auth, AUTH_FILE_SERVICE, &d->use,
		&d->headers, e) == -1)
		return -1;
	*request = (struct http_request){
		.url = d->url,
		.headers = &d->headers,
		.is_download = true,
		.answer_timeout_ms = d->deps->filestore->answer_timeout_ms,
		.answer_limit = d->size == -1
		    ? SIZE_MAX
		    : (size_t)d->size + ERROR_PAGE_BYTES,
		.sink = take,
		.sink_ctx = d,
	};
	return 0;
}

static bool
is_mended(void *ctx, const struct http_answer *answer)
{
	struct download *d = ctx;

	return auth_is_mended(d->deps->auth, &d->use, answer->status);
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	const struct download *d = ctx;

	if (!d->is_html && request_is_html(answer->content_type))
		return err_set(e, ERR_CONFIG,
		    "HTTP %ld with an HTML page: this is not the service",
		    answer->status);
	if (d->size != -1 && d->received != d->size)
		return err_set(e, ERR_TEMPORARY,
		    "it sends %" PRId64 " of the %" PRId64
		    " bytes that it lists",
		    d->received, d->size);
	return 0;
}

int
download_hash(const struct inventory_deps *deps, const char *id, int64_t size,
    bool is_html, char hex[DIGEST_HEX_BYTES], struct err *e)
{
	autofree char *segment = text_percent_encode(id, "");
	autofree char *path = xasprintf("/files/%s/download", segment);
	autofree char *url = request_url(deps->filestore->url, path);
	struct download d = {
		.deps = deps,
		.url = url,
		.size = size,
		.is_html = is_html,
		.digest = digest_new(),
	};
	const struct request request = {
		.what = "download",
		.prepare = prepare,
		.accept = accept_answer,
		.is_mended = is_mended,
		.ctx = &d,
	};
	int result = request_run(&request, deps->http, deps->retry, e);

	digest_hex(d.digest, hex);
	digest_free(d.digest);
	text_list_free(&d.headers);
	return result;
}

#include "remote/destination.h"

#include <inttypes.h>

#include "base/mem.h"
#include "remote/request.h"

enum { ERROR_PAGE_BYTES = 64 * 1024, MIB = 1024 * 1024 };

void
destination_name(struct remote_name *r, const struct destination_policy *policy,
    const struct progress *p, const char *artifact_path)
{
	autofree char *folder = policy->ops->folder(policy, p);

	remote_name_make(r, folder, artifact_path);
}

const struct destination_ops *
destination_ops(enum store store)
{
	return store == STORE_S3 ? &s3 : &file_service;
}

int64_t
destination_patience_ms(const struct destination_policy *policy, int64_t size)
{
	return policy->answer_timeout_ms + size / (20 * MIB) * 1000;
}

bool
destination_may_be_storing(long status)
{
	return status != 500 && status != 501;
}

bool
destination_is_accepted(const struct http_answer *answer)
{
	return answer->outcome == HTTP_ANSWERED && !request_is_html(answer);
}

/* Downloading */

struct download {
	int64_t size, most, received;
	struct digest *digest;
};

static int
take(void *ctx, const char *data, size_t len, struct err *e)
{
	struct download *d = ctx;

	d->received += (int64_t)len;
	if (d->size != -1 && d->received > d->size)
		return err_set(e, ERR_TEMPORARY,
		    "the server sends more than the %" PRId64 " bytes it lists",
		    d->size);
	digest_add(d->digest, data, len);
	if (d->received > d->most)
		return err_set(e, ERR_PERMANENT,
		    "the server sends more than %" PRId64 " bytes", d->most);
	return 0;
}

static int
prepare(void *ctx, struct http_request *request, struct err *e)
{
	struct download *d = ctx;

	(void)request, (void)e;
	digest_free(d->digest);
	d->digest = digest_new();
	d->received = 0;
	return 0;
}

static int
accept_answer(void *ctx, const struct http_answer *answer, struct err *e)
{
	const struct download *d = ctx;

	/* PHP and others use the type of HTML for every file. */
	if (d->size == -1 || d->received == d->size)
		return 0;
	if (request_check_html(answer, e) == -1)
		return -1;
	return err_set(e, ERR_TEMPORARY,
	    "the server sends %" PRId64 " of the %" PRId64 " bytes it lists",
	    d->received, d->size);
}

int
destination_hash(const struct destination *from, const char *id, int64_t size,
    int64_t most, char hex[DIGEST_HEX_BYTES], struct err *e)
{
	autofree char *url = from->policy->ops->fetch_url(from->policy, id);
	struct download d = {
		.size = size,
		.most = most,
		.digest = digest_new(),
	};
	const struct http_request download = {
		.url = url,
		.service = from->policy->ops->service,
		.is_download = true,
		.answer_timeout_ms = from->policy->answer_timeout_ms,
		.answer_limit = (size_t)most + ERROR_PAGE_BYTES,
		.sink = take,
		.sink_ctx = &d,
	};
	const struct request request = {
		.what = "download",
		.http = &download,
		.destination = from,
		.prepare = prepare,
		.accept = accept_answer,
		.ctx = &d,
	};
	int result = request_run(&request, from->http, from->retry, e);

	/* More bytes mean other content, whatever follows. */
	if (size == -1 && d.received > most)
		result = 0;
	digest_hex(d.digest, hex);
	digest_free(d.digest);
	return result;
}

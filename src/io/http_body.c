#include <string.h>

#include "base/mem.h"
#include "io/http_internal.h"

/* libcurl's own parts (curl_mime) made a small file a tenth slower. */

enum {
	MIN_UPLOAD_BUFFER_BYTES = 16 * 1024,
	MAX_UPLOAD_BUFFER_BYTES = 128 * 1024,
	ONE_PIECE_BYTES = 64 * 1024, /* libcurl 7.88: less goes with headers */
};

static void
wrap(struct http_transfer *t)
{
	const struct http_request *request = t->request;

	(void)buf_addf(&t->head,
	    "--%s\r\nContent-Disposition: form-data; name=\"file\"; "
	    "filename=\"%s\"\r\nContent-Type: %s\r\n\r\n",
	    t->http->boundary, request->part_filename, request->content_type);
	(void)buf_addf(&t->tail, "\r\n--%s--\r\n", t->http->boundary);
}

/* Copy bytes that were not given yet, as many as fit; returns their number. */
static size_t
give(const struct buf *from, size_t *out, char *to, size_t room)
{
	size_t n = from->len - *out < room ? from->len - *out : room;

	if (n > 0)
		memcpy(to, from->data + *out, n);
	*out += n;
	return n;
}

static ssize_t
give_body(struct http_transfer *t, char *to, size_t room)
{
	const struct http_body *body = t->request->body;
	int64_t left = body->size - t->handed_out;
	ssize_t n;

	if (left <= 0 || room == 0)
		return 0;
	n = body->read(body->ctx, to,
	    (int64_t)room > left ? (size_t)left : room, &t->failure);
	if (n > 0)
		t->handed_out += n;
	t->is_local = n <= 0;
	return n > 0 ? n : -1;
}

static size_t
on_read(char *to, size_t size, size_t n, void *ctx)
{
	struct http_transfer *t = ctx;
	size_t room = size * n;
	size_t given = give(&t->head, &t->head_out, to, room);
	ssize_t of_body = give_body(t, to + given, room - given);

	if (of_body == -1)
		return CURL_READFUNC_ABORT;
	given += (size_t)of_body;
	if (t->handed_out == t->request->body->size)
		given += give(&t->tail, &t->tail_out, to + given, room - given);
	return given;
}

/* Refusing to rewind prevents libcurl from sending a body twice. */
static int
on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct http_transfer *t = ctx;

	/* Nothing is ever handed out of an empty body. */
	bool is_untouched =
	    t->request->body->size > 0 ? t->handed_out == 0 : !t->is_going;

	if (!is_untouched || offset != 0 || origin != SEEK_SET)
		return CURL_SEEKFUNC_FAIL;
	t->head_out = t->tail_out = 0;
	return CURL_SEEKFUNC_OK;
}

/* No larger than the body. */
static long
upload_buffer_bytes(int64_t size, int64_t rate_bytes)
{
	/* Fill it four times a second, or the progress seems to stall. */
	if (rate_bytes > 0 && size > rate_bytes / 4)
		size = rate_bytes / 4;
	if (size < MIN_UPLOAD_BUFFER_BYTES)
		return MIN_UPLOAD_BUFFER_BYTES;
	return size > MAX_UPLOAD_BUFFER_BYTES ? MAX_UPLOAD_BUFFER_BYTES
					      : (long)size;
}

/* Put everything into the head; a read error fails the transfer. */
static void
gather(struct http_transfer *t)
{
	int64_t size = t->request->body->size;
	char chunk[16 * 1024];
	ssize_t n = 0;

	while (t->handed_out < size && n != -1) {
		n = give_body(t, chunk, sizeof(chunk));
		if (n > 0)
			(void)buf_add(&t->head, chunk, (size_t)n);
	}
	(void)buf_add(&t->head, t->tail.data, t->tail.len);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, buf_str(&t->head));
}

void
http_body_setup(struct http_transfer *t)
{
	int64_t size = t->request->body->size;

	if (t->request->part_filename)
		wrap(t);
	size += (int64_t)(t->head.len + t->tail.len);
	/*
	 * With a rate limit, libcurl 7.88 cannot resume a blocked TLS record.
	 */
	t->is_one_piece = size == 0 ||
	    (size < ONE_PIECE_BYTES && t->http->policy->rate_bytes == 0);
	curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE,
	    upload_buffer_bytes(size, t->http->policy->rate_bytes));
	curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)size);
	if (t->is_one_piece) {
		gather(t);
		return;
	}
	curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
}

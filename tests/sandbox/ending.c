#include "ending.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "s3.h"
#include "text.h"

#define ENDLESS_BYTES (2ULL << 30)
#define DRIBBLES_PER_SECOND 10
#define TRUNCATED_BYTES 100
#define FILE_BYTES_MAX (64 * 1024)

/*
 * How long to read on after a FIN, so that the kernel does not turn it into a
 * reset.
 */
#define LINGER_MS 500

/* Some bytes one by one, then the body, then perhaps the answer's end. */
struct stream {
	struct answer *answer;
	unsigned long long spaces;
};

static void
prepare_nothing(const struct request *req, struct answer *a)
{
	(void)req;
	(void)a;
}

static void
prepare_status(const struct request *req, struct answer *a)
{
	const struct fault *f = &req->fault;

	if (f->code / 100 == 2)
		answer_json(a, f->code, json_object());
	else
		answer_text(a, f->code, "text/plain", "", 0);
	a->headers = text_copy(f->text, strlen(f->text));
}

static void
prepare_s3_error(const struct request *req, struct answer *a)
{
	s3_error(a, req->fault.code, req->fault.text, "as it was asked to");
}

static void
prepare_redirect(const struct request *req, struct answer *a)
{
	answer_error(a, req->fault.code, "moved");
	a->headers = text_format("Location: %s", req->fault.text);
}

static void
prepare_html(const struct request *req, struct answer *a)
{
	static const char page[] = "<!DOCTYPE html>\n<title>Sign in</title>\n"
				   "<p>Please sign in to the network.\n";

	(void)req;
	answer_text(a, 200, "text/html", page, strlen(page));
}

static void
prepare_file(const struct request *req, struct answer *a)
{
	const struct fault *f = &req->fault;
	size_t bytes = 0;
	autofree char *body = text_read(f->text, &bytes);

	if (body == NULL)
		sandbox_die("faults: cannot read %s", f->text);
	answer_text(a, 200, f->type[0] != '\0' ? f->type : "application/json",
	    body, bytes);
}

static void
prepare_page(const struct request *req, struct answer *a)
{
	prepare_file(req, a);
	a->status = req->fault.code;
}

static void
size_set(json_t *record, unsigned long long size)
{
	if (json_object_get(record, "size") != NULL)
		json_object_set_new(record, "size",
		    json_integer((json_int_t)size));
}

static void
prepare_lie(const struct request *req, struct answer *a)
{
	json_t *json = json_loadb(a->body, a->bytes, 0, NULL);

	if (json == NULL)
		return;
	size_set(json, req->fault.number);
	for (size_t i = 0; i < json_array_size(json); i++)
		size_set(json_array_get(json, i), req->fault.number);
	answer_json(a, a->status, json);
}

static enum MHD_Result
deliver_good(struct request *req, struct answer *a)
{
	request_settle(req, a->status);
	if (req->can_queue)
		return answer_queue(req->connection, a);
	/* The library accepts no answer in the middle of a body. */
	if (req->box->set.certificate_file != NULL)
		sandbox_die("faults: not with --tls: %s", req->fault.spelling);
	answer_write(req->socket, a);
	return MHD_NO;
}

static enum MHD_Result
deliver_close(struct request *req, struct answer *a)
{
	struct pollfd p = { .fd = req->socket, .events = POLLIN };
	char waste[4096];

	(void)a;
	request_settle(req, 0);
	shutdown(req->socket, SHUT_WR);
	for (int round = 0; round < LINGER_MS / 10; round++) {
		if (poll(&p, 1, 10) == 0)
			continue;
		while (
		    recv(req->socket, waste, sizeof(waste), MSG_DONTWAIT) > 0)
			continue;
		if (recv(req->socket, waste, 1, MSG_DONTWAIT | MSG_PEEK) == 0)
			break;
	}
	return MHD_NO;
}

static enum MHD_Result
deliver_reset(struct request *req, struct answer *a)
{
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };

	(void)a;
	request_settle(req, 0);
	/* The library would send a FIN first; this resets at once. */
	(void)connect(req->socket, &nowhere, sizeof(nowhere));
	return MHD_NO;
}

static enum MHD_Result
deliver_silence(struct request *req, struct answer *a)
{
	(void)a;
	request_settle(req, 0);
	text_pause(req->fault.seconds);
	return MHD_NO;
}

static enum MHD_Result
deliver_late(struct request *req, struct answer *a)
{
	request_settle(req, a->status);
	text_pause(req->fault.seconds);
	return answer_queue(req->connection, a);
}

static enum MHD_Result
deliver_garbage(struct request *req, struct answer *a)
{
	static const char bytes[] = "\x16\x03\x01 not HTTP at all\r\n\r\n\xff";

	(void)a;
	if (req->box->set.certificate_file != NULL)
		sandbox_die("faults: not with --tls: %s", req->fault.spelling);
	request_settle(req, 0);
	send(req->socket, bytes, sizeof(bytes), MSG_NOSIGNAL);
	return MHD_NO;
}

static void
stream_free(void *arg)
{
	struct stream *s = arg;

	answer_release(s->answer);
	free(s->answer);
	free(s);
}

static ssize_t
stream_truncated(void *arg, uint64_t at, char *buf, size_t max)
{
	const struct stream *s = arg;
	size_t n = s->answer->bytes > at ? s->answer->bytes - at : 0;

	if (n == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (n > max)
		n = max;
	memcpy(buf, s->answer->body + at, n);
	return (ssize_t)n;
}

static ssize_t
stream_dribble(void *arg, uint64_t at, char *buf, size_t max)
{
	const struct stream *s = arg;

	if (at >= s->spaces)
		return stream_truncated(arg, at - s->spaces, buf, max);
	text_pause(1.0 / DRIBBLES_PER_SECOND);
	*buf = ' ';
	return 1;
}

static ssize_t
stream_endless(void *arg, uint64_t at, char *buf, size_t max)
{
	(void)arg;
	if (at >= ENDLESS_BYTES)
		return MHD_CONTENT_READER_END_OF_STREAM;
	for (size_t i = 0; i < max; i++)
		buf[i] = (at + i) % 2 == 1 ? '1' : at + i == 0 ? '[' : ',';
	return (ssize_t)max;
}

/* A file as body, or its beginning. */
static void
file_load(struct answer *a)
{
	autofree char *data = NULL;
	autofree char *type = NULL;
	ssize_t n;

	if (a->fd == -1)
		return;
	data = text_must(malloc(FILE_BYTES_MAX));
	type = text_copy(a->type, strlen(a->type));
	n = read(a->fd, data, FILE_BYTES_MAX);
	answer_text(a, a->status, type, data, n > 0 ? (size_t)n : 0);
}

static enum MHD_Result
stream_queue(struct request *req, struct answer *a, uint64_t total,
    MHD_ContentReaderCallback read_more)
{
	struct stream *s = text_must(calloc(1, sizeof(*s)));
	struct MHD_Response *response;
	unsigned status = a->status;
	enum MHD_Result result;

	s->answer = text_must(malloc(sizeof(*s->answer)));
	*s->answer = *a;
	*a = (struct answer){ .fd = -1 };
	if (total != MHD_SIZE_UNKNOWN)
		s->spaces = total - s->answer->bytes;
	response = text_must(MHD_create_response_from_callback(total, 4096,
	    read_more, s, stream_free));
	answer_dress(response, s->answer);
	result = MHD_queue_response(req->connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
deliver_truncated(struct request *req, struct answer *a)
{
	request_settle(req, a->status);
	file_load(a);
	return stream_queue(req, a, a->bytes + TRUNCATED_BYTES,
	    stream_truncated);
}

static enum MHD_Result
deliver_dribble(struct request *req, struct answer *a)
{
	uint64_t spaces = (uint64_t)(req->fault.seconds * DRIBBLES_PER_SECOND);

	request_settle(req, a->status);
	file_load(a);
	return stream_queue(req, a, a->bytes + spaces, stream_dribble);
}

static enum MHD_Result
deliver_endless(struct request *req, struct answer *a)
{
	answer_json(a, 200, json_array());
	request_settle(req, a->status);
	return stream_queue(req, a, MHD_SIZE_UNKNOWN, stream_endless);
}

static const struct ending {
	void (*prepare)(const struct request *, struct answer *);
	enum MHD_Result (*deliver)(struct request *, struct answer *);
} endings[] = {
	[ENDING_GOOD] = { prepare_nothing, deliver_good },
	[ENDING_STATUS] = { prepare_status, deliver_good },
	[ENDING_S3_ERROR] = { prepare_s3_error, deliver_good },
	[ENDING_CLOSE] = { prepare_nothing, deliver_close },
	[ENDING_RESET] = { prepare_nothing, deliver_reset },
	[ENDING_SILENT] = { prepare_nothing, deliver_silence },
	[ENDING_LATE] = { prepare_nothing, deliver_late },
	[ENDING_HTML] = { prepare_html, deliver_good },
	[ENDING_GARBAGE] = { prepare_nothing, deliver_garbage },
	[ENDING_TRUNCATED] = { prepare_nothing, deliver_truncated },
	[ENDING_REDIRECT] = { prepare_redirect, deliver_good },
	[ENDING_LIE] = { prepare_lie, deliver_good },
	[ENDING_PAGE] = { prepare_page, deliver_good },
	[ENDING_FILE] = { prepare_file, deliver_good },
	[ENDING_ENDLESS] = { prepare_nothing, deliver_endless },
	[ENDING_DRIBBLE] = { prepare_nothing, deliver_dribble },
};

enum MHD_Result
ending_run(struct request *req, struct answer *a)
{
	const struct ending *ending = &endings[req->fault.kind->ending];

	ending->prepare(req, a);
	return ending->deliver(req, a);
}

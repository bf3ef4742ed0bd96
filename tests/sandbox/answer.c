#include "answer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

void
answer_release(struct answer *a)
{
	if (a->fd != -1)
		close(a->fd);
	free(a->type);
	free(a->body);
	free(a->headers);
	*a = (struct answer){ .fd = -1 };
}

void
answer_text(struct answer *a, unsigned status, const char *type,
    const char *body, size_t bytes)
{
	answer_release(a);
	a->status = status;
	a->type = text_copy(type, strlen(type));
	a->body = text_copy(body, bytes);
	a->bytes = bytes;
}

void
answer_json(struct answer *a, unsigned status, json_t *json)
{
	autofree char *text =
	    text_must(json_dumps(text_must(json), JSON_COMPACT));

	json_decref(json);
	answer_text(a, status, "application/json", text, strlen(text));
}

void
answer_error(struct answer *a, unsigned status, const char *reason)
{
	answer_json(a, status,
	    json_pack("{s:i,s:s}", "status", (int)status, "error", reason));
}

void
answer_file(struct answer *a, const char *type, int fd)
{
	answer_text(a, 200, type, "", 0);
	a->fd = fd;
}

/* "Name: value | Name: value" into the response, or into text. */
static void
headers_each(const char *headers,
    void (*use)(void *, const char *name, const char *value), void *arg)
{
	autofree char *copy = NULL;
	char *next;

	if (headers == NULL)
		return;
	copy = text_copy(headers, strlen(headers));
	for (char *at = copy; at != NULL && *at != '\0'; at = next) {
		char *colon;

		next = strstr(at, " | ");
		if (next != NULL) {
			*next = '\0';
			next += 3;
		}
		colon = strchr(at, ':');
		if (colon == NULL)
			continue;
		*colon++ = '\0';
		use(arg, at, colon + strspn(colon, " "));
	}
}

static void
header_add(void *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void
header_print(void *text, const char *name, const char *value)
{
	char **all = text;
	char *more = text_format("%s%s: %s\r\n", *all, name, value);

	free(*all);
	*all = more;
}

void
answer_dress(struct MHD_Response *response, const struct answer *a)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
	    a->type);
	headers_each(a->headers, header_add, response);
}

enum MHD_Result
answer_queue(struct MHD_Connection *connection, struct answer *a)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	struct stat st;

	if (a->fd != -1 && fstat(a->fd, &st) == 0) {
		response =
		    MHD_create_response_from_fd64((uint64_t)st.st_size, a->fd);
		a->fd = -1;
	} else {
		response = MHD_create_response_from_buffer(a->bytes, a->body,
		    MHD_RESPMEM_MUST_COPY);
	}
	if (response == NULL)
		return MHD_NO;
	answer_dress(response, a);
	result = MHD_queue_response(connection, a->status, response);
	MHD_destroy_response(response);
	return result;
}

bool
answer_write(int socket, const struct answer *a)
{
	autofree char *headers = text_copy("", 0);
	autofree char *head = NULL;

	headers_each(a->headers, header_print, &headers);
	head = text_format("HTTP/1.1 %u Early\r\nContent-Type: %s\r\n"
			   "Content-Length: %zu\r\n%sConnection: close\r\n\r\n",
	    a->status, a->type, a->bytes, headers);
	return send(socket, head, strlen(head), MSG_NOSIGNAL) != -1 &&
	    send(socket, a->body, a->bytes, MSG_NOSIGNAL) != -1;
}

/* An answer before it is sent: a status, a body or a file, and headers. */
#ifndef ANSWER_H
#define ANSWER_H

#include <jansson.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

struct answer {
	unsigned status;
	char *type;
	char *body;
	size_t bytes;
	int fd;        /* -1, or the file that is the body */
	char *headers; /* NULL, or further ones with " | " between them */
};

/* Each replaces *a with this answer, and takes over the JSON. */
void answer_json(struct answer *, unsigned status, json_t *);
void answer_text(struct answer *, unsigned status, const char *type,
    const char *body, size_t bytes);
void answer_file(struct answer *, const char *type, int fd);
void answer_error(struct answer *, unsigned status, const char *reason);

/* The library sends it unchanged and complete, and takes over the file. */
enum MHD_Result answer_queue(struct MHD_Connection *, struct answer *);

/* Write its headers and body directly to the socket. */
bool answer_write(int socket, const struct answer *);

/* Add type and headers; the response still belongs to the caller. */
void answer_dress(struct MHD_Response *, const struct answer *);

void answer_release(struct answer *);

#endif

/*
 * A multipart/form-data body, parsed as it arrives and as strictly as
 * Tomcat parses it: only the plain `filename` of Content-Disposition is
 * read, as a quoted string without its backslashes and with nothing decoded,
 * and a part's headers have at most 512 bytes, including their empty line.
 */
#ifndef MULTIPART_H
#define MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

enum multipart_state {
	MULTIPART_OUTSIDE,
	MULTIPART_DELIMITER,
	MULTIPART_HEADER,
	MULTIPART_DATA,
	MULTIPART_DONE, /* the final boundary was seen */
	MULTIPART_BAD,
	MULTIPART_STATES,
};

struct multipart_part {
	size_t header_bytes;
	char *disposition; /* as sent; NULL: none, also below */
	char *name;
	char *filename;
	char *type;
};

struct multipart_sink {
	/* A part begins; the parser keeps the strings. */
	void (*begin)(void *, const struct multipart_part *);
	void (*data)(void *, const char *, size_t);
	void *arg;
};

struct multipart {
	enum multipart_state state;
	const char *problem; /* why the state is MULTIPART_BAD */
	size_t header_bytes; /* of the last part */
	char *delimiter;     /* CR LF and two dashes in front */
	size_t delimiter_bytes;
	char *window; /* what is not yet consumed */
	size_t used;
	size_t room;
	struct multipart_sink sink;
};

/* content_type may be NULL or any text. */
void multipart_begin(struct multipart *, const char *content_type,
    struct multipart_sink);

void multipart_feed(struct multipart *, const char *, size_t);

void multipart_release(struct multipart *);

#endif

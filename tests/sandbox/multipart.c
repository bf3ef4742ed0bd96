#define _GNU_SOURCE 1

#include "multipart.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "text.h"

#define HEADER_BYTES_MAX 512
#define BOUNDARY_BYTES_MAX 70

static void
bad(struct multipart *m, const char *problem)
{
	m->state = MULTIPART_BAD;
	m->problem = problem;
}

/* Read a token, or a quoted string without its backslashes; advances *s. */
static char *
value_read(const char **s)
{
	const char *at = *s;
	char *value = text_must(malloc(strlen(at) + 1));
	size_t n = 0;

	if (*at != '"') {
		while (*at != '\0' && *at != ';')
			value[n++] = *at++;
		while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t'))
			n--;
	} else {
		for (at++; *at != '\0' && *at != '"'; at++) {
			if (*at == '\\' && at[1] != '\0')
				at++;
			value[n++] = *at;
		}
		at += strcspn(at, ";");
	}
	value[n] = '\0';
	*s = at;
	return value;
}

/*
 * The parameter of a header's value, which the caller frees; NULL if there is
 * none.
 */
static char *
parameter(const char *header, const char *key)
{
	const char *at = header + strcspn(header, ";");
	size_t key_bytes = strlen(key);

	while (*at == ';') {
		size_t n;
		bool is_wanted;
		autofree char *value = NULL;

		at++;
		at += strspn(at, " \t");
		n = strcspn(at, "=;");
		is_wanted = n == key_bytes && strncasecmp(at, key, n) == 0;
		at += n;
		if (*at != '=')
			continue;
		at++;
		at += strspn(at, " \t");
		value = value_read(&at);
		if (is_wanted)
			return text_copy(value, strlen(value));
	}
	return NULL;
}

/* The value of a header line, which the caller frees; NULL if there is none. */
static char *
header_find(const char *lines, const char *name)
{
	size_t name_bytes = strlen(name);

	while (*lines != '\0') {
		size_t n = strcspn(lines, "\r");

		if (n > name_bytes && lines[name_bytes] == ':' &&
		    strncasecmp(lines, name, name_bytes) == 0) {
			const char *value = lines + name_bytes + 1;
			size_t blank = strspn(value, " \t");

			return text_copy(value + blank,
			    n - name_bytes - 1 - blank);
		}
		lines += n;
		lines += strspn(lines, "\r\n");
	}
	return NULL;
}

static void
part_begin(struct multipart *m, const char *lines)
{
	autofree char *disposition = header_find(lines, "Content-Disposition");
	autofree char *type = header_find(lines, "Content-Type");
	autofree char *name = NULL;
	autofree char *filename = NULL;
	struct multipart_part part = {
		.header_bytes = m->header_bytes,
		.disposition = disposition,
		.type = type,
	};

	if (disposition != NULL &&
	    strncasecmp(disposition, "form-data", 9) == 0) {
		name = parameter(disposition, "name");
		filename = parameter(disposition, "filename");
	}
	part.name = name;
	part.filename = filename;
	m->sink.begin(m->sink.arg, &part);
}

static void
consume(struct multipart *m, size_t n)
{
	m->used -= n;
	memmove(m->window, m->window + n, m->used);
}

/* How many bytes certainly do not belong to a delimiter? */
static size_t
plain_bytes(const struct multipart *m, bool *is_found)
{
	const char *hit =
	    memmem(m->window, m->used, m->delimiter, m->delimiter_bytes);

	*is_found = hit != NULL;
	if (hit != NULL)
		return (size_t)(hit - m->window);
	if (m->used < m->delimiter_bytes)
		return 0;
	return m->used - m->delimiter_bytes + 1;
}

/* Each step returns whether it made progress. */
static bool
step_outside(struct multipart *m)
{
	bool is_found;
	size_t n = plain_bytes(m, &is_found);

	consume(m, is_found ? n + m->delimiter_bytes : n);
	if (is_found)
		m->state = MULTIPART_DELIMITER;
	return is_found;
}

static bool
step_delimiter(struct multipart *m)
{
	if (m->used < 2)
		return false;
	if (memcmp(m->window, "--", 2) == 0)
		m->state = MULTIPART_DONE;
	else if (memcmp(m->window, "\r\n", 2) == 0)
		m->state = MULTIPART_HEADER;
	else
		bad(m, "no line end behind a boundary");
	consume(m, 2);
	return true;
}

static bool
step_header(struct multipart *m)
{
	size_t seen = m->used < HEADER_BYTES_MAX ? m->used : HEADER_BYTES_MAX;
	char *end = memmem(m->window, seen, "\r\n\r\n", 4);
	autofree char *lines = NULL;

	if (end == NULL) {
		if (m->used < HEADER_BYTES_MAX)
			return false;
		bad(m, "part headers over 512 bytes");
		return true;
	}
	m->header_bytes = (size_t)(end - m->window) + 4;
	if (memchr(m->window, '\0', m->header_bytes) != NULL) {
		bad(m, "NUL in a part header");
		return true;
	}
	lines = text_copy(m->window, m->header_bytes);
	consume(m, m->header_bytes);
	m->state = MULTIPART_DATA;
	part_begin(m, lines);
	return true;
}

static bool
step_data(struct multipart *m)
{
	bool is_found;
	size_t n = plain_bytes(m, &is_found);

	if (n > 0)
		m->sink.data(m->sink.arg, m->window, n);
	consume(m, is_found ? n + m->delimiter_bytes : n);
	if (is_found)
		m->state = MULTIPART_DELIMITER;
	return is_found;
}

static bool
step_ignore(struct multipart *m)
{
	m->used = 0;
	return false;
}

static bool (*const steps[MULTIPART_STATES])(struct multipart *) = {
	[MULTIPART_OUTSIDE] = step_outside,
	[MULTIPART_DELIMITER] = step_delimiter,
	[MULTIPART_HEADER] = step_header,
	[MULTIPART_DATA] = step_data,
	[MULTIPART_DONE] = step_ignore,
	[MULTIPART_BAD] = step_ignore,
};

static void
window_add(struct multipart *m, const char *data, size_t n)
{
	if (m->used + n > m->room) {
		m->room = m->used + n;
		m->window = text_must(realloc(m->window, m->room));
	}
	memcpy(m->window + m->used, data, n);
	m->used += n;
}

void
multipart_begin(struct multipart *m, const char *content_type,
    struct multipart_sink sink)
{
	autofree char *boundary = NULL;

	*m = (struct multipart){ .sink = sink };
	if (content_type == NULL ||
	    strncasecmp(content_type, "multipart/form-data", 19) != 0) {
		bad(m, "the content is not multipart/form-data");
		return;
	}
	boundary = parameter(content_type, "boundary");
	if (boundary == NULL || *boundary == '\0' ||
	    strlen(boundary) > BOUNDARY_BYTES_MAX) {
		bad(m, "no boundary");
		return;
	}
	m->delimiter = text_format("\r\n--%s", boundary);
	m->delimiter_bytes = strlen(m->delimiter);
	/*
	 * The first delimiter has no line end before it: pretend that it has
	 * one.
	 */
	window_add(m, "\r\n", 2);
}

void
multipart_feed(struct multipart *m, const char *data, size_t n)
{
	window_add(m, data, n);
	while (steps[m->state](m))
		continue;
}

void
multipart_release(struct multipart *m)
{
	free(m->delimiter);
	free(m->window);
}

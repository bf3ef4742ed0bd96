#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How many requests to each service ended with each status. */

enum http_service {
	HTTP_OTHER, /* neither counted nor traced */
	HTTP_MEETING_SERVICE,
	HTTP_WEBHOOK,
	HTTP_FILE_SERVICE,
	HTTP_S3,
	HTTP_PARTS, /* URLs provided by the file-service */
	HTTP_TOKEN,
	HTTP_SERVICES
};

enum { HTTP_TALLY = 12, HTTP_STATUS_MOST = 999 };

/*
 * key: 1000 times the service plus the status (0 without an answer). count 0:
 * the rest is unused.  Requests beyond the table's size are counted in the last
 * entry, with key 0.
 */
struct http_tally {
	int64_t key[HTTP_TALLY], count[HTTP_TALLY];
};

/* Ignores an impossible key or count. */
void http_tally_add(struct http_tally *, int64_t key, int64_t count);
bool http_tally_is_empty(const struct http_tally *);
void http_tally_sum(struct http_tally *, const struct http_tally *more);

/* "file-service" */
const char *http_service_name(enum http_service);

/* HTTP_OTHER for an unknown name. */
enum http_service http_service_parse(const char *name);

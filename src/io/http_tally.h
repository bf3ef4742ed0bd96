#pragma once

#include <stdbool.h>
#include <stdint.h>

/* How many requests of each service ended with each status. */

enum http_service {
	HTTP_OTHER, /* in no tally and no trace */
	HTTP_MEETING_SERVICE,
	HTTP_WEBHOOK,
	HTTP_FILE_SERVICE,
	HTTP_S3,
	HTTP_PARTS, /* URLs that the file-service gives */
	HTTP_TOKEN,
	HTTP_SERVICES
};

enum { HTTP_TALLY = 12, HTTP_STATUS_MOST = 999 };

/*
 * key: 1000 times the service plus the status, which is 0 without an answer;
 * count 0: the rest is unused.  What finds no room is counted in the last
 * place, with key 0.
 */
struct http_tally {
	int64_t key[HTTP_TALLY], count[HTTP_TALLY];
};

/* A key or count that cannot be is nothing. */
void http_tally_add(struct http_tally *, int64_t key, int64_t count);
bool http_tally_is_empty(const struct http_tally *);
void http_tally_sum(struct http_tally *, const struct http_tally *more);

/* "file-service" */
const char *http_service_name(enum http_service);

/* HTTP_OTHER for another name. */
enum http_service http_service_parse(const char *name);

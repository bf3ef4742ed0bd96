#pragma once

#include "io/json.h"
#include "remote/destination.h"
#include "remote/inventory.h"

/*
 * Read the record of a file of size bytes from its answer; -1 with *e.  The
 * caller frees *id and *path, which is NULL if not reported.
 */
int file_service_record(const struct http_answer *, int64_t size, char **id,
    char **path, struct err *e);

extern const struct part_ops file_service_parts;

/*
 * file_service_given.c: data from the service for sending a part.  Recordings
 * go only to the service and to hosts named in the settings, with at least the
 * protection of the service's own URL; false with *e.
 */
bool file_service_may_go_to(const struct file_service_policy *, const char *url,
    struct err *e);

/* Append these headers to the list; false: one is not allowed. */
bool file_service_headers(const json_t *, struct text_list *);

/* The file-service's list: JSON, possibly wrapped or in pages. */
int file_service_page_add(struct inventory *, const char *data, size_t len,
    struct err *e);
int file_service_page_end(struct inventory *, const struct http_answer *,
    char **next, struct err *e);
void file_service_page_close(struct inventory *);

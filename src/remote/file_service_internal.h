#pragma once

#include "io/json.h"
#include "remote/destination.h"
#include "remote/inventory.h"

/*
 * The record of a file of size bytes, which its answer must be; -1 with *e.
 * The caller frees *id and *path, which is NULL if it is not said.
 */
int file_service_record(const struct http_answer *, int64_t size, char **id,
    char **path, struct err *e);

extern const struct part_ops file_service_parts;

/*
 * file_service_given.c: what it gives for a part.  Recordings go to nobody but
 * the service and whom the settings name, and no less protected than to the
 * service; false with *e.
 */
bool file_service_may_go_to(const struct file_service_policy *, const char *url,
    struct err *e);

/* The headers, added to the list; false: one may not go with a request. */
bool file_service_headers(const json_t *, struct text_list *);

/* The file-service's list: JSON, perhaps wrapped, perhaps in pages. */
void file_service_page_open(struct inventory *);
int file_service_page_add(struct inventory *, const char *data, size_t len,
    struct err *e);
int file_service_page_end(struct inventory *, const struct http_answer *,
    char **next, struct err *e);
void file_service_page_close(struct inventory *);

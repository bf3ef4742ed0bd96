#pragma once

#include "remote/destination.h"
#include "remote/inventory.h"

/*
 * The record of a file of size bytes, which its answer must be; -1 with *e.
 * The caller frees *id and *path, which is NULL if it is not said.
 */
int file_service_record(const struct http_answer *, int64_t size, char **id,
    char **path, struct err *e);

extern const struct part_ops file_service_parts;

/* The file-service's list: JSON, perhaps wrapped, perhaps in pages. */
void file_service_page_open(struct inventory *);
int file_service_page_add(struct inventory *, const char *data, size_t len,
    struct err *e);
int file_service_page_end(struct inventory *, const struct http_answer *,
    char **next, struct err *e);
void file_service_page_close(struct inventory *);

#pragma once

#include "remote/inventory.h"

/* The file-service's list: JSON, perhaps wrapped, perhaps in pages. */
void file_service_page_open(struct inventory *);
int file_service_page_add(struct inventory *, const char *data, size_t len,
    struct err *e);
int file_service_page_end(struct inventory *, const struct http_answer *,
    char **next, struct err *e);
void file_service_page_close(struct inventory *);

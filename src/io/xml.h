#pragma once

#include <stddef.h>

#include "base/err.h"

/*
 * XML in answers of services, read piece by piece with libexpat: elements and
 * their text.  The library is loaded when needed.
 */
struct xml;

/*
 * The library's name and version, or that it is missing; the caller frees it.
 */
char *xml_library(void);

/*
 * Called at the end of each element, children first, with its path
 * ("Result/Part/ETag") and its text, which is valid during the call.
 */
typedef void xml_element(void *ctx, const char *path, const char *text);

/* NULL with ERR_CONFIG when the library is missing. */
struct xml *xml_open(xml_element *element, void *ctx, struct err *e);

/*
 * Add more of the document.  -1 with ERR_CONFIG when it is not XML, has a
 * DOCTYPE (entities are never expanded), is more than 16 elements deep, or has
 * a text over 16 KiB or a tag or comment of 8 KiB (4 KiB may already be too
 * long).
 */
int xml_add(struct xml *, const char *data, size_t len, struct err *e);

/* Finish; -1 when the end is missing.  Then only xml_free() may follow. */
int xml_end(struct xml *, struct err *e);
void xml_free(struct xml *);

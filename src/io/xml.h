#pragma once

#include <stddef.h>

#include "base/err.h"

/*
 * XML over libexpat, as a service answers with it: elements and their text,
 * piece by piece.  The library is loaded when it is needed.
 */
struct xml;

/* Its name and version, or that it does not load; the caller frees it. */
char *xml_library(void);

/*
 * Called at the end of an element with where it is, "Result/Part/ETag", and
 * its text, which is valid meanwhile; what is in it was there before.
 */
typedef void xml_element(void *ctx, const char *path, const char *text);

/* NULL with ERR_CONFIG when the library is not there. */
struct xml *xml_open(xml_element *element, void *ctx, struct err *e);

/*
 * More of the document; -1 with ERR_CONFIG when it is no XML, has a DOCTYPE
 * (no entity is ever expanded), is more than 16 elements deep, holds a text of
 * more than 16 KiB, or a tag or a comment of 8 KiB; one of 4 KiB may do.
 */
int xml_add(struct xml *, const char *data, size_t len, struct err *e);

/* Its end; -1 when that is missing.  Then xml_free() is all that may follow. */
int xml_end(struct xml *, struct err *e);
void xml_free(struct xml *);

#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>

#include "io/archive.h"

/* A function of the library, while it is loaded. */
#define LIB(name) ((__typeof__(name) *)archive_symbol(#name))
void *archive_symbol(const char *name);

enum { ARCHIVE_BLOCK_BYTES = 256 * 1024, ARCHIVE_NS_PER_S = 1000000000 };

/*
 * Load the library; -1 with ERR_CONFIG when it is missing.  The last unload
 * frees its memory for the upload that follows.
 */
int archive_load(struct err *e);
void archive_unload(void);

/* The library's text for its last error; never NULL. */
const char *archive_error_text(struct archive *);

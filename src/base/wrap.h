#pragma once

#include <stddef.h>

#include "base/buf.h"

/*
 * Append a line for people, with its newline, wrapped between words at this
 * many columns; continuation lines are indented.  A command at the end (":
 * jibri-finalize ...") gets its own line and is never broken, so that it can be
 * copied, nor is a word wider than a line.
 */
void wrap_add(struct buf *out, const char *line, size_t columns);

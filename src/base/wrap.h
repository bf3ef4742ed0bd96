#pragma once

#include <stddef.h>

#include "base/buf.h"

/*
 * Add a line for people, with its newline, that breaks between words where it
 * is wider than so many columns; what follows is indented.  A command at the
 * end (": jibri-finalize ...") is then a line of its own and never broken, so
 * that it can be copied, and a word that is wider than a line is not either.
 */
void wrap_add(struct buf *out, const char *line, size_t columns);

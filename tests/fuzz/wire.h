/*
 * A network of one connection: socket() and connect() are replaced, so that
 * libcurl sends and receives in memory, without a server.
 */
#ifndef WIRE_H
#define WIRE_H

#include "base/buf.h"

/* The next connection gets these bytes, and then the end. */
void wire_answer(const void *data, size_t len);

/* What was sent on it. */
void wire_taken(struct buf *);

/* Forget it. */
void wire_close(void);

#endif

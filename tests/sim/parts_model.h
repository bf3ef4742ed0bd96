#ifndef SIM_PARTS_MODEL_H
#define SIM_PARTS_MODEL_H

#include <stdbool.h>

#include "io/http.h"

#include "server.h"

/*
 * The extension of the file-service by which it takes large files in parts,
 * and the storage behind the URLs that it gives.  What is completed is a record
 * of server.c.  Uploads vanish, and parts that were acknowledged are gone
 * (FAULT_PARTS); URLs expire, the storage refuses (FAULT_EXPIRY); the extension
 * comes and goes (FAULT_ABSENT).
 */

/* No service may name parts of less than 64 KiB: these are so much smaller. */
enum { PARTS_SCALE = 8 };

#define PARTS_HOST "storage.sim"

/* In each URL of a part, and in what goes with it. */
#define PARTS_CANARY "canary-of-a-part"

void parts_reset(void);

/* How it behaves in this history. */
void parts_choose(void);

/* Is this URL the extension's, or the storage's?  What is it, and of what? */
bool parts_is_asked(const char *url);
void parts_arrival(struct arrival *, const struct http_request *);
void parts_act(const struct arrival *, struct reply *);

/*
 * One of its requests came to nothing.  After a 404 nobody knows of the upload
 * any more, though it is there.
 */
void parts_refused(const struct arrival *, int status);

/*
 * A journal has it that files are stored.  What could not be aborted before is
 * the service's to drop.
 */
void parts_stored(int recording, const void *data, size_t len);

/*
 * Uploads that a journal names, and has for good; and that nobody knows of any
 * more.
 */
void parts_noted(int recording, const void *data, size_t len);
void parts_synced(int recording);
void parts_forgotten(int recording);

/* Is one under way that somebody knows of? */
bool parts_has_upload(int recording);

#endif

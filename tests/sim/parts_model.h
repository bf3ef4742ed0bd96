#ifndef SIM_PARTS_MODEL_H
#define SIM_PARTS_MODEL_H

#include <stdbool.h>

#include "io/http.h"

#include "server.h"

/*
 * The extension of the file-service that takes large files in parts, and the
 * storage behind its URLs.  A completed file is a record of server.c.  Uploads
 * and acknowledged parts vanish (FAULT_PARTS); URLs expire, the storage refuses
 * (FAULT_EXPIRY); the extension comes and goes (FAULT_ABSENT).
 */

/* Services must not use parts below 64 KiB: these are so much smaller. */
enum { PARTS_SCALE = 8 };

#define PARTS_HOST "storage.sim"

/* In each URL of a part, and in its headers. */
#define PARTS_CANARY "canary-of-a-part"

void parts_reset(void);

/* Choose how it behaves in this history. */
void parts_choose(void);

/* Is this a URL of the extension or the storage?  Then classify it. */
bool parts_is_asked(const char *url);
void parts_arrival(struct arrival *, const struct http_request *);
void parts_act(const struct arrival *, struct reply *);

/*
 * One of its requests was refused.  After a 404 nobody knows of the upload any
 * more, although it exists.
 */
void parts_refused(const struct arrival *, int status);

/*
 * A journal says that files are stored.  An upload that could not be aborted
 * before is now left to the service.
 */
void parts_stored(int recording, const void *data, size_t len);

/*
 * A journal names uploads; it was synced; it was removed, and nobody knows of
 * them any more.
 */
void parts_noted(int recording, const void *data, size_t len);
void parts_synced(int recording);
void parts_forgotten(int recording);

/* What was not synced may be gone from the journals. */
void parts_power_cut(void);

/* Is there an unfinished one that somebody knows of? */
bool parts_has_upload(int recording);

#endif

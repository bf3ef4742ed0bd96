/*
 * Large files in parts, as an extension of the file-service's contract, with
 * --parts BYTES, the size of a part:
 *
 *   begin     POST   /files/structured/ID/uploads?path=/ROOM/SESSION/
 *   urls      POST   /files/structured/ID/uploads/UPLOAD/parts
 *   part      PUT    one of these URLs
 *   parts     GET    /files/structured/ID/uploads/UPLOAD
 *   complete  POST   /files/structured/ID/uploads/UPLOAD/complete
 *   abort     DELETE /files/structured/ID/uploads/UPLOAD
 *
 * As strict as a backend can be: an upload's id has characters that must be
 * encoded in a path, an ETag is not an MD5 if the part's number is divisible by
 * 3, a list has half of the ETags in quotes, and a PUT may have only the
 * headers that it must have.
 */
#ifndef PARTS_H
#define PARTS_H

#include "answer.h"
#include "request.h"

#define PARTS_MAX 10000

/* Set stage, meeting id and upload of a request, if it is one of these. */
void parts_parse(struct request *);

/* As in service.c; all with the lock held. */
void parts_begin(struct request *, struct answer *);
void parts_urls(struct request *, struct answer *);
void parts_put(struct request *, struct answer *);
void parts_list(struct request *, struct answer *);
void parts_complete(struct request *, struct answer *);
void parts_abort(struct request *, struct answer *);

/* As service_pretend() and service_apply(). */
void parts_pretend(const struct request *, struct answer *);
void parts_apply(struct request *, struct answer *);

/* The upload that the request names; NULL with the answer set. */
json_t *parts_upload(const struct request *, struct answer *);

/* The same with the parts that S3 lists, if they are kept there. */
json_t *parts_upload_renewed(const struct request *, struct answer *);

/*
 * The members of a JSON body, as for json_unpack(); returns the body, which the
 * caller frees, or NULL with the answer.
 */
json_t *parts_body(const struct request *, struct answer *, const char *fmt,
    ...);

/* parts_url.c: the URL of a part, which the caller frees. */
char *parts_url(const struct request *, const char *id, long long number);

/* Is this PUT allowed?  If not, the error is the answer. */
bool parts_url_is_good(const struct request *, struct answer *);

/*
 * The name of the header that each PUT must have, which the caller frees, or
 * NULL.
 */
char *parts_header(const struct settings *, const char **value);

#endif

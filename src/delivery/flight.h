#pragma once

#include <sys/stat.h>

#include "io/digest.h"
#include "io/http.h"
#include "io/mimetype.h"
#include "recording/recording.h"
#include "remote/destination.h"

/* Up to this size an upload is cheap: the file is read at once. */
enum { FLIGHT_SMALL_BYTES = 64 * 1024 };

/*
 * One artifact being sent: the open file, what is read from it, and its
 * request.  Its bytes are read once, for sending and the SHA-256, and in a
 * small file also for the type.
 */
struct flight {
	const struct recording *recording;
	const struct artifact *artifact;
	int fd;
	struct stat st;
	struct buf content;      /* of a small file, or of JSON */
	const struct buf *bytes; /* all that is sent; NULL: read the file */
	int64_t size, offset;
	int64_t part_bytes;      /* 0: in one piece, with this request */
	int64_t mtime_ns, stamp; /* of the version being sent */
	int64_t started_ms;
	bool is_whole;   /* media that are intact */
	bool is_stale;   /* the directory must be scanned again */
	bool is_growing; /* content already read may change */
	bool is_passing; /* an open failure that may be temporary */
	struct digest *digest;
	char hex[DIGEST_HEX_BYTES]; /* the digest's result */
	char *url, *type;
	char sha256[DIGEST_HEX_BYTES]; /* of content in memory, also signed */
	struct text_list headers;
	struct http_body body;
	struct http_request request;
};

struct flight_target {
	const struct destination *to;
	struct auth_use *use;
	const struct progress *progress;
	const struct remote_name *name;
	int64_t generation;
	bool is_hashed, goes_whole; /* goes_whole: never in parts */
	bool is_ahead;              /* in parts or not at all */
};

/*
 * Open the artifact and prepare its request for the present size; no request if
 * it is sent in parts or not at all.  -1 when there is no token, the file
 * cannot be read, or, with is_stale, only a new scan can tell what to send
 * instead.  Free it even then.
 */
int flight_open(struct flight *, const struct recording *,
    const struct artifact *, struct mimetype *, const struct flight_target *,
    struct err *e);

/*
 * Is the artifact still what is being sent?  -1 with what happened to it, and
 * is_stale when only a new scan can tell what to send instead.
 */
int flight_recheck(struct flight *, struct err *e);

/* Read bytes of the file; -1 with *e, also when it is shorter. */
ssize_t flight_read(const struct flight *, int64_t offset, char *to, size_t len,
    struct err *e);

/* Hashes of a part; each may be NULL. */
struct flight_sums {
	struct digest *md5, *sha256;
};

/*
 * Add a part to these hashes and, unless it was read before, to the SHA-256 of
 * the whole file: the parts come in order.  -1 as above, or after a stop.
 */
int flight_hash_part(struct flight *, int64_t offset, int64_t len,
    const struct flight_sums *, bool is_again, struct err *e);

/*
 * How much of a growing file of this size may be sent before its end, which may
 * be rewritten: whole parts, from 1 to 10,000.
 */
int64_t flight_behind(int64_t size, int64_t part_bytes);

/* Start hashing again from the first part. */
void flight_hash_again(struct flight *);

/* The SHA-256 of what was sent, or NULL; nothing can be read afterwards. */
const char *flight_hex(struct flight *);

void flight_free(struct flight *);

/*
 * The SHA-256 of what would be sent of an artifact; -1 with *e, also after a
 * stop.
 */
int flight_hash_artifact(const struct recording *, const struct artifact *,
    char hex[DIGEST_HEX_BYTES], struct err *e);

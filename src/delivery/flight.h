#pragma once

#include <sys/stat.h>

#include "io/digest.h"
#include "io/http.h"
#include "io/mimetype.h"
#include "recording/recording.h"
#include "remote/destination.h"

/* Up to here an upload is no burden: the file is read at once. */
enum { FLIGHT_SMALL_BYTES = 64 * 1024 };

/*
 * One artifact on its way to the server: the open file, what is read from
 * it, and the request that carries it.  Its bytes are read once, for the
 * wire and for the SHA-256; of a small file for its type, too.
 */
struct flight {
	const struct recording *recording;
	const struct artifact *artifact;
	int fd;
	struct stat st;
	struct buf content;      /* of a small file, or of JSON */
	const struct buf *bytes; /* all that is sent; NULL: it is read */
	int64_t size, offset;
	int64_t part_bytes;      /* 0: it goes in one piece, by this request */
	int64_t mtime_ns, stamp; /* of the version that is sent */
	int64_t started_ms;
	bool is_whole;   /* media, and it is whole */
	bool is_stale;   /* the directory must be read again */
	bool is_growing; /* what is read need not stay as it is */
	bool is_passing; /* a failure to open that may do so soon */
	struct digest *digest;
	char hex[DIGEST_HEX_BYTES]; /* its end */
	char *url, *type;
	char sha256[DIGEST_HEX_BYTES]; /* of what is in memory, and signed */
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
	bool is_ahead;              /* in parts, or not at all */
};

/*
 * Open the artifact and prepare its request, as large as it is now; none where
 * it goes in parts, or not at all.  -1 when there is no token, when it cannot
 * be read, or, with is_stale, when only another scan can tell what to send
 * instead.  To be freed even then.
 */
int flight_open(struct flight *, const struct recording *,
    const struct artifact *, struct mimetype *, const struct flight_target *,
    struct err *e);

/*
 * Is the artifact still what is sent?  -1 with what happened to it, and
 * is_stale when only another scan can tell what to send instead.
 */
int flight_recheck(struct flight *, struct err *e);

/* Bytes of the file; -1 with *e, also when it is shorter. */
ssize_t flight_read(const struct flight *, int64_t offset, char *to, size_t len,
    struct err *e);

/* Of a part; any may be NULL. */
struct flight_sums {
	struct digest *md5, *sha256;
};

/*
 * Add a part to these, and to the SHA-256 of the whole unless it was read
 * already: the parts come in order.  -1 as above, or after a stop.
 */
int flight_hash_part(struct flight *, int64_t offset, int64_t len,
    const struct flight_sums *, bool is_again, struct err *e);

/* So much of a growing file is left alone: near its end it is written to. */
int64_t flight_margin(int64_t part_bytes);

/* What may be sent of it: whole parts, one at least, and 10,000 at most. */
int64_t flight_behind(const struct flight *, int64_t part_bytes);

/* The parts come again from the first one on. */
void flight_hash_again(struct flight *);

/* The SHA-256 of what was sent, or NULL; nothing is read after it. */
const char *flight_hex(struct flight *, char hex[DIGEST_HEX_BYTES]);

void flight_free(struct flight *);

/*
 * The SHA-256 of what would be sent of an artifact; -1 with *e, also after a
 * stop.
 */
int flight_hash_artifact(const struct recording *, const struct artifact *,
    char hex[DIGEST_HEX_BYTES], struct err *e);

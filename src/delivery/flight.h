#pragma once

#include <sys/stat.h>

#include "io/digest.h"
#include "io/http.h"
#include "io/mimetype.h"
#include "recording/recording.h"
#include "remote/auth.h"
#include "remote/filestore.h"

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
	struct buf content;      /* of a small file */
	const struct buf *bytes; /* all that is sent; NULL: it is read */
	int64_t size, offset;
	int64_t mtime_ns, stamp; /* of the version that is sent */
	int64_t started_ms;
	bool is_whole;   /* media, and it is whole */
	bool is_stale;   /* the directory must be read again */
	bool is_passing; /* a failure to open that may do so soon */
	struct digest *digest;
	char *url, *type;
	struct text_list headers;
	struct http_body body;
	struct http_request request;
};

struct flight_target {
	const struct filestore_policy *policy;
	struct auth *auth;
	struct auth_use *use;
	const char *meeting_id;
	const struct remote_name *name;
	int64_t forced, generation;
	bool is_hashed;
};

/*
 * Open the artifact and prepare its request, as large as it is now.  -1 when
 * there is no token, when it cannot be read, or, with is_stale, when content
 * in memory is not that of the file any more.  To be freed even then.
 */
int flight_open(struct flight *, const struct recording *,
    const struct artifact *, struct mimetype *, const struct flight_target *,
    struct err *e);

/*
 * Is the artifact still what is sent?  -1 with what happened to it, and
 * is_stale when only another scan can tell what to send instead.
 */
int flight_recheck(struct flight *, struct err *e);

/* The SHA-256 of what was sent, or NULL; once, at the end. */
const char *flight_hex(struct flight *, char hex[DIGEST_HEX_BYTES]);

void flight_free(struct flight *);

/*
 * The SHA-256 of what would be sent of an artifact; -1 with *e, also after a
 * stop.
 */
int flight_hash_artifact(const struct recording *, const struct artifact *,
    char hex[DIGEST_HEX_BYTES], struct err *e);

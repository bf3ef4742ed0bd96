#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "delivery/attempt.h"

/*
 * A recording in one portable archive, to be carried off a node that dies,
 * and delivered from there.  Below one folder it holds, sorted:
 *
 *   .jibri-finalize-journal.jsonl    the journal as it was, for people
 *   every artifact                   metadata.json redacted
 *   .jibri-finalize-manifest.jsonl   whose it is; path, size, mtime and
 *                                    SHA-256 of each file above
 *
 * An archive with the first and without the last was cut short.
 */

struct bundle_policy {
	char *work_dir; /* where an archive is unpacked when its own directory
			   cannot be written; may be NULL or empty */
	int64_t unpack_ratio; /* see struct archive_limits */
};

struct bundle_pack_request {
	const char *directory;
	const char *target; /* a file, a directory to put one into, or NULL:
			       into the current one */
	bool is_unredacted;
};

/* Strings are its own. */
struct bundle_packed {
	char *path, *session, *target;
	size_t files; /* artifacts */
	int64_t bytes;
	int64_t archive_bytes;
};

/*
 * Pack the recording.  The archive appears under its name when it is whole
 * and on disk, and replaces nothing; else there is nothing.  -1: ERR_BUSY
 * while the recording is being worked on, ERR_TEMPORARY when it changes
 * meanwhile, ERR_USAGE for a target that names no archive, or as err_sys().
 * The result is set in any case, and freed by the caller.
 */
int bundle_pack(const struct bundle_pack_request *,
    const struct bundle_policy *, const struct pipeline_policy *,
    struct bundle_packed *, struct err *e);
void bundle_packed_free(struct bundle_packed *);

/*
 * Unpack the archive into a hidden folder beside it, or in the work-dir, make
 * that the directory of its session, and deliver it as attempt_run() does;
 * request->directory names the archive.  From then on it is a recording like
 * any other, and what its journal says of the archive makes the next call go
 * on with it, and whoever delivers it remove it.  Where the session's
 * directory is there already, that one is delivered if it holds all that is
 * in the archive, and stays.  -1 as attempt_run(), or with ERR_PERMANENT for
 * another recording of this session, and for an archive that holds what none
 * may, that does not agree with its manifest, or that is damaged; nothing of
 * such a one stays.
 */
int bundle_deliver(const struct attempt_request *, const struct bundle_policy *,
    const struct attempt_policy *, const struct pipeline_policy *,
    struct attempt_result *, struct err *e);

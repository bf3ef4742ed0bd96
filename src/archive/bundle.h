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
	bool is_dry_run; /* look at all of it, and write nothing */
};

/* Strings are its own. */
struct bundle_packed {
	char *session; /* or the directory's name, while it is not known */
	char *target;
	size_t files; /* artifacts */
	int64_t bytes;
	int64_t archive_bytes;
};

/*
 * Pack the recording, as root in a process of its owner.  The archive is the
 * owner's of its directory, appears under its name when it is whole
 * and on disk, and replaces nothing; else there is nothing.  -1: ERR_BUSY
 * while the recording is being worked on, ERR_TEMPORARY when it changes
 * meanwhile, ERR_USAGE for a target that names no archive, or as err_sys().
 * A dry run ends with the same, as far as that can be known without packing.
 * The result is zeroed then; it is freed by the caller.
 */
int bundle_pack(const struct bundle_pack_request *,
    const struct bundle_policy *, const struct pipeline_policy *,
    struct bundle_packed *, struct err *e);
void bundle_packed_free(struct bundle_packed *);

/* An archive that is being delivered. */
struct bundle {
	char *directory; /* the recording's, below parent */
	char *session;   /* its session, where that is in no journal; or NULL */
	/* Its own. */
	const char *archive;
	const struct pipeline_policy *pipeline;
	const char *wish; /* the session that the operator names; or NULL */
	bool is_dry_run;
	char *archive_id;
	int archive_fd;
	struct bundle_reader *reader;
	char *parent;
	int parentfd;
	char *hidden; /* .NAME.new, by bundle_name() */
	bool has_hidden;
};

/*
 * Unpack the archive that request->directory names into a hidden folder beside
 * it, or in the work-dir, and make that the directory of its session, which
 * is to be delivered.  From then on it is a recording like any other, and what
 * its journal says of the archive makes the next call go on with it, and
 * whoever delivers it remove it.  Where the session's directory is there
 * already, that one is delivered if it holds all that is in the archive, and
 * stays.  It is read and unpacked by processes of its own, which may write
 * nothing, and the hidden folder.  -1 with ERR_PERMANENT for another recording
 * of this session, and for an archive that holds what none may, that does not
 * agree with its manifest, or that is damaged; nothing of such a one stays.
 */
int bundle_open(struct bundle *, const struct attempt_request *,
    const struct bundle_policy *, const struct pipeline_policy *,
    struct err *e);

/*
 * The directory was delivered, or of that class is why not: what came out of
 * the archive goes if the backend has it all, or after a dry run.
 */
void bundle_end(struct bundle *, enum err_class how);
void bundle_close(struct bundle *);

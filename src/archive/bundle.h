#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "delivery/attempt.h"

/*
 * A recording in one portable archive, which can be copied from a failing
 * node and delivered elsewhere.  In one folder it has, sorted:
 *
 *   .jibri-finalize-journal.jsonl    the journal as it was, for people
 *   every artifact                   metadata.json redacted
 *   .jibri-finalize-manifest.jsonl   its identity; path, size, mtime and
 *                                    SHA-256 of each file above
 *
 * An archive with the first but without the last is truncated.
 */

struct bundle_policy {
	char *work_dir; /* where to unpack when the archive's own directory
			   is not writable; may be NULL or empty */
	int64_t unpack_ratio; /* see struct archive_limits */
};

struct bundle_pack_request {
	const char *directory;
	const char *target; /* a file, a directory, or NULL for the current
			       directory */
	bool is_unredacted;
	bool is_dry_run; /* read everything, write nothing */
};

/* It owns its strings. */
struct bundle_packed {
	char *session; /* the directory's name if unknown */
	char *target;
	size_t files; /* artifacts */
	int64_t bytes;
	int64_t archive_bytes;
};

/*
 * Pack the recording; for root, in a process with its owner's rights.  The
 * archive belongs to the owner of its directory, gets its name only when
 * complete and on disk, and replaces nothing; on failure nothing is left.  -1:
 * ERR_BUSY while another process works on the recording, ERR_TEMPORARY when it
 * changes meanwhile, ERR_USAGE for a target that is not an archive name, or as
 * err_sys().  A dry run fails in the same way, as far as this is known without
 * packing; its result is zeroed.  The caller frees the result.
 */
int bundle_pack(const struct bundle_pack_request *,
    const struct bundle_policy *, const struct pipeline_policy *,
    struct bundle_packed *, struct err *e);
void bundle_packed_free(struct bundle_packed *);

/* An archive being delivered. */
struct bundle {
	char *directory; /* the recording's, below parent */
	char *session;   /* its session if in no journal; or NULL */
	/* Used internally: */
	const char *archive;
	const struct pipeline_policy *pipeline;
	const char *wish; /* session named by the operator; or NULL */
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
 * Unpack the archive named by request->directory into a hidden folder beside
 * it, or in the work-dir, and make that the directory of its session, which is
 * to be delivered.  From then on it is an ordinary recording; a note in its
 * journal makes the next call continue with it, and makes whoever delivers it
 * remove it.  If the session's directory already exists, it is delivered
 * instead, provided it has everything in the archive, and is kept.  Separate
 * processes read and unpack the archive; they may write only to the hidden
 * folder.  -1 with ERR_PERMANENT for another recording of this session, and for
 * an archive that is damaged, contradicts its manifest, or contains forbidden
 * entries; nothing of it is left.
 */
int bundle_open(struct bundle *, const struct attempt_request *,
    const struct bundle_policy *, const struct pipeline_policy *,
    struct err *e);

/*
 * The directory was delivered, or failed with this class.  Removes what was
 * unpacked from the archive if the backend has all of it, or after a dry run.
 */
void bundle_end(struct bundle *, enum err_class how);
void bundle_close(struct bundle *);

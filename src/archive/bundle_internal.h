#pragma once

#include <stddef.h>
#include <stdint.h>

#include "archive/bundle.h"
#include "base/buf.h"
#include "io/digest.h"

/*
 * The manifest: one JSON object a line, the head first, then the files.  What
 * is not known of the head is NULL.
 */
struct manifest_head {
	char *session, *room, *meeting_id;
	int64_t files;
};

struct manifest_file {
	const char *path; /* below the folder of the manifest */
	int64_t size, mtime_ns;
	char sha256[DIGEST_HEX_BYTES];
};

enum { MANIFEST_BYTES = 64 * 1024 * 1024 };

void manifest_add_head(struct buf *, const struct manifest_head *);
void manifest_add_file(struct buf *, const struct manifest_file *);

/*
 * Read a manifest; each file goes to file().  -1 with ERR_PERMANENT when it
 * is none, or lacks some, or when file() said so.  The head is freed by the
 * caller even then.
 */
int manifest_parse(const struct buf *, struct manifest_head *,
    int (*file)(void *ctx, const struct manifest_file *, struct err *e),
    void *ctx, struct err *e);
void manifest_head_free(struct manifest_head *);

/*
 * Unpack the archive into the folder dirfd, which is private and empty, and
 * check it against its manifest.  *root is the path of the recording below
 * it ("." when the archive has no folder of its own), *head the manifest's,
 * or with the folder's name as its session, or empty.  Both are freed by the
 * caller.  -1 with *e; whatever was unpacked is left to the caller.
 */
int bundle_unpack(int archive_fd, int64_t ratio, int dirfd, char **root,
    struct manifest_head *head, struct err *e);

/* In the hidden folder, beside its lock, which is an empty journal. */
#define BUNDLE_NEW "new"

/* An archive, and the directory in which it is unpacked. */
struct workspace {
	const char *archive;
	const struct attempt_request *request;
	const struct pipeline_policy *pipeline;
	char *archive_id;
	int archive_fd;
	char *parent;
	int parentfd;
	char *hidden; /* .NAME.new */
	int fd;       /* of the hidden folder; -1: not open */
	struct journal lock;
	char *directory; /* below parent, to be delivered */
	char *session;   /* its session, where it is in the hidden folder */
};

/*
 * Make what was unpacked the directory w->directory of its session, with a
 * journal that says where it comes from; nothing is overwritten.  For a dry
 * run it stays where it is.  -1 with *e: ERR_PERMANENT where the session's
 * directory is another recording.
 */
int bundle_settle(struct workspace *w, const struct manifest_head *head,
    const char *root, struct err *e);

enum { BUNDLE_CHUNK_BYTES = 256 * 1024 };

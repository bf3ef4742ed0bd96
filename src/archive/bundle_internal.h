#pragma once

#include <stddef.h>
#include <stdint.h>

#include "archive/bundle.h"
#include "base/buf.h"
#include "base/confine.h"
#include "io/archive.h"
#include "io/digest.h"

/*
 * The manifest: one JSON object per line, first the head, then the files.
 * Unknown members of the head are NULL.
 */
struct manifest_head {
	char *session, *room, *meeting_id;
	int64_t files;
};

struct manifest_file {
	const char *path; /* within the folder of the manifest */
	int64_t size, mtime_ns;
	char sha256[DIGEST_HEX_BYTES];
};

enum { MANIFEST_BYTES = 64 * 1024 * 1024 };

void manifest_add_head(struct buf *, const struct manifest_head *);
void manifest_add_file(struct buf *, const struct manifest_file *);

/*
 * Parse a manifest, calling file() for each file.  -1 with ERR_PERMANENT when
 * it is invalid or incomplete, or with the error of file().  The caller frees
 * the head even then.
 */
int manifest_parse(const struct buf *, struct manifest_head *,
    int (*file)(void *ctx, const struct manifest_file *, struct err *e),
    void *ctx, struct err *e);
void manifest_head_free(struct manifest_head *);

/*
 * Reads an archive in a separate process that cannot open files; root gives it
 * the rights of the archive's owner, or of nobody if that is root.  Its data is
 * validated like the content of an archive.  The functions are as those of
 * archive_reader_open().
 */
struct bundle_reader;

struct bundle_reader *bundle_reader_start(int archive_fd,
    const struct archive_limits *, const struct confine_policy *,
    struct err *e);
int bundle_reader_next(struct bundle_reader *, struct archive_entry_info *,
    struct err *e);
ssize_t bundle_reader_read(struct bundle_reader *, void *to, size_t len,
    struct err *e);
void bundle_reader_free(struct bundle_reader *);

/* Plus the journal and the manifest. */
enum { BUNDLE_MAX_ENTRIES = RECORDING_MAX_ARTIFACTS + 2 };

/*
 * Unpack into the folder dirfd, which is private and empty, and check it
 * against the manifest.  *root is the path of the recording below it ("." when
 * the archive has no folder).  *head is the manifest's, or has the folder's
 * name as its session, or is empty.  The caller frees both.  -1 with *e; the
 * caller removes what was unpacked.
 */
int bundle_unpack(struct bundle_reader *, int dirfd, char **root,
    struct manifest_head *head, struct err *e);

/*
 * Join PREFIX, STEM and SUFFIX to a name of at most NAME_MAX bytes: a longer
 * stem is truncated and gets ~HASH, which keeps names unique.  The caller frees
 * it.
 */
char *bundle_name(const char *prefix, const char *stem, const char *suffix);

/* In the hidden folder, beside its lock, which is an empty journal. */
#define BUNDLE_NEW "new"

/*
 * Make a recording of b->session from what was unpacked in the hidden folder,
 * with a journal that names its origin, and set b->directory.
 */
int bundle_prepare(struct bundle *b, int hiddenfd,
    const struct manifest_head *head, const char *root, struct err *e);

/*
 * Rename b->directory to the session's directory without overwriting.  -1 with
 * *e: ERR_PERMANENT when that is another recording.
 */
int bundle_settle(struct bundle *b, struct err *e);

/* For root: become the owner of the place for good.  -1 as user_work_as(). */
int bundle_become_owner(const struct bundle *b, struct err *e);

/* The archive under a temporary name until it is complete. */
struct target {
	char *directory, *path;
	char *temporary; /* file name; NULL: nothing to remove */
	enum archive_type type;
	int fd, dirfd;
};

/*
 * Writing the archive: choose its place, create a temporary file, give it its
 * name once complete, and clean up.  For root, all with the rights of the
 * directory's owner.  -1 with *e.
 */
int target_choose(struct target *, const char *wish, const struct recording *,
    struct err *e);
int target_look(struct target *, struct err *e); /* is it possible? */
int target_open(struct target *, struct err *e);
int target_publish(struct target *, struct err *e);
void target_close(struct target *);

enum { BUNDLE_CHUNK_BYTES = 256 * 1024 };

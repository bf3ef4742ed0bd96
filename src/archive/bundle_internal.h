#pragma once

#include <stddef.h>
#include <stdint.h>

#include "archive/bundle.h"
#include "base/buf.h"
#include "base/confine.h"
#include "io/archive.h"
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
 * An archive as a process of its own reads it, which can open no file, and
 * which root makes the archive's owner, or nobody where that is root.  What it
 * says is checked as what is in an archive.  The functions are as those of
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

/* The journal and the manifest come on top. */
enum { BUNDLE_MAX_ENTRIES = RECORDING_MAX_ARTIFACTS + 2 };

/*
 * Unpack what is read into the folder dirfd, which is private and empty, and
 * check it against its manifest.  *root is the path of the recording below
 * it ("." when the archive has no folder of its own), *head the manifest's,
 * or with the folder's name as its session, or empty.  Both are freed by the
 * caller.  -1 with *e; whatever was unpacked is left to the caller.
 */
int bundle_unpack(struct bundle_reader *, int dirfd, char **root,
    struct manifest_head *head, struct err *e);

/*
 * PREFIX, STEM and SUFFIX as a name of NAME_MAX bytes at most: a stem that is
 * too long is cut and ends in ~HASH, so that two of them stay two.  The caller
 * frees it.
 */
char *bundle_name(const char *prefix, const char *stem, const char *suffix);

/* In the hidden folder, beside its lock, which is an empty journal. */
#define BUNDLE_NEW "new"

/*
 * Make what was unpacked in the hidden folder a recording of b->session, with
 * a journal that says where it comes from, and name it in b->directory.
 */
int bundle_prepare(struct bundle *b, int hiddenfd,
    const struct manifest_head *head, const char *root, struct err *e);

/*
 * Make b->directory the session's, where nothing is overwritten.  -1 with *e:
 * ERR_PERMANENT where the session's directory is another recording.
 */
int bundle_settle(struct bundle *b, struct err *e);

/* As root, be the owner of the place for good.  -1 as user_work_as(). */
int bundle_become_owner(const struct bundle *b, struct err *e);

/* The archive under a name of its own, until it is whole. */
struct target {
	char *directory, *path;
	char *temporary; /* its name; NULL: there is nothing to remove */
	enum archive_type type;
	int fd, dirfd;
};

/*
 * The archive that is written: where it is to be, a file that is there while
 * nothing else is, its name once it is whole, and its end.  As root all of it
 * is the owner's of the directory.  -1 with *e.
 */
int target_choose(struct target *, const char *wish, const struct recording *,
    struct err *e);
int target_look(struct target *, struct err *e); /* could it be opened? */
int target_open(struct target *, struct err *e);
int target_publish(struct target *, struct err *e);
void target_close(struct target *);

enum { BUNDLE_CHUNK_BYTES = 256 * 1024 };

#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "recording/trust.h"

/*
 * A recording as Jibri left it: a directory and the artifacts in it.
 * Everything below the directory is opened without following symbolic
 * links.
 */

struct confine_policy;

struct recording_policy {
	struct text_list exclude; /* globs: of names, or with '/' of paths */
	struct text_list redact;  /* JSON pointers: what is not sent */
	/* Where metadata.json may hold the meeting's id: JSON pointers. */
	struct text_list meeting_id_keys;
	int trust;        /* enum trust */
	const char *root; /* recordings-dir, or NULL */
	bool locking;     /* a file system without locks is an error */
	bool is_alone; /* this process handles it as the last; so does root */
	/*
	 * Nothing is delivered: who has no part in a recordings directory sees
	 * each recording as its owner would.
	 */
	bool is_looking;
	const struct confine_policy *confine; /* it is then confined to it */
};

struct artifact {
	char *path;   /* relative to the directory, any bytes */
	int64_t size; /* bytes to send */
	int64_t mtime_ns;
	int64_t stamp;      /* file_stamp(): its version */
	bool is_json;       /* sent as recording_read_json() gives it */
	bool is_unreadable; /* or was not read: who knows whether it is JSON? */
	bool is_media;      /* by its name */
};

enum metadata_state {
	METADATA_MISSING,
	METADATA_UNREADABLE, /* no permission, no file, or the disk fails */
	METADATA_EMPTY,
	METADATA_UNPARSABLE, /* cut, too large, or not JSON */
	METADATA_PARSED,
};

struct skipped {
	char *path;
	const char *why;
};

struct recording {
	const struct recording_policy *policy;
	char *path; /* absolute; below a root that is swept, as named */
	int dirfd;
	uid_t owner; /* of the directory */
	uid_t user;  /* who delivers it */
	gid_t group;
	int64_t mtime_ns;           /* of the directory, just after */
	struct artifact *artifacts; /* sorted by path */
	size_t n, cap;
	struct skipped *skipped; /* what is no artifact */
	size_t n_skipped, cap_skipped;
	struct err trouble; /* the first that could not be read */
	bool has_folders;
	int64_t most_bytes;     /* to read of what may be JSON */
	int64_t examined_bytes; /* what was read of it */
	/* With TRUST_ANY, what TRUST_OWNER would refuse. */
	char *doubt;             /* of the directory; NULL: none */
	struct text_list doubts; /* of what is in it */

	/* metadata.json of the top level */
	enum metadata_state metadata_state;
	struct err metadata_err; /* when unreadable */
	/*
	 * An object of what was read there, by JSON pointer: the meeting's URL
	 * and id.  Of an unparsable one, the URL where it comes first, as
	 * Jibri writes it.
	 */
	json_t *metadata;
	struct text_list metadata_twice; /* pointers: a member is there twice */
};

/* Jibri's name for it (JibriSession, FileRecordingJibriService.kt). */
#define RECORDING_METADATA "metadata.json"
#define RECORDING_MEETING_URL "/meeting_url"

/* Our own file in the directory. */
#define RECORDING_JOURNAL ".jibri-finalize"

/* The journal while it is rewritten; a crash may leave it. */
#define RECORDING_JOURNAL_NEW ".jibri-finalize.new"

/* What version 0.1.0 called a recording while it was being removed. */
#define RECORDING_TOMBSTONE ".jibri-finalize-removing-"

/* What a packed recording brings along: the journal as it was, and a list. */
#define RECORDING_JOURNAL_COPY ".jibri-finalize-journal.jsonl"
#define RECORDING_MANIFEST ".jibri-finalize-manifest.jsonl"

enum {
	RECORDING_MAX_ARTIFACTS = 100000,
	RECORDING_MAX_DEPTH = 32,
	RECORDING_JSON_BYTES = 16 * 1024 * 1024,
	RECORDING_GLANCE_BYTES = 16 * 1024 * 1024,
};

/*
 * Open the directory, which may be reached through symbolic links, by root
 * only as owned_open() does.  -1: ERR_NO_INPUT when there is none, ERR_USAGE
 * when it holds recordings, ERR_PERMANENT when it is not to be trusted, or as
 * err_sys().  To be closed even then.
 */
int recording_open(struct recording *, const char *path,
    const struct recording_policy *, struct err *e);

/*
 * The same for the entry of a root that is swept: the root may be reached
 * through symbolic links, the entry is none.
 */
int recording_open_entry(struct recording *, int rootfd, const char *root,
    const char *name, const struct recording_policy *, struct err *e);

/* The same by the path ROOT/NAME. */
int recording_open_below(struct recording *, const char *path,
    const struct recording_policy *, struct err *e);
void recording_close(struct recording *);

/*
 * Alone, be the directory's owner for good, without capabilities, and confined
 * to it, so that nothing in it can misuse root's rights, and root leaves
 * nothing there that the owner cannot write to.  What else only root can open
 * has to be open.  -1 as user_work_as().
 */
int recording_enter(const struct recording *, struct err *e);

/*
 * Who delivers the entry of a root with this stat: we, or looking its owner,
 * where we could put nothing there.
 */
uid_t recording_user(const struct recording_policy *, int rootfd,
    const struct stat *entry);

/* The directory's own name: Jibri's session id. */
const char *recording_name(const struct recording *);

/*
 * List the artifacts as they are now and read metadata.json.  A folder or an
 * entry that cannot be read is noted as trouble; the rest is listed.  -1 with
 * ERR_PERMANENT when there are too many or too deep, or one is not to be
 * trusted.
 */
int recording_scan(struct recording *, struct err *e);

/*
 * The same in bounded time: beyond RECORDING_GLANCE_BYTES of what may be JSON
 * all but metadata.json counts as unreadable, and as an artifact.
 */
int recording_glance(struct recording *, struct err *e);

/* The same without reading any file: each counts as unreadable. */
int recording_list(struct recording *, struct err *e);

/*
 * Which of these globs (of names, or with '/' of paths) matches it, with flags
 * of fnmatch(3)?  NULL: none.
 */
const char *recording_matches(const struct text_list *globs, const char *path,
    int flags);

/* Which of the globs of exclude, in upper or lower case?  NULL: none. */
const char *recording_excluded_by(const struct recording *, const char *path);

/* Is a file of this name ours, and so no artifact, in whatever folder? */
bool recording_is_own_name(const char *name);

/* When the newest artifact was changed; 0: there is none. */
int64_t recording_newest_ns(const struct recording *);

/* Log what the last scan skipped, and what is taken though it is doubtful. */
void recording_log_doubts(const struct recording *);

/*
 * Open an artifact for reading and say what it is now.  -1 when it is gone,
 * no regular file any more, not to be trusted, or cannot be read; e names no
 * path.
 */
int recording_open_artifact(const struct recording *, const char *path,
    struct stat *st, struct err *e);

/*
 * What is sent of a file that holds JSON, whatever its name: the text, without
 * what redact names.  It was just opened, and st says what it is.  1: it is in
 * text; 0: it is not JSON, and the file is sent as it is; -1 with
 * ERR_TEMPORARY: it cannot be read, or must not be sent any more.
 */
int recording_read_json(const struct recording *, const char *path, int fd,
    const struct stat *st, struct buf *text, struct err *e);

/*
 * Is the artifact still the file that st describes?  -1 with ERR_TEMPORARY
 * saying what happened to it (or ERR_PERMANENT: it cannot be read).
 */
int recording_recheck(const struct recording *, const char *path,
    const struct stat *st, struct err *e);

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
	struct text_list redact;  /* JSON pointers: not sent */
	/* JSON pointers to the meeting id in metadata.json. */
	struct text_list meeting_id_keys;
	int trust;        /* enum trust */
	const char *root; /* recordings-dir, or NULL */
	bool locking;     /* fail on a file system without locks */
	bool is_alone;    /* the process ends with this recording; root too */
	/*
	 * Nothing is delivered: a user who is not involved in a recordings
	 * directory sees each recording as its owner would.
	 */
	bool is_looking;
	const struct confine_policy *confine; /* confinement for it alone */
};

struct artifact {
	char *path;   /* relative to the directory, any bytes */
	int64_t size; /* bytes to send */
	int64_t mtime_ns;
	int64_t stamp;      /* file_stamp(): its version */
	bool is_json;       /* sent as returned by recording_read_json() */
	bool is_unreadable; /* or not read: may be JSON */
	bool is_media;      /* by its name */
};

enum metadata_state {
	METADATA_MISSING,
	METADATA_UNREADABLE, /* no permission, not a file, or disk error */
	METADATA_EMPTY,
	METADATA_UNPARSABLE, /* truncated, too large, or not JSON */
	METADATA_PARSED,
};

struct skipped {
	char *path;
	const char *why;
	/* Jibri's name of the media file that this is, or copies; or NULL. */
	char *own;
	int64_t mtime_ns;
	int64_t stamp;
	bool is_private; /* only its content tells that it is skipped */
};

struct recording {
	const struct recording_policy *policy;
	char *path; /* absolute; in a sweep, below its root as named */
	int dirfd;
	uid_t owner; /* of the directory */
	uid_t user;  /* delivers it */
	gid_t group;
	int64_t mtime_ns;           /* of the directory, when opened */
	struct artifact *artifacts; /* sorted by path */
	size_t n, cap;
	struct skipped *skipped; /* not artifacts */
	size_t n_skipped, cap_skipped;
	struct err trouble; /* the first read error */
	bool has_folders;
	int64_t most_bytes;     /* limit for reading what may be JSON */
	int64_t examined_bytes; /* read so far */
	/* With TRUST_ANY, what TRUST_OWNER would have refused. */
	char *doubt;             /* of the directory; NULL: none */
	struct text_list doubts; /* of files in it */

	/* metadata.json of the top level */
	enum metadata_state metadata_state;
	struct err metadata_err; /* when unreadable */
	/*
	 * What was read from it, as an object by JSON pointer: meeting URL and
	 * id.  If it cannot be parsed, only the URL if it comes first, as Jibri
	 * writes it.
	 */
	json_t *metadata;
	struct text_list metadata_twice; /* pointers with a duplicate member */
};

/* As Jibri names it (JibriSession, FileRecordingJibriService.kt). */
#define RECORDING_METADATA "metadata.json"
#define RECORDING_MEETING_URL "/meeting_url"

/* Our own file in the directory. */
#define RECORDING_JOURNAL ".jibri-finalize"

/* The journal while it is rewritten; can be left by a crash. */
#define RECORDING_JOURNAL_NEW ".jibri-finalize.new"

/* The name that version 0.1.0 gave to a recording being removed. */
#define RECORDING_TOMBSTONE ".jibri-finalize-removing-"

/* Files that a packed recording brings along: the journal, and a list. */
#define RECORDING_JOURNAL_COPY ".jibri-finalize-journal.jsonl"
#define RECORDING_MANIFEST ".jibri-finalize-manifest.jsonl"

enum {
	RECORDING_MAX_ARTIFACTS = 100000,
	RECORDING_MAX_DEPTH = 32,
	RECORDING_JSON_BYTES = 16 * 1024 * 1024,
	RECORDING_GLANCE_BYTES = 16 * 1024 * 1024,
};

/*
 * Open the directory.  Its path may contain symbolic links; for root only as in
 * owned_open().  -1: ERR_NO_INPUT when it does not exist, ERR_USAGE when it
 * contains recordings, ERR_PERMANENT when it is not trusted, or as err_sys().
 * Close it even then.
 */
int recording_open(struct recording *, const char *path,
    const struct recording_policy *, struct err *e);

/*
 * The same for an entry of a swept root: the path of the root may contain
 * symbolic links, the entry must not be one.
 */
int recording_open_entry(struct recording *, int rootfd, const char *root,
    const char *name, const struct recording_policy *, struct err *e);

/* The same by the path ROOT/NAME. */
int recording_open_below(struct recording *, const char *path,
    const struct recording_policy *, struct err *e);
void recording_close(struct recording *);

/*
 * For is_alone: permanently become the directory's owner, without capabilities
 * and confined to the directory, so that nothing in it can misuse root's
 * rights, and root leaves nothing there that the owner cannot write to.  Open
 * beforehand what only root can open.  -1 as user_work_as().
 */
int recording_enter(const struct recording *, struct err *e);

/*
 * Who delivers the entry of a root with this stat: we do, or, when only looking
 * where we have no write access, its owner.
 */
uid_t recording_user(const struct recording_policy *, int rootfd,
    const struct stat *entry);

/* The directory's name, which is Jibri's session id. */
const char *recording_name(const struct recording *);

/*
 * List the present artifacts and read metadata.json.  A folder or entry that
 * cannot be read is noted in trouble; the rest is listed.  -1 with
 * ERR_PERMANENT when there are too many, too deep, or one is not trusted.
 */
int recording_scan(struct recording *, struct err *e);

/*
 * The same in bounded time: after RECORDING_GLANCE_BYTES of possible JSON,
 * further files except metadata.json count as unreadable artifacts.
 */
int recording_glance(struct recording *, struct err *e);

/* The same without reading files: each counts as unreadable. */
int recording_list(struct recording *, struct err *e);

/* Does one of these globs (of names, or with '/' of paths) match path? */
bool recording_matches(const struct text_list *globs, const char *path);

/*
 * Which glob of exclude matches, ignoring case? NULL: none.  ".*" does not
 * match a media file that Jibri named: the name of a room may begin with a dot.
 */
const char *recording_excluded_by(const struct recording *, const char *path);

/* The artifact with this path after a scan; NULL: none. */
const struct artifact *recording_find(const struct recording *,
    const char *path);

/* Is it the name of one of our own files, in any folder? */
bool recording_is_own_name(const char *name);

/*
 * The next thing skipped after this one (NULL: the first) that is, or is a copy
 * of, a media file that Jibri named, while no artifact has that name.  NULL:
 * there is none.
 */
const struct skipped *recording_lacks_own(const struct recording *,
    const struct skipped *after);

/* When the newest artifact was modified; 0: there is none. */
int64_t recording_newest_ns(const struct recording *);

/* Log what the last scan skipped, and what it accepted with doubts. */
void recording_log_doubts(const struct recording *);

/*
 * Open an artifact for reading and get its present state.  -1 when it is gone,
 * no longer a regular file, not trusted, or cannot be read; e does not name the
 * path.
 */
int recording_open_artifact(const struct recording *, const char *path,
    struct stat *st, struct err *e);

/*
 * What to send of a file with JSON, whatever its name: its text without what
 * redact names. fd was just opened, and st is its state.  1: the result is in
 * text; 0: not JSON, send the file unchanged; -1 with ERR_TEMPORARY: it cannot
 * be read, or must no longer be sent.
 */
int recording_read_json(const struct recording *, const char *path, int fd,
    const struct stat *st, struct buf *text, struct err *e);

/*
 * Is the artifact still the file described by st? -1 with ERR_TEMPORARY and
 * what happened to it, or ERR_PERMANENT if it cannot be read.
 */
int recording_recheck(const struct recording *, const char *path,
    const struct stat *st, struct err *e);

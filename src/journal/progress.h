#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/text.h"
#include "io/http_tally.h"

/*
 * What has been achieved for one recording: the fold of the events in its
 * journal.  Nothing here uses the clock, disk or network.
 */

enum rec_state { REC_NEW, REC_RESOLVED, REC_STORED, REC_ANNOUNCED };

enum event_kind {
	EVENT_BEGAN,      /* a run: host, pid, version */
	EVENT_FORCED,     /* ignore what is known about the server */
	EVENT_RESOLVED,   /* session, room, meetingId, overruled */
	EVENT_SENDING,    /* paths, stamps: their upload may have begun */
	EVENT_STORED,     /* path, size, mtime, stamp, type, sha256, id,
			     is_whole */
	EVENT_UNKNOWN,    /* path, size, mtime, stamp, sha256, status: sent
			     without a conclusive answer; or paths, status.
			     Without mtime and stamp, of the version that was
			     being sent */
	EVENT_ABSENT,     /* path or paths: the server does not have this
			     version; its other versions are superseded */
	EVENT_AMBIGUOUS,  /* path: sent, and the server could not be asked
			     before; or paths, stamps: about to be sent so */
	EVENT_SUPERSEDED, /* path, id, size: the stored version is out of
			     date */
	EVENT_LOST,       /* path, id, size: the stored version is gone or
			     damaged */
	EVENT_IDLE,       /* no upload is in progress any more */
	EVENT_COMPLETE,   /* count, bytes, moment: every artifact is stored */
	EVENT_REOPENED,   /* path: an artifact is new or changed */
	EVENT_TELLING,    /* moment: may be announced from now on */
	EVENT_ANNOUNCED,  /* webhook, id, moment, damaged: acknowledged */
	EVENT_WITHHELD,   /* damaged; by an operator: done without a STOPPED */
	EVENT_CHECKED,    /* by hand: the server has everything asked for */
	EVENT_FAILED,     /* class, text, retryAt: how the run ended */
	EVENT_DEFERRED,   /* session, room, overruled: left to the sweeper */
	EVENT_UNPACKED,   /* id: of the archive that it came from */
	EVENT_GIVEN_UP,   /* by an operator: nothing is sent by itself */
	EVENT_RESET,      /* moment, by an operator: forget everything except
			     the latest announced moment */
	EVENT_OUTDATED,   /* id, size: superseded, in a compacted journal */
	EVENT_UPLOAD_BEGUN, /* path, id, key, size, count: an upload in parts
			       of that size; count is progress.forced */
	EVENT_PART_STORED,  /* path, count, size, etag, md5, and sha256 if
			       sent ahead: part number count */
	EVENT_PRIVATE,      /* path, stamp: this version is not sent */
	EVENT_COUNTED,      /* requests, count: the requests of a run, and
			       the number of artifacts it failed to store */
	EVENT_KINDS
};

/* Which members are used depends on the kind; strings are borrowed. */
struct event {
	enum event_kind kind;
	int64_t at_ms; /* since 1970 */
	const char *host, *version;
	const char *session, *room, *meeting_id;
	const char *overruled; /* identity_contradiction(), when resolved */
	const char *path, *type, *sha256, *id;
	const char *key, *etag, *md5;
	const char *webhook, *class, *text;
	int64_t pid, size, mtime_ns, stamp, count, bytes, status;
	int64_t retry_at_ms; /* since 1970 */
	int64_t moment_ms;   /* since 1970: timestamp of the webhook */
	int64_t damaged;     /* damaged media, besides an intact one */
	bool is_whole;       /* media that were checked and intact */
	const struct text_list *paths;
	/* As many as paths; 0.1.0 wrote mtimes instead of stamps. */
	const int64_t *stamps, *mtimes_ns;
	struct http_tally requests;
};

/* Only for statistics; every member is an int64_t. */
struct counts {
	int64_t uploads, upload_bytes;    /* of stored artifacts */
	int64_t upload_failures;          /* of others */
	int64_t upload_doubts;            /* with an unknown outcome */
	int64_t started, stopped, failed; /* webhooks, acknowledged */
	int64_t available_ms; /* from the last write of the media to the first
				 STOPPED, at least 1; 0: none, or no media */
	struct http_tally requests;
};

/* What is known of one artifact. */
struct fact {
	char *path;
	int64_t size;     /* as sent */
	int64_t mtime_ns; /* at that time */
	int64_t stamp;    /* at that time; 0: unknown, from 0.1.0 */
	char *type, *sha256, *id;
	bool is_stored;
	bool is_whole;   /* the stored media were found intact */
	bool is_sending; /* a run ended that may have been sending it */
	bool is_unknown; /* the server may have it */
	int64_t status;  /* then: of the answer; 0: none */
	/*
	 * The server may have outdated versions.  Until a list that shows them
	 * was read, no record of this path proves anything.
	 */
	bool has_older;
	bool has_anonymous;    /* one of them has no known id */
	int64_t unknown_ms;    /* since 1970: start of the doubt */
	int64_t stored_ms;     /* since 1970 */
	int64_t private_stamp; /* of a version that is not sent; 0: none */
	int64_t generation; /* how often the stored version was invalidated */
};

/* An outdated record at the server. */
struct outdated {
	char *id;
	int64_t size; /* -1: unknown */
};

enum { PARTS_MOST = 10000 }; /* of an upload, at any store */

/* What the store reported about a part; both NULL: nothing. */
struct part_fact {
	/*
	 * Of the data that was sent, in hexadecimal; sha256 may be unknown:
	 * NULL.
	 */
	char *etag, *md5, *sha256;
};

/* An upload in parts that was begun and is not known to be completed. */
struct begun {
	char *path, *key, *id;
	int64_t part_bytes;
	int64_t forced;          /* progress.forced at that time */
	struct part_fact *parts; /* from number 1 on */
	size_t n, cap;
};

struct progress {
	enum rec_state state;
	char *session, *room, *meeting_id;
	char *overruled;  /* the contradictions to the room that was given */
	struct map facts; /* of struct fact by path */
	struct map superseded; /* of struct outdated by id */
	/*
	 * Of struct begun by path.  Kept whatever else is forgotten: the store
	 * keeps the parts until then.
	 */
	struct map begun;
	bool has_events;
	bool is_running; /* the last run did not record its end */
	int64_t attempts;
	int64_t generation; /* how often the stored versions were invalidated */
	int64_t forced;     /* how often everything was sent again */
	bool is_forced;     /* and everything still has to be sent again */
	int64_t ambiguous;
	int64_t complete_ms; /* the moment in STOPPED; 0: none */
	int64_t told_ms; /* the latest moment that may have been announced */
	int64_t first_event_ms, last_event_ms;
	bool is_failed_announced;
	char *host; /* of the last run */
	int64_t pid;
	enum err_class failed_class; /* of the last run; ERR_NONE: no failure */
	char *failed_text;
	int64_t failed_since_ms; /* first failure since the last STOPPED */
	int64_t failed_ms;       /* last failure */
	int64_t retry_at_ms;     /* 0: at the next occasion */
	int64_t failed_runs[ERR_CLASSES];
	int64_t failures; /* of any class, since the last stored artifact */
	int64_t struggling_since_ms; /* first failure of a series that only a
					STOPPED or a new chance ends */
	int64_t announced_ms;        /* the last STOPPED, or when it
					was withheld */
	int64_t damaged;             /* media files, when last done */
	/* The id of the archive it was unpacked from, which is removed here
	   after delivery.  NULL: none. */
	char *archive;
	bool is_given_up;  /* until an operator has it delivered */
	bool is_withheld;  /* done without a notification */
	bool is_started;   /* STARTED was acknowledged */
	bool is_recording; /* only STARTED and parts sent ahead so far */
	struct counts counts;
};

/* The whole meaning of an event.  Pure. */
void progress_apply(struct progress *, const struct event *);

/*
 * Did the last run die with work left? Only valid for a journal that nobody has
 * locked.
 */
bool progress_has_died(const struct progress *);

/*
 * Is it held although everything is stored? Only other media can change that.
 */
bool progress_lacks_media(const struct progress *);

/* What is known about an artifact, or NULL. */
struct fact *progress_fact(const struct progress *, const char *path);

/* The upload in parts of an artifact, or NULL; valid until the next event. */
struct begun *progress_begun(const struct progress *, const char *path);

/* Call fact with every fact, in the order of the paths. */
void progress_each(const struct progress *,
    void (*fact)(void *ctx, const struct fact *), void *ctx);

/*
 * Is the fact about the version with this stamp and mtime? Without a stamp in
 * the fact, the mtime decides.
 */
bool fact_is_of(const struct fact *, int64_t stamp, int64_t mtime_ns);

/*
 * Is the record with this id (NULL: none) known to be outdated? A server that
 * keeps one record per path gives a new version the same id; a different size
 * (-1: unknown) means a different record.
 */
bool progress_is_superseded(const struct progress *, const char *id,
    int64_t size);

/* Call old with every outdated record, in the order of the ids. */
void progress_each_outdated(const struct progress *,
    void (*old)(void *ctx, const struct outdated *), void *ctx);

void progress_free(struct progress *);

/*
 * Write a short journal that replays into the same progress: calls line with
 * each of its lines and returns false as soon as that fails.  As far as
 * possible it consists of events that older readers understand (stored,
 * announced, failed); lines of other kinds have the rest.
 */
bool progress_compact(const struct progress *,
    bool (*line)(void *ctx, const struct buf *), void *ctx);

/*
 * Apply such a line.  False: it is not one, but may be an event. path is the
 * line's path, or NULL.
 */
struct line;
bool progress_restore(struct progress *, const char *path, const struct line *);

/* Is a journal of this size worth rewriting in the compact size? */
bool progress_is_bloated(int64_t bytes, int64_t compact_bytes);

/*
 * Format an event as a line of the journal: a JSON object and a newline.  Paths
 * that are not plain UTF-8 are percent-encoded.
 */
void event_format(const struct event *, struct buf *line);

/* Receives each event of a journal before it is applied. */
struct event_reader {
	void (*read)(void *ctx, const struct event *);
	void *ctx;
};

/*
 * Parse a line and apply it; the reader may be NULL.  False when it is not a
 * known event: an incomplete or damaged line, or a kind from a later version.
 */
bool event_replay(const struct event_reader *, struct progress *,
    const char *line, size_t len);

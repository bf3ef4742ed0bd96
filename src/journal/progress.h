#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "io/http_tally.h"

/*
 * What has been achieved for one recording: the fold of the events in its
 * journal.  Nothing here touches clock, disk or network.
 */

enum rec_state { REC_NEW, REC_RESOLVED, REC_STORED, REC_ANNOUNCED };

enum event_kind {
	EVENT_BEGAN,      /* a run: host, pid, version */
	EVENT_FORCED,     /* what was known of the server counts no more */
	EVENT_RESOLVED,   /* session, room, meetingId, overruled */
	EVENT_SENDING,    /* paths, stamps: their upload may have begun */
	EVENT_STORED,     /* path, size, mtime, stamp, type, sha256, id,
			     is_whole */
	EVENT_UNKNOWN,    /* path, size, mtime, stamp, sha256, status: sent, and
			     no answer that says what became of it; or paths,
			     status.  Without mtime and stamp it is of the
			     version that was being sent */
	EVENT_ABSENT,     /* path or paths: the server does not have this
			     version; what it has of others is superseded */
	EVENT_AMBIGUOUS,  /* path: sent without being able to ask; or paths,
			     stamps: are being sent so */
	EVENT_SUPERSEDED, /* path, id, size: what is stored there is out of
			     date */
	EVENT_LOST,       /* path, id, size: what was stored is gone or no
			     good */
	EVENT_IDLE,       /* nothing is being sent any more */
	EVENT_COMPLETE,   /* count, bytes, moment: every artifact is stored */
	EVENT_REOPENED,   /* path: an artifact is new or changed */
	EVENT_TELLING,    /* moment: may be told from now on */
	EVENT_ANNOUNCED,  /* webhook, id, moment, damaged: acknowledged */
	EVENT_WITHHELD,   /* damaged; by an operator: done without a STOPPED */
	EVENT_CHECKED,    /* by hand: the server has all that was asked for */
	EVENT_FAILED,     /* class, text, retryAt: how the run ended */
	EVENT_DEFERRED,   /* session, room, overruled: the sweeper shall
			     deliver it */
	EVENT_POSTPONED,  /* of version 0.1.0; means nothing any more */
	EVENT_UNPACKED,   /* id: of the archive that it came from */
	EVENT_GIVEN_UP,   /* by an operator: nothing is sent on its own */
	EVENT_RESET,      /* moment, by an operator: nothing is known but for
			     the latest that was told */
	EVENT_OUTDATED,   /* id, size: of a compact journal, as superseded */
	EVENT_UPLOAD_BEGUN, /* path, id, key, size, count: an upload in parts
			       of that size; count is progress.forced */
	EVENT_PART_STORED,  /* path, count, size, etag, md5, and sha256 if it
			       was sent ahead: its part number count */
	EVENT_COUNTED,      /* requests, count: what a run has asked, and how
			       many artifacts it could not store */
	EVENT_KINDS
};

/* Which members count depends on the kind; strings are borrowed. */
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
	int64_t moment_ms;   /* since 1970: what the webhook's timestamp says */
	int64_t damaged;     /* media files beside one that is whole */
	bool is_whole;       /* media, and it was looked at */
	const struct text_list *paths;
	/* As many as paths; 0.1.0 wrote mtimes in place of stamps. */
	const int64_t *stamps, *mtimes_ns;
	struct http_tally requests;
};

/* For statistics alone; all of it int64_t. */
struct counts {
	int64_t uploads, upload_bytes;    /* that were stored */
	int64_t upload_failures;          /* that were not */
	int64_t upload_doubts;            /* whose outcome was unknown */
	int64_t started, stopped, failed; /* webhooks, acknowledged */
	int64_t available_ms; /* from the last write of the media to the first
				 STOPPED, at least 1; 0: none, or no media */
	struct http_tally requests;
};

/* What is known of one artifact. */
struct fact {
	char *path;
	int64_t size;     /* as sent */
	int64_t mtime_ns; /* as it was then */
	int64_t stamp;    /* the same; 0: not known, as 0.1.0 wrote it */
	char *type, *sha256, *id;
	bool is_stored;
	bool is_whole;   /* what is stored are media that were seen to be so */
	bool is_sending; /* a run ended while it may have been under way */
	bool is_unknown; /* the server may have it */
	int64_t status;  /* then: what it answered; 0: nothing */
	/* Versions that are out of date may be there: until a list was read
	 * that shows them, no record of this path proves anything. */
	bool has_older;
	bool has_anonymous; /* one of them has no id to know it by */
	int64_t unknown_ms; /* since 1970; since when it is in doubt */
	int64_t stored_ms;  /* since 1970 */
	int64_t generation; /* how often what is there counted no more */
};

/* A record at the server that is out of date. */
struct outdated {
	char *id;
	int64_t size; /* -1: not known */
};

enum { PARTS_MOST = 10000 }; /* of an upload, at any store */

/* What the store has said of a part; both NULL: nothing. */
struct part_fact {
	/* Of what was sent then, in hexadecimal; sha256: NULL: not known. */
	char *etag, *md5, *sha256;
};

/* An upload in parts that was begun, and not completed as far as we know. */
struct begun {
	char *path, *key, *id;
	int64_t part_bytes;
	int64_t forced;          /* progress.forced then */
	struct part_fact *parts; /* from number 1 on */
	size_t n, cap;
};

struct progress {
	enum rec_state state;
	char *session, *room, *meeting_id;
	char *overruled;  /* what contradicts the room that was given */
	void *facts;      /* a tsearch(3) tree of struct fact by path */
	void *superseded; /* a tsearch(3) tree of struct outdated by id */
	/* Whatever else is forgotten: until then the store keeps the parts. */
	struct begun *begun;
	size_t n_begun, cap_begun;
	bool has_events;
	bool is_running; /* the last run has not said how it ended */
	int64_t attempts;
	int64_t generation; /* how often what is stored counted no more */
	int64_t forced;     /* how often all of it was sent again */
	bool is_forced;     /* and everything is yet to be sent again */
	int64_t ambiguous;
	int64_t complete_ms; /* the moment that STOPPED speaks of; 0: none */
	int64_t told_ms;     /* the latest that may have been told */
	int64_t first_event_ms, last_event_ms;
	bool is_failed_announced;
	char *host; /* of the last run */
	int64_t pid;
	enum err_class failed_class; /* of the last run; ERR_NONE: none */
	char *failed_text;
	int64_t failed_since_ms; /* the first since the last STOPPED */
	int64_t failed_ms;       /* the last */
	int64_t retry_at_ms;     /* 0: whenever somebody comes */
	int64_t failed_runs[ERR_CLASSES];
	int64_t failures; /* of any class, since something was stored */
	int64_t struggling_since_ms; /* the first of a series that only a
					STOPPED or a new chance ends */
	int64_t announced_ms;        /* the last STOPPED, or when it
					was withheld */
	int64_t damaged;             /* media files, when it was last done */
	/* The id of the archive that it was unpacked from: to be removed
	   here once it is delivered.  NULL: none. */
	char *archive;
	bool is_given_up;  /* until an operator has it delivered */
	bool is_withheld;  /* done, and nobody was told */
	bool is_started;   /* STARTED was acknowledged */
	bool is_recording; /* STARTED and parts sent ahead are all there is */
	struct counts counts;
};

/* The whole meaning of an event.  Pure. */
void progress_apply(struct progress *, const struct event *);

/*
 * Did the last run end without a word, with work left?  Only true of a
 * journal that nobody has locked.
 */
bool progress_has_died(const struct progress *);

/* Is it held though all of it is stored?  Other media would change that. */
bool progress_lacks_media(const struct progress *);

/* What is known of an artifact, or NULL. */
struct fact *progress_fact(const struct progress *, const char *path);

/* The upload in parts of an artifact, or NULL; until the next event. */
struct begun *progress_begun(const struct progress *, const char *path);

/* Call it with every fact, in the order of the paths. */
void progress_each(const struct progress *,
    void (*fact)(void *ctx, const struct fact *), void *ctx);

/*
 * Is the version with this stamp and mtime the one that the fact speaks of?
 * Without a stamp in the fact the mtime has to do.
 */
bool fact_is_of(const struct fact *, int64_t stamp, int64_t mtime_ns);

/*
 * Is the record with this id (NULL: none) known to be out of date?  A server
 * that keeps one record a path gives a new version the same id: it is another
 * record when its size (-1: not known) is another.
 */
bool progress_is_superseded(const struct progress *, const char *id,
    int64_t size);

/* Call it with each such record, in the order of the ids. */
void progress_each_outdated(const struct progress *,
    void (*old)(void *ctx, const struct outdated *), void *ctx);

void progress_free(struct progress *);

/*
 * A short journal that replays into the same progress: call with each of its
 * lines, until one is not taken; false then.  It is made of
 * events, as far as they can say it, for those who know no more: what is
 * stored, announced, failed.  What they cannot say is in lines of its own.
 */
bool progress_compact(const struct progress *,
    bool (*line)(void *ctx, const struct buf *), void *ctx);

/*
 * Apply such a line.  False: it is none; it may be an event.  path is that of
 * the line, or NULL.
 */
struct json_t;
bool progress_restore(struct progress *, const char *path,
    const struct json_t *line);

/* Is a journal of so many bytes to be rewritten in as many? */
bool progress_is_bloated(int64_t bytes, int64_t compact_bytes);

/*
 * An event as a line of the journal: one JSON object and a newline.  Paths
 * that are not plain UTF-8 are percent-encoded.
 */
void event_format(const struct event *, struct buf *line);

/*
 * Parse a line and apply it.  False for what is no event of ours: a torn or
 * damaged line, or a kind of a later version.
 */
bool event_replay(struct progress *, const char *line, size_t len);

/* Who is told of each event of a journal, before it is applied. */
struct event_reader {
	void (*read)(void *ctx, const struct event *);
	void *ctx;
};

/* The same, with a reader or NULL. */
bool event_replay_to(const struct event_reader *, struct progress *,
    const char *line, size_t len);

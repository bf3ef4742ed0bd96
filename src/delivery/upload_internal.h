#pragma once

#include "delivery/flight.h"
#include "delivery/upload.h"
#include "remote/inventory.h"
#include "remote/request.h"

/* What the upload_*.c files share; nobody else includes this. */

enum item_state {
	ITEM_ASK,    /* waits for the list */
	ITEM_READY,  /* may be sent from due_ms on */
	ITEM_FLYING, /* is being sent */
	ITEM_STORED,
	ITEM_STALE, /* the next scan tells what to send */
	ITEM_FAILED,
};

struct item {
	const struct artifact *artifact;
	int64_t size, mtime_ns, stamp; /* as last sent, or as found */
	struct remote_name remote;
	enum item_state state;
	struct flight *flight; /* while flying */
	struct parts *parts;   /* if it is sent in parts */
	struct retry retry;
	struct auth_use auth_use;
	int64_t due_ms;  /* clock_mono_ms() */
	struct err *err; /* of the last try */
	bool is_fresh;   /* never sent by anyone; found by the cursors */
	bool is_sent;    /* by this run */

	/* An unknown outcome, of this version or an older one. */
	bool is_unknown;
	bool is_blind;          /* sent without asking first */
	bool is_accepted;       /* the server said that it accepted it */
	int64_t status;         /* of the answer; 0: none */
	bool may_repeat;        /* when the list shows it as absent */
	int64_t absent_from_ms; /* lists from then on prove an absence */

	/* The list must first show which older versions are there. */
	bool is_rewritten;

	bool goes_whole;     /* the server did not accept its parts */
	bool was_bad;        /* the assembled file was wrong */
	bool was_lost;       /* an upload begun by this run vanished */
	bool is_completed;   /* by this run; the list must show it */
	bool is_aborted;     /* its unfinished upload is gone */
	char *whole;         /* id assembled from its parts; NULL: unknown */
	char *kept_as;       /* path in the server's answer */
	char *type, *sha256; /* of the earlier upload; NULL: unknown */
};

/* What the journal proves about artifacts that it does not mention. */
enum certainty {
	CERTAIN,     /* never sent */
	CERTAIN_NOT, /* unknown: the journal begins with this run */
	CERTAIN_LOST /* unknown: this run cannot write a journal, or the last
			one could not finish it */
};

enum {
	LIST_PAUSE_MS = 500,            /* minimum interval between lists */
	UPLOAD_AHEAD = 4,               /* small artifacts noted in advance */
	UPLOAD_AHEAD_BYTES = 32 * 1024, /* of paths: lines are limited */
	UPLOAD_FUTILE = 8, /* stop after this many consecutive failures;
			      those of a server that is out count for
			      several */
};

struct upload {
	const struct upload_deps *deps;
	struct upload_totals *totals;
	struct mimetype *mimetype;
	struct text_list headers; /* of the list */
	enum certainty certainty;
	struct item *items;
	size_t n;
	size_t next_media, next_sidecar; /* none before is fresh */
	struct item **waiting;           /* to be sent again */
	size_t n_waiting, cap_waiting;
	struct parts *open;                     /* of files in progress */
	size_t n_ask, n_flying, n_media_flying; /* requests */
	bool has_moved;                         /* a part was stored */
	int64_t sync_due_ms;                    /* of the journal */
	size_t ahead;                           /* items to note in advance */
	int futility; /* weight of failures since the last success */

	struct inventory inventory;
	struct text_list made; /* ids that a list may show from now on */
	bool is_listing;
	int64_t list_due_ms, list_least_ms; /* not before least */
	int64_t list_began_ms;
	int64_t list_pause_ms; /* between lists that show an absence */
	struct retry list_retry;
	struct auth_use list_auth_use;
	bool was_list_read;
	bool is_renaming; /* the server renames files */
};

struct part {
	unsigned char
	    md5[PART_MD5_BYTES];       /* of the file's bytes, once hashed */
	char sha256[DIGEST_HEX_BYTES]; /* the same; empty: not needed */
	char *listed; /* ETag in the store's list; NULL: not listed */
	char *url;    /* where to send it, if the store gives URLs */
	int64_t url_ms, url_end_ms; /* given and expires; clock_mono_ms() */
	bool was_refused;           /* at that URL, since it was stored */
	bool is_summed;             /* before its turn, as it was sent then */
	bool is_flying, is_stored;
};

/* A file being sent in parts. */
struct parts {
	struct parts *next; /* in upload.open */
	struct upload *u;
	struct item *item;
	enum part_step step;      /* the next one */
	char *key, *id;           /* of the upload */
	int64_t part_bytes;       /* 0: unknown so far */
	int64_t good_ms;          /* lifetime of its URLs; 0: unknown */
	struct text_list headers; /* to send with the URLs */
	struct part *all;
	size_t n, cap;
	size_t hashed, next_part; /* all before are hashed; stored or flying */
	bool is_at_end;           /* what the store lacks there goes first */
	size_t in_air;            /* requests */
	bool is_begun;            /* by this run */
	bool is_asking;           /* for URLs */
	int64_t failed_ms;        /* the last failure */
	struct err err;           /* that one */
	bool is_unlisted;         /* something was sent since the last list */
	bool is_completing;       /* possibly complete, but not known to be */
	bool is_changed;          /* the file has changed meanwhile */
	bool is_doubtful;         /* the store lost what it had accepted */
	bool is_ending;           /* begins nothing more */
	bool is_over;

	/* In the list being read: */
	size_t last;
	int64_t largest;
};

/* A request of it: the owner is the item. */
struct call {
	struct http_request request; /* first: a transfer leads to it */
	struct parts *parts;
	enum part_step step;
	size_t number, n; /* part number from 1; number of parts or ETags */
	int64_t started_ms;
	int64_t offset;
	char *url, *etag, *path; /* etag and path are from the answer */
	char *made;              /* id of the completed object */
	const char **etags;      /* of the parts to complete */
	char *body;              /* if it is text */
	const struct http_answer *answer;
	struct request_text text;
	char sha256[DIGEST_HEX_BYTES]; /* of body */
	struct http_body part;
	struct text_list headers;
};

/* upload_item.c: the states of an item. */

/* Send only one at a time, as nothing is stored yet and the run may fail? */
bool upload_is_cautious(const struct upload *);
void upload_note(struct upload *, const struct item *, enum event_kind);
/*
 * Note the upload before its first byte, or its completion, is sent; false with
 * ITEM_FAILED when the journal is no longer ours.
 */
bool upload_note_sending(struct upload *, struct item *);
void upload_fail(struct upload *, struct item *, const struct err *);
void upload_make_ready(struct upload *, struct item *, int64_t due_ms);
void upload_ask(struct upload *, struct item *, int64_t list_due_ms);

/* The artifact's type; the caller frees it.  NULL when it cannot be read. */
char *upload_type_of(struct upload *, const struct artifact *);

/* upload_end.c: outcomes of uploads. */
void upload_put_ended(struct upload *, struct item *,
    const struct http_answer *);
void upload_not_stored(struct upload *, struct item *,
    const struct http_answer *, const struct err *);
/*
 * Count a failure; true when it is to be tried again, at item->due_ms. answer
 * is NULL if it is not the server's failure.
 */
bool upload_plan_repeat(struct upload *, struct item *,
    const struct http_answer *, const struct err *);
void upload_stored(struct upload *, struct item *, const char *id,
    const char *path);
/* The list must show it; believe an absence only from that moment on. */
void upload_doubt(struct item *, int64_t absent_from_ms);
void upload_unknown(struct upload *, struct item *, const struct http_answer *,
    const struct err *);
/* Log it if the server has another name for it. */
void upload_log_place(const struct item *, const struct http_answer *,
    const char *path);
void upload_free_flight(struct item *);

/* upload.c: -1 when the item was given another state instead. */
int upload_open_flight(struct upload *, struct item *, const struct fact *);
void upload_ended(struct upload *, struct http_transfer *);

/*
 * upload_parts.c: files sent in parts.  Only its hash proves that a part is
 * already stored.
 */
void upload_parts_open(struct upload *, struct item *);

/*
 * The first file whose next step is possible at *due_ms, which becomes the time
 * since when it is; NULL: none.
 */
struct item *upload_parts_due(const struct upload *, int64_t *due_ms);

/* Do its next step: start a request, or read a part that need not be sent. */
void upload_parts_go(struct item *);

/* Finish those without active requests, and mark the others to finish. */
void upload_parts_give_up(struct upload *);

void upload_parts_end(struct parts *);
void upload_parts_fail(struct parts *, const struct call *,
    const struct http_answer *, const struct err *);
void upload_parts_send(struct parts *);
/* Send it in one piece instead. */
void upload_parts_leave(struct parts *);

/* The first step when no upload is known. */
enum part_step upload_parts_first(const struct parts *);

/* upload_parts_answer.c: outcomes of its requests. */
void upload_parts_ended(struct call *, const struct http_answer *);

/* upload_parts_call.c: its requests and the judgement of their answers. */
const struct part_ops *upload_part_ops(const struct parts *);
size_t upload_parts_of(int64_t size, int64_t part_bytes);

/*
 * The size of its parts: as hashed, as in the journal, or as listed; parts of
 * another size have another hash.
 */
int64_t upload_part_bytes(const struct parts *);
int64_t upload_part_size(const struct parts *, size_t i);

/* What the journal has about this upload, or if any about any upload of it. */
const struct begun *upload_begun_of(const struct parts *, bool any);

/*
 * Is the part in the store equal to the part in the file?  If its ETag is not
 * an MD5, the journal knows what the ETag was given for.
 */
bool upload_part_is_stored(const struct parts *, size_t i);

/* Make room for n parts of the file or of a list. */
void upload_parts_reserve(struct parts *, size_t n);
void upload_parts_list(struct parts *, size_t number, const char *etag);

/* Forget which parts are stored, but keep their hashes. */
void upload_parts_unlist(struct parts *);

/* Forget the URLs that were given up to that time. */
void upload_parts_forget_urls(struct parts *, int64_t given_until_ms);

/* The parts have another size now. */
void upload_parts_hash_again(struct parts *);
bool upload_part_has_url(const struct parts *, size_t i);

/* Start a request; -1 with *e: it cannot be authenticated. */
int upload_call(struct parts *, enum part_step, size_t number, struct err *e);
enum part_outcome upload_call_judge(struct call *, const struct http_answer *,
    struct err *);

void upload_call_free(struct call *);

/*
 * upload_abort.c: abort unfinished uploads of an item that is about to be
 * stored in another way, after which the journal forgets them.
 */
void upload_abort_rest(struct upload *, const struct item *);

/* upload_plan.c: what has to be sent. */
void upload_plan(struct upload *);

/* Add an item, with its place according to the progress. */
struct item *upload_add_item(struct upload *, const struct progress *,
    const struct artifact *);
void upload_free(struct upload *);

/* upload_watch.c: report the present state to the watch. */
void upload_watch(void *upload);

/*
 * upload_recheck.c: if the answers gave one path to two artifacts, ask whether
 * the second replaced the first: then both have its id.
 */
void upload_find_replaced(struct upload *);

/* upload_list.c: ask the server what it has. */
void upload_list_start(struct upload *);
void upload_list_done(struct upload *, const struct http_answer *);

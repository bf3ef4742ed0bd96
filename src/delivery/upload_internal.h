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
	ITEM_STALE, /* the next scan says what to send */
	ITEM_FAILED,
};

struct item {
	const struct artifact *artifact;
	int64_t size, mtime_ns, stamp; /* as last sent, or as found */
	struct remote_name remote;
	enum item_state state;
	struct flight *flight; /* when flying */
	struct parts *parts;   /* of it, where it goes in parts */
	struct retry retry;
	struct auth_use auth_use;
	int64_t due_ms;  /* clock_mono_ms() */
	struct err *err; /* of the last try */
	bool is_fresh;   /* never sent by anyone; the cursors find it */
	bool is_sent;    /* by this run */

	/* An unknown outcome, of this version or of an older one. */
	bool is_unknown;
	bool is_blind;          /* goes out though nobody could ask */
	bool is_accepted;       /* the server has said that it took it */
	int64_t status;         /* what it said; 0: nothing */
	bool may_repeat;        /* once the list says that it is absent */
	int64_t absent_from_ms; /* believe that of a list begun later */

	/* The list must first show what is there of older versions. */
	bool is_rewritten;

	bool goes_whole;     /* its parts were not taken as they have to be */
	bool was_bad;        /* what was made of them was no file */
	bool was_lost;       /* an upload that this run began */
	bool is_completed;   /* by this run; the list has to show it */
	bool is_aborted;     /* what was begun of it is gone */
	char *whole;         /* the id that its parts make; NULL: not known */
	char *kept_as;       /* the path that the server's answer has */
	char *type, *sha256; /* of what was sent then; NULL: not known */
};

/* What the journal says of what was never noted as sent. */
enum certainty {
	CERTAIN,     /* it was not */
	CERTAIN_NOT, /* the journal begins with this run */
	CERTAIN_LOST /* nor can this run write one, or the last one could not
			to its end */
};

enum {
	LIST_PAUSE_MS = 500, /* two lists are at least so far apart */
	UPLOAD_AHEAD = 4, /* small artifacts whose sending is noted at once */
	UPLOAD_AHEAD_BYTES = 32 * 1024, /* of paths: a line has a limit */
	UPLOAD_FUTILE = 8, /* after so many failures in a row nothing more is
				tried; those of a server that is out count
				for several */
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
	struct parts *open;                     /* of files under way */
	struct call *calls;                     /* for them */
	size_t n_ask, n_flying, n_media_flying; /* requests */
	bool has_moved;                         /* a part was stored */
	int64_t sync_due_ms;                    /* of the journal */
	size_t ahead; /* items whose sending is noted at once */
	int futility; /* of failures since the last success */

	struct inventory inventory;
	struct text_list made; /* ids that a list may show from now on */
	bool is_listing;
	int64_t list_due_ms;
	int64_t list_began_ms;
	int64_t list_pause_ms; /* between lists that show an absence */
	struct retry list_retry;
	struct auth_use list_auth_use;
	bool was_list_read;
	bool is_renaming; /* the server has names of its own */
};

struct part {
	unsigned char
	    md5[PART_MD5_BYTES];       /* of the file's bytes, once hashed */
	char sha256[DIGEST_HEX_BYTES]; /* the same; empty: it is not needed */
	char *listed; /* the ETag that the store shows; NULL: none */
	char *url;    /* where it goes, if the store gives URLs */
	int64_t url_ms, url_end_ms; /* given and expiring; clock_mono_ms() */
	bool was_refused;           /* at that URL, since it was stored */
	bool is_summed;             /* before its turn, as it was sent then */
	bool is_flying, is_stored;
};

/* A file on its way in parts. */
struct parts {
	struct parts *next; /* that is open */
	struct upload *u;
	struct item *item;
	enum part_step step;      /* the next one */
	char *key, *id;           /* of the upload */
	int64_t part_bytes;       /* 0: not known yet */
	int64_t good_ms;          /* its URLs; 0: not known */
	struct text_list headers; /* that go with them */
	struct part *all;
	size_t n, cap;
	size_t hashed, next_part; /* none before has to be sent */
	bool is_at_end;           /* what the store lacks there goes first */
	size_t in_air;            /* requests */
	bool is_begun;            /* by this run */
	bool is_asking;           /* for URLs */
	int64_t failed_ms;        /* the last failure */
	struct err err;           /* that one */
	bool is_unlisted;         /* something was sent since the last list */
	bool is_completing;       /* it may be complete, and we do not know */
	bool is_changed;          /* the file, meanwhile */
	bool is_doubtful;         /* what the store took was not to be had */
	bool is_ending;           /* nothing more is begun */
	bool is_over;

	/* Of the list that is being read. */
	size_t last;
	int64_t largest;
};

/* One of its requests. */
struct call {
	struct call *next;
	struct http_request request;
	struct parts *parts;
	enum part_step step;
	size_t number, n; /* of the part, from 1 on; n: of them, or ETags */
	int64_t started_ms;
	int64_t offset;
	char *url, *etag, *path; /* etag and path: what the answer says */
	char *made;              /* the id of what it completed */
	const char **etags;      /* of the parts that it completes */
	char *body;              /* a text */
	const struct http_answer *answer;
	struct request_text text;
	char sha256[DIGEST_HEX_BYTES]; /* of that */
	struct http_body part;
	struct text_list headers;
};

/* upload_item.c: the states of one of them. */

/* Has nothing been stored yet, in a run that may well fail? */
bool upload_is_cautious(const struct upload *);
void upload_note(struct upload *, const struct item *, enum event_kind);
/*
 * Before its first byte leaves, or what makes a file of its parts; false with
 * ITEM_FAILED when the journal is not ours any more.
 */
bool upload_note_sending(struct upload *, struct item *);
void upload_fail(struct upload *, struct item *, const struct err *);
void upload_make_ready(struct upload *, struct item *, int64_t due_ms);
void upload_ask(struct upload *, struct item *, int64_t list_due_ms);

/* The artifact's type, the caller's; NULL when it cannot be read. */
char *upload_type_of(struct upload *, const struct artifact *);

/* upload_end.c: what became of one that was under way, or of the list. */
void upload_ended(struct upload *, struct http_transfer *);
void upload_not_stored(struct upload *, struct item *,
    const struct http_answer *, const struct err *);
/*
 * Count a failure; true when it is to be tried again, then at due_ms.  The
 * answer may be NULL: it was none of the server's.
 */
bool upload_plan_repeat(struct upload *, struct item *,
    const struct http_answer *, const struct err *);
void upload_stored(struct upload *, struct item *, const char *id,
    const char *path);
/* The list has to show it; believe its absence from that moment on. */
void upload_doubt(struct item *, int64_t absent_from_ms);
void upload_unknown(struct upload *, struct item *, const struct http_answer *,
    const struct err *);
/* Say it where the server has another name for it. */
void upload_log_place(const struct item *, const struct http_answer *,
    const char *path);
void upload_free_flight(struct item *);

/* upload.c: -1 when it was said what became of it instead. */
int upload_open_flight(struct upload *, struct item *, const struct fact *);

/*
 * upload_parts.c: files that go in parts.  What is stored of one is found by
 * its hash: a head start, never a belief.
 */
void upload_parts_open(struct upload *, struct item *);

/*
 * The first that can go on at *due_ms, which becomes the moment since when it
 * can; NULL: none.
 */
struct item *upload_parts_due(const struct upload *, int64_t *due_ms);

/* Its next step: a request, or a part is read that need not be sent. */
void upload_parts_go(struct item *);

/* End those that have nothing under way, and the others once that ended. */
void upload_parts_give_up(struct upload *);

void upload_parts_end(struct parts *);
void upload_parts_fail(struct parts *, const struct call *,
    const struct http_answer *, const struct err *);
void upload_parts_send(struct parts *);
/* It is sent in one piece instead. */
void upload_parts_leave(struct parts *);

/* Where it begins, when nothing is known of an upload. */
enum part_step upload_parts_first(const struct parts *);

/*
 * upload_parts_answer.c: what came of its requests.  False: it is none of its
 * transfers.
 */
bool upload_parts_ended(struct upload *, struct http_transfer *);

/* upload_parts_call.c: its requests, and what their answers say of it. */
const struct part_ops *upload_part_ops(const struct parts *);
size_t upload_parts_of(int64_t size, int64_t part_bytes);

/*
 * How large its parts are: as they were hashed, as the journal has it, or as
 * those that are listed; of none that differs is the hash the same.
 */
int64_t upload_part_bytes(const struct parts *);
int64_t upload_part_size(const struct parts *, size_t i);

/* The journal's word of this upload, or with any of another one. */
const struct begun *upload_begun_of(const struct parts *, bool any);

/*
 * Is what the store shows of it what is in the file now?  Where an ETag is no
 * MD5, the journal knows what it stands for.
 */
bool upload_part_is_stored(const struct parts *, size_t i);

/* Room for so many; they are the file's, or what a list shows. */
void upload_parts_reserve(struct parts *, size_t n);
void upload_parts_list(struct parts *, size_t number, const char *etag);

/* What was stored of it is of no use; what was hashed is. */
void upload_parts_unlist(struct parts *);

/* What was given of where the parts go is of no use. */
void upload_parts_forget_urls(struct parts *, int64_t given_until_ms);

/* The parts have another size now. */
void upload_parts_hash_again(struct parts *);
bool upload_part_has_url(const struct parts *, size_t i);

/* -1 with *e: nothing proves who asks. */
int upload_call(struct parts *, enum part_step, size_t number, struct err *e);
enum part_outcome upload_call_judge(struct call *, const struct http_answer *,
    struct err *);

/* NULL: it is none of these. */
struct call *upload_call_of(const struct upload *,
    const struct http_transfer *);
void upload_call_free(struct call *);

/* How many bytes of it are stored for sure. */
int64_t upload_parts_stored(const struct item *);

/*
 * upload_abort.c: it is about to be stored otherwise, and then the journal
 * knows no more of what was begun of it.
 */
void upload_abort_rest(struct upload *, const struct item *);

/* upload_plan.c: what has to be sent? */
void upload_plan(struct upload *);

/* One more, where the progress says that it belongs. */
struct item *upload_add_item(struct upload *, const struct progress *,
    const struct artifact *);
void upload_free(struct upload *);

/* upload_watch.c: what it is like now, for who looks on. */
void upload_watch(void *upload);

/*
 * upload_recheck.c: where answers have one path for two artifacts, ask whether
 * the second has replaced the first: then that has its id, too.
 */
void upload_find_replaced(struct upload *);

/* upload_list.c: asking the server what it has. */
void upload_list_start(struct upload *);
void upload_list_done(struct upload *, const struct http_answer *);

#pragma once

#include "delivery/flight.h"
#include "delivery/upload.h"
#include "remote/inventory.h"

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
	struct retry retry;
	struct auth_use auth_use;
	int64_t due_ms;  /* clock_mono_ms() */
	struct err *err; /* of the last try */
	bool is_fresh;   /* never sent by anyone; the cursors find it */

	/* An unknown outcome, of this version or of an older one. */
	bool is_unknown;
	bool is_blind;          /* sent though nobody could ask */
	bool is_accepted;       /* the server has said that it took it */
	int64_t status;         /* what it said; 0: nothing */
	bool may_repeat;        /* once the list says that it is absent */
	int64_t absent_from_ms; /* believe that of a list begun later */

	/* The list must first show what is there of older versions. */
	bool is_rewritten;

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
	UPLOAD_FUTILE = 8,   /* after so many failures in a row nothing more is
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
	size_t n_ask, n_flying, n_media_flying;
	int64_t sync_due_ms; /* of the journal */
	size_t ahead;        /* items whose sending is noted at once */
	int futility;        /* of failures since the last success */

	struct inventory inventory;
	bool is_listing;
	int64_t list_due_ms;
	int64_t list_began_ms;
	int64_t list_pause_ms; /* between lists that show an absence */
	struct retry list_retry;
	struct auth_use list_auth_use;
	bool was_list_read;
	bool is_renaming; /* the server has names of its own */
};

/* upload_item.c: the states of one of them. */

/* Has nothing been stored yet, in a run that may well fail? */
bool upload_is_cautious(const struct upload *);
void upload_note(struct upload *, const struct item *, enum event_kind);
void upload_fail(struct upload *, struct item *, const struct err *);
void upload_make_ready(struct upload *, struct item *, int64_t due_ms);
void upload_ask(struct upload *, struct item *, int64_t list_due_ms);

/* The artifact's type, the caller's; NULL when it cannot be read. */
char *upload_type_of(struct upload *, const struct artifact *);

/* upload_end.c: what became of one that was under way, or of the list. */
void upload_ended(struct upload *, struct http_transfer *);
void upload_not_stored(struct upload *, struct item *,
    const struct http_answer *, const struct err *);
void upload_free_flight(struct item *);

/* upload_plan.c: what has to be sent? */
void upload_plan(struct upload *);
void upload_free(struct upload *);

/* upload_watch.c: what it is like now, for who looks on. */
void upload_watch(void *upload);

/* upload_list.c: asking the server what it has. */
void upload_list_start(struct upload *);
void upload_list_done(struct upload *, const struct http_answer *);

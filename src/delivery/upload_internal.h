#ifndef DELIVERY_UPLOAD_INTERNAL_H
#define DELIVERY_UPLOAD_INTERNAL_H

#include "delivery/flight.h"
#include "delivery/upload.h"

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
	int64_t size, mtime_ns; /* as last sent, or as found */
	struct remote_name remote;
	enum item_state state;
	struct flight *flight; /* when flying */
	struct retry retry;
	struct auth_use auth_use;
	int64_t due_ms;  /* clock_mono_ms() */
	struct err *err; /* of the last try */
	bool is_fresh;   /* never sent by anyone; the cursors find it */

	/* An unknown outcome. */
	bool is_unknown;
	bool may_repeat;        /* once the list says that it is absent */
	int64_t absent_from_ms; /* believe that of a list begun then */

	char *type, *sha256; /* of what was sent then; NULL: not known */
	bool is_rewritten;   /* what an earlier run sent was another version */

	/* What the list in progress said of it. */
	bool is_listed;
	char *listed_id;
};

struct upload {
	const struct upload_deps *deps;
	struct upload_totals *totals;
	struct mimetype *mimetype;
	struct text_list headers; /* of the list */
	struct item *items;
	size_t n;
	struct item **by_path;           /* sorted by remote path */
	size_t next_media, next_sidecar; /* none before is fresh */
	struct item **waiting;           /* to be sent again */
	size_t n_waiting, cap_waiting;
	size_t n_ask, n_flying, n_media_flying;
	int64_t sync_due_ms; /* of the journal */
	size_t n_given_up;   /* for want of a server, since a success */

	struct listing listing;
	bool is_listing;
	int64_t list_due_ms;
	int64_t list_began_ms;
	int64_t list_pause_ms; /* between lists that show an absence */
	struct retry list_retry;
	struct auth_use list_auth_use;
	bool was_list_read;
};

/* upload.c */
void upload_note(struct upload *, const struct item *, enum event_kind);
void upload_fail(struct upload *, struct item *, const struct err *);
void upload_make_ready(struct upload *, struct item *, int64_t due_ms);
void upload_ask(struct upload *, struct item *, int64_t list_due_ms);

void upload_free(struct upload *);

/* upload_plan.c: what has to be sent? */
void upload_plan(struct upload *);

/* upload_watch.c: what it is like now, for who looks on. */
void upload_watch(void *upload);

/* upload_list.c: asking the server what it has. */
void upload_list_start(struct upload *);
/* The artifact's type, the caller's; NULL when it cannot be read. */
char *upload_type_of(struct upload *, const struct artifact *);

void upload_list_done(struct upload *, const struct http_answer *);

#endif

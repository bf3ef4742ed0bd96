#ifndef SIM_PARTS_INTERNAL_H
#define SIM_PARTS_INTERNAL_H

#include "base/text.h"

#include "parts_model.h"

/* What parts_model.c and parts_answer.c share; nobody else includes this. */

#define PARTS_STORAGE "http://" PARTS_HOST "/"

enum { PARTS_MAX = 100 };

struct part {
	char *data;
	size_t len;
	char *etag;
};

struct upload {
	char *id;
	int recording, meeting;  /* 0: not known when it was begun */
	char *folder, *filename; /* when it was begun */
	size_t part_bytes;
	struct part parts[PARTS_MAX];
	bool was_kept;           /* aborting it has failed */
	bool is_noted, is_known; /* in a journal; and synced */
	struct upload *next;
};

extern struct upload *parts_uploads;
extern int parts_next_id;

/* How the extension behaves. */
struct parts_habits {
	int64_t from_ms, to_ms; /* when it is offered */
	int absence;            /* of absences[] in parts_answer.c */
	bool is_all_absent;     /* of every request; else 404 */
	int64_t life_ms;        /* of a URL */
	int64_t told_s;         /* the lifetime it reports; 0: none */
	int storage_status;     /* of each PUT; 0: it accepts them */
	enum { ETAG_MD5, ETAG_OWN, ETAG_NONE, ETAGS } etag;
	size_t n_headers;
	bool is_strict; /* complete must name all parts */
	bool is_wrapped, is_backwards, is_sparing;
};
extern struct parts_habits parts_habits;

/* What a request asks for. */
struct asked {
	char *meeting, *id;
	const char *tail; /* what follows the id */
};

/* Add the headers that belong to the URLs of an upload. */
void parts_add_headers(struct text_list *headers, const char *id);
void parts_drop(struct upload *);

/* parts_answer.c */
void parts_be_absent(struct reply *, bool is_begin);
void parts_begin(const struct arrival *, const struct asked *, struct reply *);
void parts_give_urls(const struct arrival *, const struct upload *,
    struct reply *);
void parts_put(const struct arrival *, struct upload *, const char *tail,
    struct reply *);
void parts_list(const struct upload *, struct reply *);
void parts_complete(const struct arrival *, struct upload *, struct reply *);

#endif

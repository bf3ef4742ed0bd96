#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

/* The models of the two services. */

enum stage { STAGE_LOOKUP, STAGE_LIST, STAGE_UPLOAD, STAGE_WEBHOOK, STAGES };

/* A request as it arrives. */
struct arrival {
	enum stage stage;
	int recording; /* -1: not one of ours */
	char *url;
	char *filename;
	const char *method;
	char *webhook_id;
	char *md5;      /* Content-MD5 */
	char event[16]; /* of a webhook */
	int64_t timestamp;
	int64_t since_ms; /* when the process that sends it began */
	int64_t sent_ms;
	bool is_heard; /* its answer arrives */
	struct buf body;
};

struct reply {
	int status;
	const char *type;
	struct buf body;
	char *etag;
	bool is_needed; /* no list will show what it says */
};

/* How the file-service of this history behaves. */
struct personality {
	int64_t lag_ms;
	enum { PATH_AS_ASKED, PATH_LOWER, PATH_PREFIX, PATH_OWN, PATHS } path;
	enum { SIZE_NUMBER, SIZE_TEXT, SIZE_FLOAT, SIZE_NONE, SIZES } size;
	enum { ID_NUMBER, ID_TEXT, IDS } id;
	enum { SAYS_RECORD, SAYS_OK, SAYS_202, SAYS_204, ANSWERS } answer;
	enum { APPENDS, UPSERTS_SAME_ID, UPSERTS_NEW_ID, STORES } store;
	int list_refusal; /* status; 0: it lists */
};
extern struct personality personality;

void server_reset(void);
void server_act(const struct arrival *, struct reply *);
void arrival_free(struct arrival *);

/* As an earlier client stored it, not by our requests. */
struct version;
void server_plant(int recording, const struct version *);

/* The file has arrived completely: store it, and reply with its record. */
void server_take(const struct arrival *, int meeting, const char *path,
    const struct buf *data, struct reply *);

/* The objects of a bucket, see s3_model.h: those that a list shows. */
void server_put(int meeting, const char *path, const void *data, size_t len,
    const char *etag);
void server_each(const char *prefix,
    void (*show)(void *ctx, const char *path, size_t len, const char *etag),
    void *ctx);

/* Does it have these bytes, at this path of the recording? */
bool server_has(const struct version *);

/* How late a file can be stored, still within answer-timeout. */
enum { LATE_MAX_MS = 45000, LAG_MAX_MS = 10000 };

#endif

#pragma once

#include "base/retry.h"
#include "io/digest.h"
#include "io/http.h"
#include "journal/progress.h"
#include "remote/auth.h"
#include "remote/remote_name.h"

/*
 * Where recordings go: a table of operations for each kind of store.  What
 * applies to all stores is elsewhere: read the list, send the difference, and
 * settle an unknown outcome by the list.
 */

struct inventory;

enum { S3_ACCESS_KEY, S3_SECRET_KEY, S3_SESSION_TOKEN, S3_KEYS };

/* Keys for signing; some expire and are read again. */
struct s3_keys {
	char *texts[S3_KEYS]; /* NULL or empty: not set */
	char *files[S3_KEYS]; /* read from these; NULL: not from a file */
};

struct s3_policy {
	char *url, *bucket, *region;
	struct s3_keys *keys;
	char *key;      /* "{room}/{session}/{path}" */
	int addressing; /* enum s3_addressing */
	int64_t part_bytes;
};

enum s3_addressing { S3_PATH, S3_HOST };

enum store { STORE_FILE_SERVICE, STORE_S3 };

/* Does the file-service accept parts? Shared by all processes of a run. */
struct parts_offer;
struct parts_offer *parts_offer_new(void);
void parts_offer_free(struct parts_offer *);

struct file_service_policy {
	char *url;
	int parts;          /* enum wanted */
	int64_t parts_from; /* larger files go in parts */
	struct text_list part_hosts;
	struct parts_offer *offer; /* NULL: ask each time */
};

enum wanted { WANTED_AUTO, WANTED_NO };

struct destination_policy {
	int store;                         /* enum store */
	const struct destination_ops *ops; /* of this store */
	struct file_service_policy file;
	struct s3_policy s3;
	int64_t answer_timeout_ms;
};

struct destination {
	const struct destination_policy *policy;
	struct http *http;
	struct auth *auth;
	const struct retry_policy *retry;
};

/* The requests of an upload in parts. */
enum part_step {
	PART_FIND,     /* which uploads have begun? */
	PART_BEGIN,    /* begin an upload */
	PART_LIST,     /* which parts are there? */
	PART_PUT,      /* send a part */
	PART_COMPLETE, /* make an object of the parts */
	PART_ABORT,    /* discard the upload */
	PART_URLS,     /* get URLs for the next parts */
};

struct part_call {
	enum part_step step;
	const char *key; /* of the upload; for PART_FIND a prefix */
	const char *id;  /* of the upload */
	size_t number;   /* of the part, from 1; for PART_LIST the last
			    known one, for PART_URLS the first */

	/* PART_FIND: where the list continues; NULL: from the start. */
	const char *after_key, *after_id;

	/* For an upload that is begun or completed. */
	const struct progress *progress;
	const struct remote_name *name;
	const char *type;
	int64_t size;       /* -1: unknown so far */
	const char *sha256; /* NULL: unknown */
	const char *const *etags;
	size_t n; /* etags, or URLs */
};

/* What an answer contains; the rest is NULL or 0. */
struct part_record {
	char *path, *id;                 /* of an upload or the whole object */
	char *etag;                      /* of a part or the whole object */
	char *url;                       /* of a part */
	int64_t good_ms;                 /* how long url is valid; 0: forever */
	const struct text_list *headers; /* to send with the URLs */
	size_t number;
	int64_t size; /* of a part, or required for parts */

	/* Where a list of uploads continues, in its last record; borrowed. */
	const char *next_key, *next_id;
};

enum part_outcome {
	PART_DONE,
	PART_MORE,    /* the list continues */
	PART_GONE,    /* the upload does not exist */
	PART_BAD,     /* the store has other parts than named */
	PART_MANY,    /* the part number is too high */
	PART_REFUSED, /* the store does not support this */
	PART_EXPIRED, /* the URL; request new ones */
	PART_UNFIT,   /* the file must be sent in one piece */
	PART_FAILED,  /* any other failure */
};

enum part_offer { OFFER_ASK, OFFER_WAIT, OFFER_NONE };

enum { PART_MD5_BYTES = 16 };

enum put_outcome { PUT_NOT_STORED, PUT_UNKNOWN, PUT_STORED };

/* Uploads in parts: pure, except for what the offer remembers. */
struct part_ops {
	bool finds;      /* can find uploads whose ids we do not know */
	bool gives_urls; /* for parts, and determines their size */
	size_t at_once;  /* parts of a file sent at once; 0: any number */

	/* The part size for a file; 0: send it in one piece. */
	int64_t (*bytes)(const struct destination_policy *, int64_t size);

	/* May an upload begin? NULL: always. */
	enum part_offer (*offer)(const struct destination_policy *);

	/* Does the key depend only on room and session? */
	bool (*is_placed_early)(const struct destination_policy *);

	/*
	 * The key of an upload; one begun under another key can be resumed if
	 * continues() agrees.  The caller frees the key.
	 */
	char *(*key)(const struct progress *, const struct remote_name *);
	bool (*continues)(const char *begun, const char *key);

	/* The URL of a call, which the caller frees, and its method. */
	char *(*url)(const struct destination_policy *,
	    const struct part_call *, const char **method);

	/*
	 * The body of a call if it is text, which the caller frees, and its
	 * type.
	 */
	char *(*body)(const struct part_call *, const char **type);

	/* Judge an answer; found() is called with each record in it. */
	enum part_outcome (*judge)(const struct destination_policy *,
	    const struct part_call *, const struct http_answer *,
	    void (*found)(void *ctx, const struct part_record *), void *ctx,
	    struct err *e);

	/* The id of an object made of parts with these MD5s; the caller
	 * frees it.  NULL: the answer has it. */
	char *(*whole)(const unsigned char (*md5s)[PART_MD5_BYTES], size_t n,
	    const char *path);
};

struct destination_ops {
	enum http_service service;
	bool wants_md5; /* needs the MD5 before each body */

	/* The base URL, and the name of the setting with it. */
	const char *(
	    *url)(const struct destination_policy *, const char **setting);

	/* Can these settings be used? -1 with ERR_CONFIG. */
	int (*check)(const struct destination_policy *, struct err *e);

	/* What needs the meeting id; NULL: nothing. */
	const char *(*meeting_user)(const struct destination_policy *);

	/* The prefix of all names of a recording; the caller frees it. */
	char *(*folder)(const struct destination_policy *,
	    const struct progress *);

	/*
	 * The request that stores a body: its URL, which the caller frees, and
	 * the members that the caller did not set.
	 */
	char *(*put)(const struct destination_policy *, const struct progress *,
	    const struct remote_name *, struct http_request *);

	/*
	 * The outcome of a put of size bytes.  Stored means that the store
	 * confirms all of them: *id is then the id, and *path the reported
	 * place (NULL: none); the caller frees both.  Otherwise *e says what
	 * happened.
	 */
	enum put_outcome (*judge)(const struct http_answer *,
	    const struct remote_name *, int64_t size, char **id, char **path,
	    struct err *e);

	const struct part_ops *parts; /* NULL: does not accept parts */

	/* Set class and text for the error of a refused request; NULL: keep
	 * the defaults. */
	void (*explain)(const struct http_answer *, struct err *e);

	/* URLs of the list with the recording, and of an object by its id. */
	char *(*list_url)(const struct destination_policy *,
	    const struct progress *);
	char *(*fetch_url)(const struct destination_policy *, const char *id);

	/* The same for others to use: for S3 it ends with /BUCKET/KEY. */
	char *(*public_url)(const struct destination_policy *, const char *id);

	/* Read a page of the list into the inventory; see inventory.h. */
	int (*page_add)(struct inventory *, const char *data, size_t len,
	    struct err *e);
	int (*page_end)(struct inventory *, const struct http_answer *,
	    char **next, struct err *e);
	void (*page_close)(struct inventory *);

	/* Append authentication headers, as auth_add_header(). */
	int (*authorize)(const struct destination *,
	    const struct http_request *, struct auth_use *,
	    struct text_list *headers, struct err *e);

	/* Repeat it with other credentials? As auth_wants_retry(). */
	bool (*wants_retry)(const struct destination *, struct auth_use *,
	    const struct http_answer *);

	/* Take over credentials that were renewed meanwhile; NULL: none. */
	void (*renew)(const struct destination_policy *);
};

/* For each enum store. */
extern const struct destination_ops file_service, s3;
const struct destination_ops *destination_ops(enum store);

/* The remote name of an artifact of a resolved recording. */
void destination_name(struct remote_name *, const struct destination_policy *,
    const struct progress *, const char *artifact_path);

/*
 * How long the answer to size bytes may take: the policy's time plus one second
 * per 20 MiB.
 */
int64_t destination_patience_ms(const struct destination_policy *,
    int64_t size);

/*
 * After an unknown outcome: may the file still appear? Only 500 and 501 come
 * from the application itself.  Other gateway errors for a forwarded request
 * (502, 503, 504, Cloudflare's 520 to 524) say nothing about the application,
 * and a 2xx without a record promises the file for later.
 */
bool destination_may_be_storing(long status);

/*
 * Did the application accept the file (2xx), even without returning a record? A
 * page of HTML does not count.
 */
bool destination_is_accepted(const struct http_answer *);

/*
 * The SHA-256 of what is stored under an id, of exactly the bytes received.  -1
 * with the class of the failure, also when the number of bytes differs from
 * size (-1: any number).  Stops after most bytes (at least size); if there are
 * more, the result matches nothing that has most bytes.
 */
int destination_hash(const struct destination *, const char *id, int64_t size,
    int64_t most, char hex[DIGEST_HEX_BYTES], struct err *e);

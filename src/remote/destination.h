#pragma once

#include "base/retry.h"
#include "io/digest.h"
#include "io/http.h"
#include "journal/progress.h"
#include "remote/auth.h"
#include "remote/remote_name.h"

/*
 * Where recordings go: a table of operations for each kind of store.  What is
 * true of all of them is not here: the list is asked, then the difference is
 * sent, and an unknown outcome is settled by the list.
 */

struct inventory;

enum { S3_ACCESS_KEY, S3_SECRET_KEY, S3_SESSION_TOKEN, S3_KEYS };

/* What signs; some expire, and are read again. */
struct s3_keys {
	char *texts[S3_KEYS]; /* NULL or empty: none */
	char *files[S3_KEYS]; /* that they came from; NULL: from none */
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

/* Does the file-service take parts?  All processes of a run share the word. */
struct parts_offer;
struct parts_offer *parts_offer_new(void);
void parts_offer_free(struct parts_offer *);

struct file_service_policy {
	char *url;
	int parts;          /* enum wanted */
	int64_t parts_from; /* larger files go in parts */
	struct text_list part_hosts;
	struct parts_offer *offer; /* NULL: it is asked each time */
};

enum wanted { WANTED_AUTO, WANTED_NO };

struct destination_policy {
	int store;                         /* enum store */
	const struct destination_ops *ops; /* of that */
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
	PART_FIND,     /* which uploads have been begun? */
	PART_BEGIN,    /* one more */
	PART_LIST,     /* which parts of it are there? */
	PART_PUT,      /* one of them */
	PART_COMPLETE, /* make an object of them */
	PART_ABORT,    /* forget them */
	PART_URLS,     /* where do the next ones go? */
};

struct part_call {
	enum part_step step;
	const char *key; /* of the upload; to find: a beginning */
	const char *id;  /* of the upload */
	size_t number;   /* of the part, from 1 on; to list: the last known;
			    of URLs the first */

	/* To find: where the list goes on; NULL: it begins. */
	const char *after_key, *after_id;

	/* Of what is begun or completed. */
	const struct progress *progress;
	const struct remote_name *name;
	const char *type;
	int64_t size;       /* -1: it is not known yet */
	const char *sha256; /* NULL: not known */
	const char *const *etags;
	size_t n; /* etags, or URLs */
};

/* What an answer names; what it does not name is NULL or 0. */
struct part_record {
	char *path, *id; /* of an upload, or of the whole */
	char *etag;      /* of a part, or of the whole */
	char *url;       /* of a part, and good for so long; 0: for ever */
	int64_t good_ms;
	const struct text_list *headers; /* that go with the URLs */
	size_t number;
	int64_t size; /* of a part, or that parts have to have */

	/* Where a list of uploads goes on, with its last record; borrowed. */
	const char *next_key, *next_id;
};

enum part_outcome {
	PART_DONE,
	PART_MORE,    /* of the list */
	PART_GONE,    /* there is no such upload */
	PART_BAD,     /* its parts are not those that were named */
	PART_MANY,    /* no part has such a number */
	PART_REFUSED, /* the store does not do this */
	PART_EXPIRED, /* the URL; there are others */
	PART_UNFIT,   /* the file has to go there in one piece */
	PART_FAILED,  /* else */
};

enum part_offer { OFFER_ASK, OFFER_WAIT, OFFER_NONE };

enum { PART_MD5_BYTES = 16 };

enum put_outcome { PUT_NOT_STORED, PUT_UNKNOWN, PUT_STORED };

/* Uploads in parts: pure, but for what the offer remembers. */
struct part_ops {
	bool finds;      /* uploads whose ids we do not know */
	bool gives_urls; /* for the parts, and says how large these are */
	size_t at_once;  /* parts of a file on their way; 0: any number */

	/* How large the parts of a file are; 0: it goes in one piece. */
	int64_t (*bytes)(const struct destination_policy *, int64_t size);

	/* May an upload be begun?  NULL: always. */
	enum part_offer (*offer)(const struct destination_policy *);

	/* Is the place known from room and session alone? */
	bool (*is_placed_early)(const struct destination_policy *);

	/*
	 * Where an upload would be; one that was begun under another key can go
	 * on if continues() says so.  The caller frees the key.
	 */
	char *(*key)(const struct progress *, const struct remote_name *);
	bool (*continues)(const char *begun, const char *key);

	/* The url, which the caller frees, and the method of a call. */
	char *(*url)(const struct destination_policy *,
	    const struct part_call *, const char **method);

	/* Its body, if it is a text, which the caller frees, and the type. */
	char *(*body)(const struct part_call *, const char **type);

	/* What the answer says; found() is shown what it names. */
	enum part_outcome (*judge)(const struct destination_policy *,
	    const struct part_call *, const struct http_answer *,
	    void (*found)(void *ctx, const struct part_record *), void *ctx,
	    struct err *e);

	/* The id of what is made of parts with these MD5s, to be freed; NULL:
	 * the answer names it. */
	char *(*whole)(const unsigned char (*md5s)[PART_MD5_BYTES], size_t n,
	    const char *path);
};

struct destination_ops {
	enum http_service service;
	bool wants_md5; /* of what is put there, in front of it */

	/* Where it is, and the setting that says so. */
	const char *(
	    *url)(const struct destination_policy *, const char **setting);

	/* Can it be asked by these settings?  -1 with ERR_CONFIG. */
	int (*check)(const struct destination_policy *, struct err *e);

	/* What of it needs the meeting's id; NULL: nothing. */
	const char *(*meeting_user)(const struct destination_policy *);

	/* What the names of a recording begin with; the caller frees it. */
	char *(*folder)(const struct destination_policy *,
	    const struct progress *);

	/*
	 * The request that stores a body there; its url, and what the caller
	 * did not set.  The caller frees the url.
	 */
	char *(*put)(const struct destination_policy *, const struct progress *,
	    const struct remote_name *, struct http_request *);

	/*
	 * What became of a put of size bytes.  Stored means that the store says
	 * so, of all of them: *id is then the id, and *path where it is said to
	 * be (NULL: not said); the caller frees both.  Else *e says what
	 * happened.
	 */
	enum put_outcome (*judge)(const struct http_answer *,
	    const struct remote_name *, int64_t size, char **id, char **path,
	    struct err *e);

	const struct part_ops *parts; /* NULL: it takes none */

	/* Give the error of a request that was refused its class and words;
	 * NULL: it has them. */
	void (*explain)(const struct http_answer *, struct err *e);

	/* A list that holds the recording; what is stored under an id. */
	char *(*list_url)(const struct destination_policy *,
	    const struct progress *);
	char *(*fetch_url)(const struct destination_policy *, const char *id);

	/* The same for others: of S3 it ends with /BUCKET/KEY. */
	char *(*public_url)(const struct destination_policy *, const char *id);

	/* Read a page of the list into the inventory; see inventory.h. */
	void (*page_open)(struct inventory *);
	int (*page_add)(struct inventory *, const char *data, size_t len,
	    struct err *e);
	int (*page_end)(struct inventory *, const struct http_answer *,
	    char **next, struct err *e);
	void (*page_close)(struct inventory *);

	/* Append the headers that prove who asks, as auth_add_header(). */
	int (*authorize)(const struct destination *,
	    const struct http_request *, struct auth_use *,
	    struct text_list *headers, struct err *e);

	/* Is it to be made again, with another proof?  As auth_is_mended(). */
	bool (*is_mended)(const struct destination *, struct auth_use *,
	    const struct http_answer *);

	/* Take over proofs that were renewed meanwhile; NULL: it has none. */
	void (*renew)(const struct destination_policy *);
};

/* Of each enum store. */
extern const struct destination_ops file_service, s3;
const struct destination_ops *destination_ops(enum store);

/* The place of an artifact of the resolved recording. */
void destination_name(struct remote_name *, const struct destination_policy *,
    const struct progress *, const char *artifact_path);

/*
 * How long the answer to size bytes may take: the policy's time and one second
 * for each 20 MiB.
 */
int64_t destination_patience_ms(const struct destination_policy *,
    int64_t size);

/*
 * After an unknown outcome: may it still be stored?  Only 500 and 501 are the
 * application's own word; what else a gateway says of a request that it passed
 * on (502, 503, 504, Cloudflare's 520 to 524) says nothing of the application,
 * and a 2xx without a record promises the file for later.
 */
bool destination_may_be_storing(long status);

/*
 * Did the application take the file (2xx), though without a record of it?  A
 * page of HTML is nobody's word.
 */
bool destination_is_accepted(const struct http_answer *);

/*
 * The SHA-256 of what is stored under an id, byte for byte as it comes.  -1
 * with the class of the failure, also when there are more or fewer bytes than
 * size (-1: any number).  Of more than most, which is at least size, the rest
 * is not read: it is that of nothing with most bytes.
 */
int destination_hash(const struct destination *, const char *id, int64_t size,
    int64_t most, char hex[DIGEST_HEX_BYTES], struct err *e);

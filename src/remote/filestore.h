#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "io/http.h"
#include "io/json.h"

/* The file-service: what it holds, and how an artifact gets there. */

struct filestore_policy {
	char *url;
	int64_t answer_timeout_ms;
};

/* Where an artifact belongs at the server. */
struct remote_name {
	char *path; /* "/room/session/sub/file", as the list shows it */
	const char *filename; /* its end */
	bool is_renamed;      /* the server could not take its own name */
};

/*
 * A name goes as it is when it is UTF-8 without control characters and
 * backslashes (Spring's StringUtils.cleanPath makes them slashes) and short
 * enough for a part header of 512 bytes (Tomcat's maxPartHeaderSize).
 * Otherwise a safe one that is unique by a hash takes its place.  Pure.
 */
void remote_name_make(struct remote_name *, const char *room,
    const char *session, const char *artifact_path);
void remote_name_free(struct remote_name *);

/* What is in front of the filename; the caller frees it. */
char *remote_name_folder(const struct remote_name *);

/*
 * How long the server may take for its answer: the policy's time and one
 * second for each 20 MiB.
 */
int64_t filestore_answer_timeout_ms(const struct filestore_policy *,
    int64_t size);

/* POST .../files/structured/{id}?path={folder}; the caller frees it. */
char *filestore_upload_url(const struct filestore_policy *,
    const char *meeting_id, const char *folder);

enum upload_outcome { UPLOAD_NOT_STORED, UPLOAD_UNKNOWN, UPLOAD_STORED };

/*
 * What became of an upload of size bytes.  Stored means: all sent, 2xx, and
 * a record with an id and, where it names a size, the right one.  *id is
 * then the remote id and *path where it is said to be (NULL: not said); the
 * caller frees both.  Else *e says what happened.
 */
enum upload_outcome filestore_judge_upload(const struct http_answer *,
    int64_t size, char **id, char **path, struct err *e);

/*
 * After an unknown outcome: may the server still be storing?  Only 500 and
 * 501 are the application's own word; what else a gateway says of a request
 * that it passed on (502, 503, 504, Cloudflare's 520 to 524) says nothing of
 * the application, and a 2xx without a record promises the file for later.
 */
bool filestore_may_be_storing(long status);

/*
 * Did the application take the file (2xx), though without a record of it?  A
 * page of HTML is nobody's word.
 */
bool filestore_is_accepted(const struct http_answer *);

/*
 * A record's id as text: a string that can be part of a URL's path, or a whole
 * number; NULL when it has none.  The caller frees it.
 */
char *filestore_record_id(const json_t *record);

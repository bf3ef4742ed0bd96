#include "remote/filestore.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/digest.h"
#include "remote/request.h"

enum {
	NAME_BYTES = 300, /* escaped; with the rest below 512 */
	KEPT_BYTES = 100, /* of a name that has to change */
	EXTENSION_BYTES = 10,
	HASH_CHARACTERS = 12,
	LIST_BYTES = 256 * 1024 * 1024,
	MIB = 1024 * 1024,
};

static size_t
escaped_bytes(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += *s == '"' ? 2 : 1;
	return n;
}

/* "~" and the hash, then the end or an extension: a name of safe_name(). */
static bool
is_made_name(const char *s)
{
	static const char hex[] = "0123456789abcdef";

	for (s = strchr(s, '~'); s != NULL; s = strchr(s + 1, '~'))
		if (strspn(s + 1, hex) == HASH_CHARACTERS &&
		    strchr(".", s[1 + HASH_CHARACTERS]))
			return true;
	return false;
}

/* A name that looks made is made anew, so that no two can become one. */
static bool
is_safe_name(const char *s)
{
	return text_is_utf8(s) && !text_has_control(s) && !strchr(s, '\\') &&
	    escaped_bytes(s) <= NAME_BYTES && !is_made_name(s);
}

/* "weird?name.mp4" becomes "weird_name~0123456789ab.mp4". */
static char *
safe_name(const char *s)
{
	const char *dot = strrchr(s, '.');
	size_t extension = dot && dot > s ? strlen(dot) : 0;
	size_t stem = strlen(s);
	struct digest *d = digest_new();
	char hex[DIGEST_HEX_BYTES];
	char *name;

	digest_add(d, s, strlen(s));
	digest_hex(d, hex);
	digest_free(d);
	if (extension > EXTENSION_BYTES)
		extension = 0;
	stem -= extension;
	name = xasprintf("%.*s~%.*s%s",
	    (int)(stem > KEPT_BYTES ? KEPT_BYTES : stem), s, HASH_CHARACTERS,
	    hex, extension ? dot : "");
	for (char *c = name; *c; c++)
		if (!isascii((unsigned char)*c) ||
		    !isprint((unsigned char)*c) || *c == '\\' || *c == '"')
			*c = '_';
	return name;
}

/* Append one segment of the path, under a name that the server takes. */
static void
add_segment(struct remote_name *r, struct buf *path, const char *segment)
{
	autofree char *safe = is_safe_name(segment) ? NULL : safe_name(segment);

	r->is_renamed |= safe != NULL;
	(void)buf_adds(path, safe ? safe : segment);
}

void
remote_name_make(struct remote_name *r, const char *room, const char *session,
    const char *artifact_path)
{
	struct buf path = { 0 };
	size_t folder_len;
	const char *slash;

	*r = (struct remote_name){ 0 };
	(void)buf_addf(&path, "/%s/%s/", room, session);
	while ((slash = strchr(artifact_path, '/')) != NULL) {
		autofree char *segment =
		    xstrndup(artifact_path, (size_t)(slash - artifact_path));

		add_segment(r, &path, segment);
		(void)buf_adds(&path, "/");
		artifact_path = slash + 1;
	}
	folder_len = path.len;
	add_segment(r, &path, artifact_path);
	/* There may be many of them: none keeps more than it needs. */
	r->path = xreallocarray(path.data, path.len + 1, 1);
	r->filename = r->path + folder_len;
}

void
remote_name_free(struct remote_name *r)
{
	free(r->path);
	*r = (struct remote_name){ 0 };
}

char *
remote_name_folder(const struct remote_name *r)
{
	return xstrndup(r->path, (size_t)(r->filename - r->path));
}

int64_t
filestore_answer_timeout_ms(const struct filestore_policy *policy, int64_t size)
{
	return policy->answer_timeout_ms + size / (20 * MIB) * 1000;
}

char *
filestore_upload_url(const struct filestore_policy *policy,
    const char *meeting_id, const char *folder)
{
	autofree char *query = text_percent_encode(folder, "/");
	autofree char *path =
	    xasprintf("/files/structured/%s?path=%s", meeting_id, query);

	return request_url(policy->url, path);
}

/* A record must prove that it speaks of this file. */
static int
read_record(const struct http_answer *answer, int64_t size, char **id,
    struct err *e)
{
	autojson json_t *json = request_answer_json(answer, e);
	const json_t *record_id = json_object_get(json, "id");
	const json_t *size_json = json_object_get(json, "size");
	int64_t stored = json_member_int(json, "size", size);

	if (json == NULL)
		return -1;
	if (stored != size)
		return err_set(e, ERR_TEMPORARY,
		    "HTTP %ld, but the server stored %lld of %lld bytes",
		    answer->status, (long long)stored, (long long)size);
	/* A size that is no number proves nothing. */
	if (record_id &&
	    (!size_json || json_is_null(size_json) ||
		json_is_integer(size_json)))
		*id = json_plain_id(record_id);
	if (*id != NULL)
		return 0;
	return err_set(e, ERR_TEMPORARY,
	    "HTTP %ld, but the answer is no record of a file", answer->status);
}

enum upload_outcome
filestore_judge_upload(const struct http_answer *answer, int64_t size,
    char **id, struct err *e)
{
	*id = NULL;
	if (answer->outcome == HTTP_ANSWERED) {
		if (read_record(answer, size, id, e) == 0)
			return UPLOAD_STORED;
		(void)err_wrap(e, "%s", answer->what);
		return UPLOAD_UNKNOWN;
	}
	*e = answer->err;
	if (answer->status == 404 || answer->status == 405)
		e->class = ERR_CONFIG;
	if (answer->status == 413)
		(void)err_wrap(e, "too large for the server (%lld bytes)",
		    (long long)size);
	return answer->outcome == HTTP_UNKNOWN ? UPLOAD_UNKNOWN
					       : UPLOAD_NOT_STORED;
}

bool
filestore_may_be_storing(const struct http_answer *answer)
{
	return answer->status == 0 || answer->status == 502 ||
	    answer->status == 504;
}

static int
on_record(void *ctx, const json_t *json, struct err *e)
{
	struct listing *listing = ctx;
	const json_t *id_json = json_object_get(json, "id");
	autofree char *id = id_json ? json_plain_id(id_json) : NULL;
	const char *path = json_member_string(json, "path");
	autofree char *with_slash = NULL;
	struct remote_file file = {
		.id = id,
		.size = json_member_int(json, "size", -1),
	};

	(void)e;
	if (path == NULL)
		return 0;
	if (*path != '/')
		with_slash = xasprintf("/%s", path);
	file.path = with_slash ? with_slash : path;
	listing->found(listing->ctx, &file);
	return 0;
}

static int
feed(void *ctx, const char *data, size_t len, struct err *e)
{
	struct listing *listing = ctx;

	return json_stream_feed(&listing->stream, data, len, e);
}

void
listing_prepare(struct listing *listing, const struct filestore_policy *policy,
    const char *meeting_id, const struct text_list *headers)
{
	autofree char *path = xasprintf("/metadata?referenceId=%s", meeting_id);

	listing->url = request_url(policy->url, path);
	listing->stream = (struct json_stream){
		.element = on_record,
		.ctx = listing,
	};
	listing->request = (struct http_request){
		.url = listing->url,
		.headers = headers,
		.answer_timeout_ms = policy->answer_timeout_ms,
		.answer_limit = LIST_BYTES,
		.sink = feed,
		.sink_ctx = listing,
		.owner = listing,
	};
}

int
listing_end(struct listing *listing, const struct http_answer *answer,
    struct err *e)
{
	if (answer->outcome != HTTP_ANSWERED) {
		*e = answer->err;
		return -1;
	}
	if (json_stream_end(&listing->stream, e) == -1)
		return err_wrap(e, "%s: the answer", answer->what);
	return 0;
}

void
listing_free(struct listing *listing)
{
	buf_free(&listing->stream.pending);
	free(listing->url);
	listing->url = NULL;
}

bool
listing_is_refused(long status)
{
	return status == 401 || status == 403 || status == 404 ||
	    status == 405 || status == 501;
}

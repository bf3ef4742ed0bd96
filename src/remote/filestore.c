#include "remote/filestore.h"

#include <ctype.h>
#include <inttypes.h>
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
	ID_BYTES = 256,
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

char *
filestore_record_id(const json_t *record)
{
	const json_t *id = json_object_get(record, "id");
	const char *text = json_string_value(id);
	int64_t number = json_member_number(record, "id", -1);

	if (text == NULL)
		return number < 0 ? NULL : xasprintf("%" PRId64, number);
	/* The dots would be a folder of a URL, however they are encoded. */
	return *text && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
		strlen(text) <= ID_BYTES && !text_has_control(text)
	    ? xstrdup(text)
	    : NULL;
}

/* A record must prove that it speaks of this file. */
static int
read_record(const struct http_answer *answer, int64_t size, char **id,
    char **path, struct err *e)
{
	autojson json_t *json = request_answer_json(answer, e);
	const char *said = json_member_string(json, "path");
	int64_t stored = json_member_number(json, "size", size);

	if (json == NULL)
		return -1;
	if (stored != size)
		return err_set(e, ERR_TEMPORARY,
		    "HTTP %ld, but the server stored %lld of %lld bytes",
		    answer->status, (long long)stored, (long long)size);
	*id = filestore_record_id(json);
	if (*id == NULL)
		return err_set(e, ERR_TEMPORARY,
		    "HTTP %ld, but the answer is not a record of a file",
		    answer->status);
	*path = said ? xstrdup(said) : NULL;
	return 0;
}

enum upload_outcome
filestore_judge_upload(const struct http_answer *answer, int64_t size,
    char **id, char **path, struct err *e)
{
	*id = *path = NULL;
	if (answer->outcome == HTTP_ANSWERED) {
		if (read_record(answer, size, id, path, e) == 0)
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
filestore_may_be_storing(long status)
{
	return status != 500 && status != 501;
}

bool
filestore_is_accepted(const struct http_answer *answer)
{
	return answer->outcome == HTTP_ANSWERED &&
	    !request_is_html(answer->content_type);
}

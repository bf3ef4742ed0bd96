#include <stdlib.h>
#include <string.h>

#include "archive/bundle_internal.h"
#include "base/mem.h"
#include "io/json.h"
#include "recording/identity.h"

enum { MANIFEST_VERSION = 1 };

static void
add_line(struct buf *out, const json_t *json)
{
	autofree char *text = json_dumps(json, JSON_COMPACT);

	if (text == NULL)
		mem_exhausted();
	(void)buf_adds(out, text);
	(void)buf_adds(out, "\n");
}

/* Omits NULL and invalid UTF-8. */
void
manifest_add_head(struct buf *out, const struct manifest_head *head)
{
	autojson json_t *json = json_pack("{s:i, s:s, s:o*, s:o*, s:o*, s:I}",
	    "manifest", MANIFEST_VERSION, "version", VERSION, "session",
	    json_string(head->session), "room", json_string(head->room),
	    "meetingId", json_string(head->meeting_id), "files",
	    (json_int_t)head->files);

	add_line(out, json);
}

void
manifest_add_file(struct buf *out, const struct manifest_file *file)
{
	autojson json_t *json = json_pack("{s:o, s:I, s:I, s:s}", "path",
	    json_path(file->path), "size", (json_int_t)file->size, "mtime",
	    (json_int_t)file->mtime_ns, "sha256", file->sha256);

	add_line(out, json);
}

void
manifest_head_free(struct manifest_head *head)
{
	free(head->session);
	free(head->room);
	free(head->meeting_id);
	*head = (struct manifest_head){ 0 };
}

/* A name that is safe in a path, or nothing. */
static bool
take_name(const json_t *json, const char *name, char **value)
{
	const json_t *member = json_object_get(json, name);
	const char *s = json_string_value(member);
	struct err ignored;

	if (member == NULL)
		return true;
	if (s == NULL || identity_check_segment(name, s, &ignored) == -1)
		return false;
	*value = xstrdup(s);
	return true;
}

static bool
parse_head(const json_t *json, struct manifest_head *head)
{
	const json_t *id = json_object_get(json, "meetingId");

	if (json_member_int(json, "manifest", 0) != MANIFEST_VERSION ||
	    !take_name(json, "session", &head->session) ||
	    !take_name(json, "room", &head->room))
		return false;
	if (id != NULL && (head->meeting_id = json_id(id)) == NULL)
		return false;
	head->files = json_member_int(json, "files", -1);
	return head->files >= 0;
}

static int
parse_file(const json_t *json,
    int (*file)(void *ctx, const struct manifest_file *, struct err *e),
    void *ctx, struct err *e)
{
	autofree char *path = json_path_value(json_object_get(json, "path"));
	const char *sha256 = json_member_string(json, "sha256");
	struct manifest_file f = {
		.path = path,
		.size = json_member_int(json, "size", -1),
		.mtime_ns = json_member_int(json, "mtime", 0),
	};

	if (path == NULL || sha256 == NULL ||
	    strlen(sha256) != DIGEST_HEX_BYTES - 1)
		return err_set(e, ERR_PERMANENT,
		    "the archive's manifest has a line without a file");
	memcpy(f.sha256, sha256, DIGEST_HEX_BYTES);
	return file(ctx, &f, e);
}

int
manifest_parse(const struct buf *text, struct manifest_head *head,
    int (*file)(void *ctx, const struct manifest_file *, struct err *e),
    void *ctx, struct err *e)
{
	const char *line = buf_str(text);
	const char *end = line + text->len;
	int64_t files = -1; /* the first line is the head */

	*head = (struct manifest_head){ 0 };
	for (; line < end; files++) {
		size_t len = strcspn(line, "\n");
		autojson json_t *json = json_parse(line, len, e);

		if (json == NULL || (files == -1 && !parse_head(json, head)))
			return err_set(e, ERR_PERMANENT,
			    "the archive's manifest is damaged or of an "
			    "unknown version: line %lld",
			    (long long)files + 2);
		if (files >= 0 && parse_file(json, file, ctx, e) == -1)
			return -1;
		line += len + 1;
	}
	if (files == -1)
		return err_set(e, ERR_PERMANENT,
		    "the archive's manifest is empty");
	if (files == head->files)
		return 0;
	return err_set(e, ERR_PERMANENT,
	    "the archive's manifest names %lld files, not %lld",
	    (long long)files, (long long)head->files);
}

#include "jibri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "disk.h"
#include "laws.h"
#include "trace.h"
#include "world.h"

struct session sessions[RECORDINGS];
struct version *versions;

static int serial;

void
jibri_reset(void)
{
	while (versions) {
		struct version *v = versions;

		versions = v->next;
		free(v->path);
		free(v->data);
		free(v->redacted);
		free(v);
	}
	memset(sessions, 0, sizeof(sessions));
	serial = 0;
}

struct node *
jibri_directory(int recording)
{
	return disk_find(sessions[recording].path);
}

struct version *
jibri_current(int recording, const char *path)
{
	struct version *v = versions;

	while (v &&
	    (v->recording != recording || v->to_ms != INT64_MAX ||
		strcmp(v->path, path) != 0))
		v = v->next;
	return v;
}

const struct version *
jibri_some(int recording, uint32_t choice)
{
	const struct version *found = NULL;
	uint32_t n = 0;

	for (const struct version *v = versions; v; v = v->next)
		if (v->recording == recording && v->to_ms == INT64_MAX &&
		    n++ <= choice)
			found = v;
	return found;
}

static struct node *
file_at(int recording, const char *path, bool is_made)
{
	struct node *dir = jibri_directory(recording);
	const char *slash = strchr(path, '/');
	struct node *n;

	if (dir && slash) {
		autofree char *folder = xstrndup(path, (size_t)(slash - path));

		n = disk_lookup(dir, folder);
		if (n == NULL && is_made)
			n = disk_make(dir, folder, true);
		dir = n;
		path = slash + 1;
	}
	n = dir ? disk_lookup(dir, path) : NULL;
	if (n == NULL && dir && is_made)
		n = disk_make(dir, path, false);
	return n;
}

/* The present state ends now. */
static void
end_version(int recording, const char *path)
{
	struct version *v = jibri_current(recording, path);

	if (v)
		v->to_ms = now_ms;
}

/* Does the journal mention the file? */
static bool
is_known(int recording, const char *path)
{
	const struct node *dir = jibri_directory(recording);
	const struct node *journal =
	    dir ? disk_lookup((struct node *)dir, ".jibri-finalize") : NULL;

	return journal && journal->size > 0 &&
	    memmem(journal->data, journal->size, path, strlen(path));
}

static void
put(int recording, const char *path, const char *data, size_t len,
    const char *redacted, bool is_withheld)
{
	struct node *n = file_at(recording, path, true);
	struct version *v = xcalloc(1, sizeof(*v));

	if (n == NULL) {
		free(v);
		return;
	}
	if (n->version && !is_known(recording, path))
		laws_excuse(recording, "it is rewritten before");
	end_version(recording, path);
	*v = (struct version){
		.recording = recording,
		.path = xstrdup(path),
		.data = xmalloc(len + 1),
		.len = len,
		.from_ms = now_ms,
		.to_ms = INT64_MAX,
		.is_withheld = is_withheld,
		.redacted = redacted ? xstrdup(redacted) : NULL,
		.next = versions,
	};
	memcpy(v->data, data, len);
	versions = v;
	disk_set_data(n, data, len);
	n->version = v;
	laws_changed(recording);
	trace("Jibri writes %s/%s, %zu bytes", sessions[recording].name, path,
	    len);
}

static void
add_box(struct buf *b, const char *type, const char *content)
{
	size_t len = 8 + strlen(content);
	char head[4] = { 0, (char)(len >> 16), (char)(len >> 8), (char)len };

	(void)buf_add(b, head, 4);
	(void)buf_adds(b, type);
	(void)buf_adds(b, content);
}

/* Of one frame, whose 4 bytes are the first of the mdat. */
static const char moov[] = "\0\0\0\200moov\0\0\0\170trak\0\0\0\160mdia"
			   "\0\0\0\024hdlr\0\0\0\0\0\0\0\0vide"
			   "\0\0\0\124minf\0\0\0\114stbl"
			   "\0\0\0\024stsz\0\0\0\0\0\0\0\4\0\0\0\1"
			   "\0\0\0\034stsc\0\0\0\0\0\0\0\1"
			   "\0\0\0\1\0\0\0\1\0\0\0\1"
			   "\0\0\0\024stco\0\0\0\0\0\0\0\1\0\0\0\040";

static const char moov_behind_free[] = "\0\0\0\200moov\0\0\0\170trak"
				       "\0\0\0\160mdia"
				       "\0\0\0\024hdlr\0\0\0\0\0\0\0\0vide"
				       "\0\0\0\124minf\0\0\0\114stbl"
				       "\0\0\0\024stsz\0\0\0\0\0\0\0\4"
				       "\0\0\0\1"
				       "\0\0\0\034stsc\0\0\0\0\0\0\0\1"
				       "\0\0\0\1\0\0\0\1\0\0\0\1"
				       "\0\0\0\024stco\0\0\0\0\0\0\0\1"
				       "\0\0\0\050";

static bool
is_media(const char *path)
{
	return strstr(path, ".mp4") != NULL;
}

/* No two files have the same bytes. */
static void
write_bytes(int recording, const char *path, size_t len)
{
	autobuf struct buf b = { 0 };
	autobuf struct buf text = { 0 };

	(void)buf_addf(&text, "%06d ", ++serial);
	while (text.len < len)
		(void)buf_adds(&text, "some words. ");
	text.len = len > 8 ? len : 8;
	text.data[text.len] = '\0';
	if (is_media(path)) {
		add_box(&b, "ftyp", "isom0000isommp42");
		add_box(&b, "mdat", buf_str(&text));
		(void)buf_add(&b, moov, sizeof(moov) - 1);
	} else {
		(void)buf_adds(&b, "WEBVTT\n\n");
		(void)buf_adds(&b, buf_str(&text));
	}
	put(recording, path, b.data, b.len, NULL, false);
}

void
jibri_write(int recording, const char *path, size_t len)
{
	write_bytes(recording, path, len);
}

void
jibri_rewrite(int recording, const char *path, bool keeps_size, bool keeps_time)
{
	struct node *n = file_at(recording, path, false);
	size_t overhead = is_media(path) ? 24 + 8 + sizeof(moov) - 1 : 8;
	int64_t mtime_ns = n ? n->mtime_ns : 0;

	if (n == NULL || strcmp(path, "metadata.json") == 0)
		return;
	write_bytes(recording, path,
	    n->size > overhead ? n->size - overhead + (keeps_size ? 0 : 7)
			       : 20);
	if (keeps_time)
		n->mtime_ns = mtime_ns;
}

void
jibri_write_metadata(int recording, bool has_secret, bool is_whole)
{
	const struct session *s = &sessions[recording];
	autobuf struct buf b = { 0 };
	autofree char *redacted = NULL;

	(void)buf_addf(&b,
	    "{\"meeting_url\":\"https://meet.example/%s\","
	    "\"participants\":[],\"serial\":\"%06d\"",
	    s->room, ++serial);
	if (has_secret && is_whole)
		redacted = xasprintf("%s,\"kept\":1}", buf_str(&b));
	if (has_secret)
		(void)buf_adds(&b,
		    ",\"upload_credentials\":{\"token\":\"" CANARY
		    "\"},\"kept\":1");
	if (is_whole)
		(void)buf_adds(&b, "}");
	put(recording, "metadata.json", b.data, b.len, redacted, !is_whole);
}

void
jibri_delete(int recording, const char *path)
{
	struct node *dir = jibri_directory(recording);

	if (dir == NULL || strchr(path, '/') || disk_lookup(dir, path) == NULL)
		return;
	trace("%s/%s is deleted", sessions[recording].name, path);
	end_version(recording, path);
	disk_unlink(dir, path);
	laws_changed(recording);
}

/* As ffmpeg leaves it after so many bytes of pictures, or at its end. */
static void
write_media(int recording, size_t len, bool is_whole)
{
	autobuf struct buf b = { 0 };
	autobuf struct buf text = { 0 };

	for (int i = 0; text.len < len; i++)
		(void)buf_addf(&text, "picture %06d of %d. ", i, recording);
	text.len = len;
	(void)buf_add(&text, "", 1);
	add_box(&b, "ftyp", "isom0000isommp42");
	add_box(&b, "free", "");
	if (is_whole)
		add_box(&b, "mdat", buf_str(&text));
	else
		(void)buf_add(&b, "\0\0\0\0mdat", 8);
	if (!is_whole)
		(void)buf_add(&b, text.data, len);
	if (is_whole)
		(void)buf_add(&b, moov_behind_free, sizeof(moov) - 1);
	put(recording, sessions[recording].media, b.data, b.len, NULL, false);
}

void
jibri_grow(int recording, size_t len)
{
	struct session *s = &sessions[recording];

	if (!s->is_live || jibri_directory(recording) == NULL)
		return;
	s->pictures += len;
	write_media(recording, s->pictures, false);
}

void
jibri_make(int recording, size_t extra, bool is_live)
{
	struct session *s = &sessions[recording];
	struct node *root = disk_find("/rec");

	*s = (struct session){ .handed_over_ms = INT64_MAX };
	(void)snprintf(s->name, sizeof(s->name), "Session-%d-abcdef",
	    recording);
	(void)snprintf(s->room, sizeof(s->room), "Room-%d", recording);
	(void)snprintf(s->path, sizeof(s->path), "/rec/Session-%d-abcdef",
	    recording);
	(void)snprintf(s->media, sizeof(s->media),
	    "Room-%d_2026-01-05-11-30-00.mp4", recording);
	disk_make(root, s->name, true)->recording = recording;
	s->is_live = is_live;
	if (is_live) {
		write_media(recording, 0, false);
		return;
	}
	write_bytes(recording, s->media, 40);
	for (size_t i = 0; i < extra; i++) {
		autofree char *name = xasprintf("Notes-%zu.vtt", i);

		write_bytes(recording, name, 20);
	}
	jibri_write_metadata(recording, true, true);
}

void
jibri_finish(int recording, bool is_rewritten)
{
	if (jibri_directory(recording) == NULL)
		return;
	sessions[recording].is_live = false;
	if (sessions[recording].pictures > 0 && !is_rewritten)
		write_media(recording, sessions[recording].pictures, true);
	else
		write_bytes(recording, sessions[recording].media, 60);
	jibri_write_metadata(recording, true, true);
}

/*
 * Room names from meeting_url and from a media file's name, and the paths that
 * are made of them: each stays one segment, whatever it contains.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "recording/identity.h"
#include "remote/destination.h"

static bool
is_dots(const char *s, size_t len)
{
	return (len == 1 && *s == '.') ||
	    (len == 2 && s[0] == '.' && s[1] == '.');
}

/* Segments separated by slashes, none of which leaves its folder. */
static size_t
segments(const char *path)
{
	size_t n = 0;

	must(*path == '/');
	while (*path == '/') {
		size_t len = strcspn(++path, "/");

		must(!is_dots(path, len));
		path += len;
		n++;
	}
	return n;
}

static void
check_url(const char *room, const char *session)
{
	const struct destination_policy policy = { .ops = &file_service,
		.file = { .url = (char *)"http://s/" } };
	const struct progress p = { .room = (char *)room,
		.session = (char *)session,
		.meeting_id = (char *)"7" };
	autofree char *folder = policy.ops->folder(&policy, &p);
	struct remote_name name;
	struct http_request request = { 0 };
	autofree char *url = NULL;
	const char *query;
	autofree char *decoded = NULL;

	remote_name_make(&name, folder, "a");
	url = policy.ops->put(&policy, &p, &name, &request);
	remote_name_free(&name);
	query = strchr(url, '?');
	must(strncmp(url, "http://s/files/structured/7?path=/", 34) == 0);
	must(strspn(query + 6,
		 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		 "0123456789-._~%/") == strlen(query + 6));
	must(segments(query + 6) == 3);
	decoded = text_percent_decode(query + 6, strlen(query + 6));
	must(strcmp(decoded, folder) == 0);
}

static void
check_name(const char *room, const char *session, const char *path)
{
	autofree char *recording = xasprintf("/%s/%s/", room, session);
	struct remote_name r;
	autofree char *folder = NULL;
	size_t name_bytes = 0;

	remote_name_make(&r, recording, path);
	folder = remote_name_folder(&r);
	must(text_is_utf8(r.path) && !text_has_control(r.path));
	must(!strchr(r.path + strlen(room) + strlen(session) + 2, '\\'));
	for (const char *c = r.filename; *c; c++)
		name_bytes += *c == '"' ? 2 : 1;
	must(*r.filename && !strchr(r.filename, '/') && name_bytes <= 300);
	must(strncmp(r.path, folder, strlen(folder)) == 0);
	must(r.path + strlen(folder) == r.filename);
	(void)segments(r.path);
	remote_name_free(&r);
}

/* Could the kernel have given us this path below a directory? */
static bool
is_path(const char *s)
{
	for (;;) {
		size_t len = strcspn(s, "/");

		if (len == 0 || len > 255 || is_dots(s, len))
			return false;
		if (s[len] == '\0')
			return true;
		s += len + 1;
	}
}

static void
run(const char *data, size_t len)
{
	struct fuzz_input in = { data, len };
	autofree char *url = fuzz_field(&in);
	autofree char *base = fuzz_field(&in);
	autofree char *format = fuzz_field(&in);
	autofree char *media = fuzz_field(&in);
	autofree char *path = fuzz_field(&in);
	const struct identity_policy policy = { .base_path = base,
		.room_format = format };
	struct err e = { 0 };
	autofree char *of_url = identity_room_of_url(url, &policy, &e);
	autofree char *of_media = identity_room_of_media(media);
	const char *const rooms[] = { of_url, of_media, media };

	must(of_url != NULL || e.class == ERR_PERMANENT);
	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		if (!rooms[i] ||
		    identity_check_segment("room", rooms[i], &e) == -1)
			continue;
		check_url(rooms[i], "s-1");
		check_url("r", rooms[i]);
		if (is_path(path))
			check_name(rooms[i], "s-1", path);
	}
}

const struct fuzz_target fuzz_room = { "room", run };

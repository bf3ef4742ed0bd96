#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shape.h"
#include "text.h"

/* An object of S3 replaces the one with its key. */
static char *
own_name(struct sandbox *box, const char *path)
{
	for (size_t i = json_array_size(box->records); i-- > 0;)
		if (strcmp(json_string_value(
			       json_object_get(json_array_get(box->records, i),
				   "path")),
			path) == 0)
			json_array_remove(box->records, i);
	return text_format("store%s", path);
}

static void
record_load(void *arg, json_t *record)
{
	struct sandbox *box = arg;
	json_int_t id = json_integer_value(json_object_get(record, "id"));

	if (json_object_get(record, "etag") != NULL)
		free(own_name(box,
		    json_string_value(json_object_get(record, "path"))));
	json_array_append(box->records, record);
	if (id >= box->next_id)
		box->next_id = id + 1;
}

void
store_load(struct sandbox *box)
{
	text_each_line("records.jsonl", record_load, box);
}

char *
store_folder(const char *path)
{
	autofree char *folder = text_must(calloc(1, strlen(path) + 1));
	size_t used = 0;

	path += *path == '/';
	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		if (n == 0 || n > NAME_MAX || (n == 1 && path[0] == '.') ||
		    (n == 2 && memcmp(path, "..", 2) == 0))
			return NULL;
		if (used > 0)
			folder[used++] = '/';
		memcpy(folder + used, path, n);
		used += n;
		path += n;
		path += *path == '/';
	}
	return used > 0 ? text_copy(folder, used) : NULL;
}

json_t *
store_record(const struct sandbox *box, const char *reference_id,
    const char *folder, const struct upload *up)
{
	autofree char *path = text_format("%s%s/%s", *folder != '\0' ? "/" : "",
	    folder, up->filename);
	char when[32];
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return text_must(json_pack("{s:I,s:s,s:s,s:s,s:s,s:I,s:s,s:s}", "id",
	    (json_int_t)box->next_id, "referenceId", reference_id, "filename",
	    up->filename, "path", path, "mimeType",
	    up->type != NULL && text_is_utf8(up->type, strlen(up->type))
		? up->type
		: "application/octet-stream",
	    "size", (json_int_t)up->bytes, "uploadedAt", when, "sha256",
	    up->sha256));
}

/* Make all parent folders of the file. */
static void
folders_make(const char *file)
{
	autofree char *path = text_copy(file, strlen(file));

	for (char *p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0755);
		*p = '/';
	}
}

static char *
free_name(const char *path)
{
	char *name = text_format("store%s", path);
	size_t folder = (size_t)(strrchr(path, '/') + 1 - path);
	size_t room = folder + NAME_MAX - strlen("~4294967295");
	struct stat st;

	/* The new ~N replaces the old one. */
	for (unsigned i = 2; lstat(name, &st) == 0; i++) {
		free(name);
		name = text_format("store%.*s~%u", (int)room, path, i);
	}
	return name;
}

/* The file that this upload replaces, or NULL; its record is removed. */
static char *
replaced(struct sandbox *box, json_t *record, const char *path)
{
	for (size_t i = 0; i < json_array_size(box->records); i++) {
		json_t *old = json_array_get(box->records, i);
		const char *there =
		    json_string_value(json_object_get(old, "path"));
		const char *file =
		    json_string_value(json_object_get(old, "stored"));
		char *name;

		if (file == NULL || strcasecmp(there, path) != 0)
			continue;
		name = text_copy(file, strlen(file));
		json_object_set(record, "path", json_object_get(old, "path"));
		if (!shape_has(box, "new-ids"))
			json_object_set(record, "id",
			    json_object_get(old, "id"));
		json_array_remove(box->records, i);
		return name;
	}
	return NULL;
}

void
store_add(struct sandbox *box, json_t *record, struct upload *up)
{
	const char *path = json_string_value(json_object_get(record, "path"));
	autofree char *old =
	    shape_has(box, "folded") ? replaced(box, record, path) : NULL;
	bool is_object = json_object_get(record, "etag") != NULL;
	autofree char *file = old ? text_copy(old, strlen(old))
	    : is_object           ? own_name(box, path)
				  : free_name(path);

	folders_make(file);
	if (rename(up->incoming, file) == -1)
		sandbox_die("store %s: %s", file, strerror(errno));
	up->incoming[0] = '\0';
	json_object_set_new(record, "stored", json_string(file));
	/* A file stored late may find the id of its record taken. */
	if (old == NULL || shape_has(box, "new-ids"))
		json_object_set_new(record, "id", json_integer(box->next_id++));
	json_array_append(box->records, record);
	text_append_line("records.jsonl", record);
}

json_t *
store_public(const json_t *record)
{
	json_t *copy = text_must(json_copy((json_t *)record));

	json_object_del(copy, "referenceId");
	json_object_del(copy, "sha256");
	json_object_del(copy, "stored");
	return copy;
}

/*
 * What counts is the file: a test may have removed or truncated it.
 */
static bool
is_still_there(const struct sandbox *box, json_t *record)
{
	const char *file = json_string_value(json_object_get(record, "stored"));
	struct stat st;

	if (file == NULL)
		return false;
	if (stat(file, &st) == -1) {
		/* Permanently: another file may get that name. */
		json_object_del(record, "stored");
		return false;
	}
	if (box->set.keep_bytes < 0)
		json_object_set_new(record, "size", json_integer(st.st_size));
	return true;
}

json_t *
store_list(const struct sandbox *box, const char *reference_id)
{
	json_t *list = text_must(json_array());

	for (size_t i = 0; i < json_array_size(box->records); i++) {
		json_t *record = json_array_get(box->records, i);
		const char *reference =
		    json_string_value(json_object_get(record, "referenceId"));

		if (reference != NULL && strcmp(reference, reference_id) == 0 &&
		    is_still_there(box, record))
			json_array_append_new(list, store_public(record));
	}
	return list;
}

int
store_open(const struct sandbox *box, const char *id, const char **type)
{
	for (size_t i = 0; i < json_array_size(box->records); i++) {
		json_t *record = json_array_get(box->records, i);
		const char *file =
		    json_string_value(json_object_get(record, "stored"));
		char own[24];

		snprintf(own, sizeof(own), "%lld",
		    (long long)json_integer_value(
			json_object_get(record, "id")));
		if (file == NULL || strcmp(own, id) != 0)
			continue;
		*type = json_string_value(json_object_get(record, "mimeType"));
		if (*type == NULL)
			*type = "application/octet-stream";
		return open(file, O_RDONLY | O_CLOEXEC);
	}
	return -1;
}

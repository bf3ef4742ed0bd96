#include "uploads.h"

#include <stdio.h>
#include <unistd.h>

#include "text.h"

#define FILE_NAME "uploads.json"

void
uploads_load(struct sandbox *box)
{
	autofree char *text = text_read(FILE_NAME, NULL);

	box->uploads = json_loads(text != NULL ? text : "{}", 0, NULL);
	text_must(box->uploads);
}

static void
save(const struct sandbox *box)
{
	if (json_dump_file(box->uploads, FILE_NAME ".new", JSON_INDENT(1)) ==
		-1 ||
	    rename(FILE_NAME ".new", FILE_NAME) == -1)
		sandbox_die("cannot write " FILE_NAME);
}

static char *
part_file(const char *id, const char *number)
{
	return text_format("incoming/part-%s-%s", id, number);
}

void
uploads_add(struct sandbox *box, const char *id, json_t *upload)
{
	json_object_set(box->uploads, id, upload);
	save(box);
}

bool
uploads_add_part(struct sandbox *box, const char *id, const char *number,
    struct upload *part, const char *etag)
{
	autofree char *file = part_file(id, number);
	json_t *up = json_object_get(box->uploads, id);

	if (up == NULL || rename(part->incoming, file) == -1)
		return false;
	part->incoming[0] = '\0';
	json_object_set_new(json_object_get(up, "parts"), number,
	    json_pack("{s:s,s:I}", "etag", etag, "size",
		(json_int_t)part->bytes));
	save(box);
	return true;
}

void
uploads_append(const char *id, const char *number, struct upload *whole)
{
	autofree char *file = part_file(id, number);
	char chunk[65536];
	FILE *f = fopen(file, "re");
	size_t n;

	if (f == NULL)
		sandbox_die("%s is gone", file);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		upload_feed(whole, chunk, n);
	fclose(f);
}

void
uploads_remove(struct sandbox *box, const char *id)
{
	const json_t *up = json_object_get(box->uploads, id);
	const char *number;
	json_t *part;

	json_object_foreach(json_object_get(up, "parts"), number, part)
	{
		autofree char *file = part_file(id, number);

		unlink(file);
	}
	json_object_del(box->uploads, id);
	save(box);
}

#include "cli/report/report_json.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/json.h"

enum { SCHEMA = 1, MOST_BYTES = 256 * 1024 * 1024 };

static struct {
	json_t *members; /* NULL without --json */
	const char *command;
	enum report_form form;
} document;

void
report_begin(const char *command, enum report_form form)
{
	if (document.members == NULL)
		document.members = json_object();
	document.command = command;
	document.form = form;
	if (form == REPORT_LIST)
		report_set("recordings", json_array());
}

bool
report_is_json(void)
{
	return document.members != NULL;
}

void
report_set(const char *key, json_t *value)
{
	if (document.members != NULL)
		(void)json_object_set(document.members, key, value);
	json_decref(value);
}

void
report_set_all(json_t *object)
{
	if (document.members != NULL)
		(void)json_object_update(document.members, object);
	json_decref(object);
}

static json_t *
recordings(void)
{
	return json_object_get(document.members, "recordings");
}

void
report_recording(json_t *object)
{
	if (document.form != REPORT_LIST || document.members == NULL)
		report_set_all(object);
	else
		(void)json_array_append_new(recordings(), object);
}

size_t
report_recordings(void)
{
	return document.form == REPORT_LIST ? json_array_size(recordings()) : 0;
}

static void
add_outcome(json_t *to, const struct err *e)
{
	enum err_class kind = e ? e->class : ERR_NONE;

	(void)json_object_set_new(to, "class",
	    json_string(err_class_name(kind)));
	(void)json_object_set_new(to, "exitCode",
	    json_integer(err_exit_code(kind)));
}

void
report_seal_recording(size_t before, const char *path, const struct err *e)
{
	json_t *last;

	if (document.form != REPORT_LIST || document.members == NULL)
		return;
	if (report_recordings() == before)
		report_recording(
		    json_pack("{s:o}", "path", report_json_text(path)));
	last = json_array_get(recordings(), report_recordings() - 1);
	add_outcome(last, e);
	if (json_object_get(last, "lastError") == NULL)
		(void)json_object_set_new(last, "lastError",
		    report_json_text(e && *e->text ? e->text : NULL));
}

void
report_error(const char *text)
{
	if (document.members != NULL && *text != '\0' &&
	    !json_is_string(json_object_get(document.members, "error")))
		report_set("error", report_json_text(text));
}

void
report_text(const char *text)
{
	if (document.members == NULL)
		log_result(text);
	else
		report_set("text", report_json_text(text));
}

static void
print(json_t *object, size_t flags)
{
	autofree char *text = json_dumps(object, flags | JSON_ENSURE_ASCII);
	autofree char *line = NULL;

	if (text == NULL)
		mem_exhausted();
	line = xasprintf("%s\n", text);
	log_result(line);
}

void
report_line(json_t *object)
{
	json_t *line = json_pack("{s:i}", "schema", SCHEMA);

	(void)json_object_update_missing(line, object);
	if (document.members != NULL && document.form == REPORT_LINES)
		print(line, JSON_COMPACT);
	json_decref(line);
	json_decref(object);
}

/* First, before all other members. */
static json_t *
head(void)
{
	return json_pack("{s:i, s:o}", "schema", SCHEMA, "command",
	    report_json_text(document.command));
}

void
report_end(const struct err *e)
{
	autojson json_t *whole = NULL;
	json_t *error;

	if (document.members == NULL)
		return;
	report_error(e ? e->text : "");
	error = json_incref(json_object_get(document.members, "error"));
	(void)json_object_del(document.members, "error");
	whole = head();
	(void)json_object_update_missing(whole, document.members);
	(void)json_object_set_new(whole, "error", error ? error : json_null());
	add_outcome(whole, e);
	print(whole,
	    document.form == REPORT_LINES ? JSON_COMPACT : JSON_INDENT(2));
	json_decref(document.members);
	document.members = NULL;
}

int
report_share(void)
{
	return document.members ? memfd_create("report", MFD_CLOEXEC) : -1;
}

void
report_restart(void)
{
	if (document.members != NULL)
		(void)json_object_clear(document.members);
	if (document.members != NULL && document.form == REPORT_LIST)
		report_set("recordings", json_array());
}

void
report_leave(int fd)
{
	autofree char *text =
	    fd == -1 ? NULL : json_dumps(document.members, JSON_COMPACT);

	if (text != NULL)
		(void)file_write_all(fd, text, strlen(text));
}

/* Append its recordings to ours; other members replace ours. */
void
report_take(int fd)
{
	autobuf struct buf text = { .limit = MOST_BYTES };
	autojson json_t *theirs = NULL;
	json_t *list, *one;
	size_t i;

	if (fd == -1 || lseek(fd, 0, SEEK_SET) == -1 ||
	    file_read_all(fd, &text) == -1)
		return;
	theirs =
	    json_loadb(buf_str(&text), text.len, JSON_REJECT_DUPLICATES, NULL);
	list = json_object_get(theirs, "recordings");
	if (document.form == REPORT_LIST) {
		json_array_foreach(list, i, one) if (json_is_object(one))(void)
		    json_array_append(recordings(), one);
		(void)json_object_del(theirs, "recordings");
	}
	if (theirs != NULL)
		(void)json_object_update(document.members, theirs);
}

json_t *
report_json_text(const char *s)
{
	autofree char *safe = s && !text_is_utf8(s) ? text_escape(s) : NULL;

	return s ? json_string(safe ? safe : s) : json_null();
}

json_t *
report_json_number(bool is_known, int64_t number)
{
	return is_known ? json_integer(number) : json_null();
}

json_t *
report_json_time(int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (unix_ms == 0)
		return json_null();
	clock_rfc3339(unix_ms, text);
	return json_string(text);
}

/*
 * Foreign text in the log: one line of printable ASCII for each message, and
 * equivalent JSON.
 */
#include "fuzz.h"

#include <fcntl.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

static void
check_line(const struct buf *line)
{
	must(line->len > 0);
	for (size_t i = 0; i + 1 < line->len; i++)
		must(line->data[i] >= ' ' && line->data[i] <= '~');
	must(line->data[line->len - 1] == '\n');
}

static void
check_json(const struct buf *line, const char *session, const char *message)
{
	json_t *json = json_loadb(line->data, line->len, 0, NULL);
	autofree char *safe_session = text_escape(session);
	autofree char *safe_message = text_escape(message);

	must(json_object_size(json) == 4);
	must(strcmp(json_string_value(json_object_get(json, "session")),
		 safe_session) == 0);
	must(strcmp(json_string_value(json_object_get(json, "message")),
		 safe_message) == 0);
	json_decref(json);
}

static void
check_log(const char *session, const char *message, int format)
{
	autofree char *path = xasprintf("%s/log", fuzz_scratch());
	autoclose int fd =
	    open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	const struct log_policy policy = { .level = LOG_WARN,
		.format = format,
		.file = path,
		.is_quiet = true };
	autobuf struct buf line = { 0 };
	struct err e;

	must(fd != -1 && log_configure(&policy, &e) == 0);
	log_set_session(session);
	log_warn("%s", message);
	(void)log_finish();
	must(file_read_all(fd, &line) == 0);
	check_line(&line);
	if (format == LOG_JSON)
		check_json(&line, session, message);
}

static void
check_text(const char *s)
{
	autofree char *encoded = text_percent_encode(s, "");
	autofree char *decoded = text_percent_decode(encoded, strlen(encoded));
	autofree char *any = text_percent_decode(s, strlen(s));
	json_t *json = json_string(s);

	must(strcmp(decoded, s) == 0);
	must(any == NULL || strlen(any) <= strlen(s));
	must(text_is_utf8(s) == (json != NULL));
	must(!json || text_utf16_units(s) <= strlen(s));
	json_decref(json);
}

static void
run(const char *data, size_t len)
{
	struct fuzz_input in = { data, len };
	autofree char *session = fuzz_field(&in);
	autofree char *message = fuzz_field(&in);

	check_log(session, message, LOG_TEXT);
	check_log(session, message, LOG_JSON);
	check_text(message);
}

const struct fuzz_target fuzz_log = { "log", run };

/*
 * metadata.json, after a first line that is the setting `redact`.  What it
 * names is never sent, and only the operator decides whose recording it is.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/settings/settings.h"
#include "io/json_text.h"
#include "recording/identity.h"
#include "recording/recording.h"

/* What leaves the machine; NULL when nothing does. */
static const struct artifact *
artifact_of(const struct recording *rec)
{
	for (size_t i = 0; i < rec->n; i++)
		if (strcmp(rec->artifacts[i].path, RECORDING_METADATA) == 0)
			return &rec->artifacts[i];
	return NULL;
}

/* What leaves the machine is in sent; false when nothing does. */
static bool
read_sent(const struct recording *rec, struct buf *sent)
{
	const struct artifact *a = artifact_of(rec);
	struct stat st;
	struct err e;
	int fd, kind;

	if (a == NULL)
		return false;
	fd = recording_open_artifact(rec, a->path, &st, &e);
	must(fd != -1);
	kind = recording_read_json(rec, a->path, fd, &st, sent, &e);
	must(kind == (a->is_json ? 1 : 0));
	if (kind == 0)
		must(file_read_all(fd, sent) == 0);
	must(a->size == (int64_t)sent->len);
	mem_close(&fd);
	return true;
}

/* A redacted string of some length that occurs only once is gone. */
static void
check_gone(const struct fuzz_input *file, const struct json_place *place,
    const struct buf *sent)
{
	const char *s = file->data + place->start + 1;
	size_t n =
	    place->end < place->start + 10 ? 0 : place->end - place->start - 2;
	const char *first = n ? memmem(file->data, file->len, s, n) : NULL;

	if (first == NULL || s[-1] != '"' ||
	    memmem(first + 1, (size_t)(file->data + file->len - first - 1), s,
		n))
		return;
	must(memmem(buf_str(sent), sent->len, s, n) == NULL);
}

static bool
is_blanked(const struct buf *sent, const struct json_place *place)
{
	const char *s = buf_str(sent) + place->start;
	size_t n = place->end - place->start;

	return n == 0 || (n == 1 && *s == '0') ||
	    (n == 4 && memcmp(s, "null", 4) == 0);
}

static void
check_redacted(const struct recording *rec, const struct fuzz_input *file)
{
	const struct text_list *pointers = &rec->policy->redact;
	autobuf struct buf sent = { 0 }, whole = { 0 };
	struct json_place before[JSON_TEXT_POINTERS], after[JSON_TEXT_POINTERS];

	(void)buf_add(&whole, file->data, file->len);
	(void)json_text_find(&whole, pointers, before);
	if (!read_sent(rec, &sent)) {
		must(pointers->n > 0 && rec->metadata_state != METADATA_PARSED);
		return;
	}
	if (pointers->n == 0) {
		must(sent.len == file->len &&
		    memcmp(buf_str(&sent), file->data, file->len) == 0);
		return;
	}
	must(json_text_find(&sent, pointers, after) ==
	    (rec->metadata_state == METADATA_PARSED));
	for (size_t i = 0; i < pointers->n; i++) {
		must(is_blanked(&sent, &after[i]));
		check_gone(file, &before[i], &sent);
	}
}

/* What jansson takes is JSON; what it refuses, only for these reasons. */
static void
check_grammar(const struct recording *rec, const struct fuzz_input *file)
{
	json_error_t e;
	json_t *json = json_loadb(file->data, file->len, JSON_DECODE_ANY, &e);

	/* To jansson a NUL is the end, whatever is behind it. */
	if (json && !memchr(file->data, 0, file->len))
		must(rec->metadata_state == METADATA_PARSED);
	else if (rec->metadata_state == METADATA_PARSED)
		must(json_error_code(&e) == json_error_null_character ||
		    json_error_code(&e) == json_error_null_byte_in_key ||
		    json_error_code(&e) == json_error_numeric_overflow ||
		    strstr(e.text, "invalid Unicode") ||
		    memcmp(file->data, "\xef\xbb\xbf", 3) == 0);
	json_decref(json);
}

/* One more meeting_url in front is noticed, whatever the rest. */
static void
check_duplicate(const struct recording *rec, const struct fuzz_input *file)
{
	static const char more[] = "{\"meeting_\\u0075rl\":0,";
	static char *items[] = { (char *)RECORDING_MEETING_URL };
	static const struct text_list read = { items, 1 };
	const char *brace = memchr(file->data, '{', file->len);
	autobuf struct buf twice = { 0 };
	struct json_place place;

	if (!json_object_get(rec->metadata, RECORDING_MEETING_URL))
		return;
	must(brace != NULL);
	(void)buf_adds(&twice, more);
	(void)buf_add(&twice, brace + 1,
	    (size_t)(file->data + file->len - brace - 1));
	(void)json_text_find(&twice, &read, &place);
	must(place.is_twice);
	/* No false alarm. */
	must(!text_list_has(&rec->metadata_twice, RECORDING_MEETING_URL) ||
	    json_loadb(file->data, file->len, JSON_REJECT_DUPLICATES, NULL) ==
		NULL);
}

static void
check_identity(const struct recording *rec)
{
	const struct identity_policy policy = {
		.base_path = (char *)"/",
		.room_format = (char *)"[{tenant}]{room}",
	};
	const struct identity_hints none = { 0 };
	struct identity id = { 0 };
	struct err e = { 0 };

	if (identity_find(&id, rec, &policy, &none, &e) == 0) {
		must(identity_check_segment("room", id.room, &e) == 0);
		must(!id.meeting_id || fuzz_is_id(id.meeting_id));
	} else {
		must(e.class == ERR_PERMANENT && *e.text);
	}
	identity_free(&id);
}

static void
run(const char *data, size_t len)
{
	const char *newline = len ? memchr(data, '\n', len) : NULL;
	size_t first = newline ? (size_t)(newline - data) : len;
	autofree char *line = xstrndup(data, first);
	const struct setting *s = setting_find("redact");
	struct fuzz_input file = { data + first, len - first };
	char *items[] = { (char *)"/id", (char *)"/meeting/id" };
	struct recording_policy policy = { .meeting_id_keys = { items, 2 } };
	struct recording rec;
	struct err e = { 0 };

	if (s->check(line) != NULL)
		return;
	text_list_parse(&policy.redact, line);
	fuzz_scratch_file(RECORDING_METADATA, file.data, file.len);
	must(recording_open(&rec, fuzz_scratch(), &policy, &e) == 0);
	must(recording_scan(&rec, &e) == 0);
	check_redacted(&rec, &file);
	check_grammar(&rec, &file);
	check_duplicate(&rec, &file);
	check_identity(&rec);
	recording_close(&rec);
	text_list_free(&policy.redact);
}

const struct fuzz_target fuzz_metadata = { "metadata", run };

/*
 * metadata.json, behind a first line that is the setting `redact`.  What the
 * operator wants kept here stays here, and nobody but the operator decides
 * whose recording it is.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/settings/settings.h"
#include "io/json.h"
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

/* A string of some length that stood there alone is gone. */
static void
check_gone(const json_t *value, const struct fuzz_input *file, const char *sent,
    size_t len)
{
	const char *s = json_string_value(value);
	size_t n = s ? strlen(s) : 0;
	const char *first = n < 8 ? NULL : memmem(file->data, file->len, s, n);

	if (first == NULL ||
	    memmem(first + 1, (size_t)(file->data + file->len - first - 1), s,
		n))
		return;
	must(memmem(sent, len, s, n) == NULL);
}

static void
check_redacted(const struct recording *rec, const struct fuzz_input *file)
{
	const struct text_list *pointers = &rec->policy->redact;
	const struct artifact *a = artifact_of(rec);
	const char *sent = file->data;
	size_t len = file->len;
	bool is_redacted = false;
	json_t *json;

	if (a == NULL) {
		must(rec->metadata_state == METADATA_UNPARSABLE);
		return;
	}
	if (a->content.data != NULL) {
		is_redacted = a->content.len != len ||
		    memcmp(a->content.data, sent, len) != 0;
		sent = a->content.data;
		len = a->content.len;
	}
	must(a->size == (int64_t)len);
	json = json_loadb(sent, len, is_redacted ? JSON_REJECT_DUPLICATES : 0,
	    NULL);
	must(json != NULL || pointers->n == 0);
	for (size_t i = 0; i < pointers->n; i++) {
		const json_t *left = json_pointer_get(json, pointers->items[i]);

		must(left == NULL || json_is_null(left));
		check_gone(json_pointer_get(rec->metadata, pointers->items[i]),
		    file, sent, len);
	}
	json_decref(json);
}

/* One more meeting_url in front is seen, be the rest what it may. */
static void
check_duplicate(const struct recording *rec)
{
	static const char more[] = "{\"meeting_\\u0075rl\":0,";
	static char *items[] = { (char *)"/meeting_url" };
	static const struct text_list read = { items, 1 };
	const struct buf *text = &rec->metadata_text;
	const char *brace = strchr(buf_str(text), '{');
	autobuf struct buf twice = { 0 };

	if (!json_object_get(rec->metadata, "meeting_url"))
		return;
	must(brace != NULL);
	(void)buf_adds(&twice, more);
	(void)buf_add(&twice, brace + 1,
	    text->len - (size_t)(brace + 1 - text->data));
	must(json_has_duplicate(twice.data, twice.len, &read));
	/* No false alarm. */
	must(!json_has_duplicate(text->data, text->len, &read) ||
	    json_loadb(text->data, text->len, JSON_REJECT_DUPLICATES, NULL) ==
		NULL);
}

static void
check_identity(const struct recording *rec)
{
	char *items[] = { (char *)"/id", (char *)"/meeting/id" };
	const struct identity_policy policy = {
		.base_path = (char *)"/",
		.room_format = (char *)"[{tenant}]{room}",
		.meeting_id_keys = { items, 2 },
	};
	const struct identity_hints none = { 0 };
	struct identity id = { 0 };
	struct err e = { 0 };

	if (identity_find(&id, rec, &policy, &none, &e) == 0) {
		must(identity_check_segment("room", id.room, &e) == 0);
		must(!id.meeting_id || fuzz_is_plain_id(id.meeting_id));
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
	struct recording_policy policy = { 0 };
	struct recording rec;
	struct err e = { 0 };

	if (s->check(line) != NULL)
		return;
	text_list_parse(&policy.redact, line);
	fuzz_scratch_file(RECORDING_METADATA, file.data, file.len);
	must(recording_open(&rec, fuzz_scratch(), &policy, &e) == 0);
	must(recording_scan(&rec, &e) == 0);
	check_redacted(&rec, &file);
	check_duplicate(&rec);
	check_identity(&rec);
	recording_close(&rec);
	text_list_free(&policy.redact);
}

const struct fuzz_target fuzz_metadata = { "metadata", run };

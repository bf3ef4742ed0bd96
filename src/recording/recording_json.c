#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "io/json.h"
#include "io/json_names.h"
#include "io/json_text.h"
#include "io/mimetype.h"
#include "recording/recording_internal.h"

/* How much is read of a text, or used of a value, that is too large. */
enum { BEGINNING_BYTES = 1024 * 1024 };

/* A copy of metadata.json renamed by an editor or a browser is private, too. */
static bool
is_named_metadata(const char *path)
{
	return strncasecmp(basename(path), "metadata", 8) == 0;
}

/* Does it begin like an object or array, or like text that may have one? */
static int
begins_like_json(int fd, struct err *e)
{
	char head[4096];
	ssize_t n = file_read_at(fd, head, sizeof(head) - 1, 0);
	const char *s = head;

	if (n == -1)
		return err_sys(e, "cannot be read");
	head[n] = '\0';
	if (strncmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3;
	s += strspn(s, " \t\r\n");
	return *s == '{' || *s == '[' || s == head + sizeof(head) - 1 ||
	    (strlen(head) == (size_t)n && strpbrk(head, "{["));
}

/* In one allocation: a growing buffer needs more memory. */
static int
load_bytes(int fd, size_t size, struct buf *text, struct err *e)
{
	ssize_t n = 1;

	text->cap = size + 1;
	text->data = xmalloc(text->cap);
	while (text->len < size && n > 0) {
		n = file_read_at(fd, text->data + text->len, size - text->len,
		    (int64_t)text->len);
		if (n == -1)
			return err_sys(e, "cannot be read");
		text->len += (size_t)n;
	}
	text->data[text->len] = '\0';
	return 0;
}

/*
 * What has to be examined: of a large file its beginning, if its name says
 * that it has private members; of media only what begins like JSON.
 */
static enum examined
load(int fd, const char *path, int64_t size, struct buf *text, struct err *e)
{
	bool is_large = size > RECORDING_JSON_BYTES;
	int is_wanted = !is_large || is_named_metadata(path);

	/* A media file can be named after a room called metadata.json. */
	if (is_wanted && mimetype_is_media_name(path))
		is_wanted = begins_like_json(fd, e);
	if (is_wanted == 0)
		return EXAMINED_PLAIN;
	if (is_wanted == -1 ||
	    load_bytes(fd, is_large ? BEGINNING_BYTES : (size_t)size, text,
		e) == -1)
		return EXAMINED_UNREADABLE;
	return is_large ? EXAMINED_WITHHELD : EXAMINED_JSON;
}

/* Without NULs, an ASCII name in UTF-16 or UTF-32 is plain ASCII. */
static bool
drop_nuls(struct buf *text)
{
	const char *nul = memchr(text->data, '\0', text->len);
	size_t len = text->len;

	if (nul == NULL)
		return false;
	text->len = (size_t)(nul - text->data);
	for (size_t i = text->len; i < len; i++)
		if (text->data[i])
			text->data[text->len++] = text->data[i];
	text->data[text->len] = '\0';
	return true;
}

/* Remove from JSON what must not be sent; other text is sent or not. */
static enum examined
redact(const struct recording *rec, const char *path, struct buf *text)
{
	const struct text_list *pointers = &rec->policy->redact;
	bool is_named = is_named_metadata(path);
	bool may_be_json =
	    !drop_nuls(text) && (is_named || strpbrk(text->data, "{["));
	bool is_naming = json_names_in(text->data, text->len, pointers);

	if (may_be_json && json_text_cut(text, pointers))
		return is_naming &&
			json_names_in_strings(text->data, text->len, pointers)
		    ? EXAMINED_NAMING
		    : EXAMINED_JSON;
	return is_named ? EXAMINED_WITHHELD
	    : is_naming ? EXAMINED_NAMING
			: EXAMINED_PLAIN;
}

/* A value that cannot be an identity becomes null. */
static void
note_value(struct recording *rec, const char *pointer, const struct buf *text,
    const struct json_place *place)
{
	size_t len = place->end - place->start;
	json_t *value = len > BEGINNING_BYTES
	    ? NULL
	    : json_loadb(text->data + place->start, len, JSON_DECODE_ANY, NULL);

	(void)json_object_set_new(rec->metadata, pointer,
	    value ? value : json_null());
}

static void
note_metadata(struct recording *rec, bool is_whole, const struct buf *text)
{
	const struct recording_policy *p = rec->policy;
	autolist struct text_list pointers = { 0 };
	autofree struct json_place *places = NULL;

	text_list_add(&pointers, RECORDING_MEETING_URL);
	for (size_t n = 0; n < p->meeting_id_keys.n; n++)
		text_list_add(&pointers, p->meeting_id_keys.items[n]);
	for (size_t n = 0; n < p->redact.n; n++)
		text_list_add(&pointers, p->redact.items[n]);
	places = xcalloc(pointers.n, sizeof(*places));
	is_whole &= json_text_find(text, &pointers, places);
	rec->metadata_state = is_whole ? METADATA_PARSED : METADATA_UNPARSABLE;
	rec->metadata = json_object();
	for (size_t n = 0; n < pointers.n; n++) {
		if (places[n].is_twice)
			text_list_add(&rec->metadata_twice, pointers.items[n]);
		if (n <= p->meeting_id_keys.n && places[n].end &&
		    (is_whole || (n == 0 && places[n].is_leading)))
			note_value(rec, pointers.items[n], text, &places[n]);
	}
}

enum examined
recording_examine(struct recording *rec, const char *path, int64_t *size)
{
	bool is_metadata = strcmp(path, RECORDING_METADATA) == 0;
	bool is_redacting = rec->policy->redact.n > 0;
	autobuf struct buf text = { 0 };
	autoclose int fd = -1;
	enum examined examined;
	struct stat st;
	struct err e;

	if (!is_metadata &&
	    (!is_redacting ||
		(*size > RECORDING_JSON_BYTES && !is_named_metadata(path))))
		return EXAMINED_PLAIN;
	fd = recording_open_artifact(rec, path, &st, &e);
	examined = fd == -1 ? EXAMINED_UNREADABLE
			    : load(fd, path, st.st_size, &text, &e);
	rec->examined_bytes += (int64_t)text.len;
	if (is_metadata && examined == EXAMINED_UNREADABLE) {
		rec->metadata_state = METADATA_UNREADABLE;
		rec->metadata_err = e;
	} else if (is_metadata && (int64_t)text.len == st.st_size &&
	    strspn(buf_str(&text), " \t\r\n") == text.len) {
		rec->metadata_state = METADATA_EMPTY;
	} else if (is_metadata) {
		note_metadata(rec, examined == EXAMINED_JSON, &text);
	}
	if (!is_redacting)
		return EXAMINED_PLAIN;
	if (examined == EXAMINED_JSON)
		examined = redact(rec, path, &text);
	if (examined == EXAMINED_JSON)
		*size = (int64_t)text.len;
	return examined;
}

int
recording_read_json(const struct recording *rec, const char *path, int fd,
    const struct stat *st, struct buf *text, struct err *e)
{
	enum examined examined = EXAMINED_PLAIN;

	if (rec->policy->redact.n > 0)
		examined = load(fd, path, st->st_size, text, e);
	if (examined == EXAMINED_JSON)
		examined = redact(rec, path, text);
	if (examined == EXAMINED_JSON)
		return 1;
	buf_free(text);
	if (examined == EXAMINED_WITHHELD || examined == EXAMINED_NAMING)
		return err_set(e, ERR_TEMPORARY,
		    examined == EXAMINED_WITHHELD
			? "can no longer be parsed"
			: "now has the name of a private member");
	return examined == EXAMINED_PLAIN ? 0 : -1;
}

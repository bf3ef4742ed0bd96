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

/*
 * The size of a character, or of half a surrogate pair, in bytes: by the byte
 * order mark of Windows, or by two ASCII characters.
 */
static size_t
width_of(const char *s, size_t len)
{
	if (len >= 4 &&
	    (memcmp(s, "\xff\xfe\0\0", 4) == 0 ||
		memcmp(s, "\0\0\xfe\xff", 4) == 0))
		return 4;
	if (len >= 8 && !s[0] != !s[3] && !s[1] && !s[2] && !s[0] == !s[4] &&
	    !s[5] && !s[6] && !s[3] == !s[7])
		return 4;
	if (strncmp(s, "\xff\xfe", 2) == 0 || strncmp(s, "\xfe\xff", 2) == 0)
		return 2;
	return len >= 4 && !s[0] != !s[1] && !s[0] == !s[2] && !s[1] == !s[3]
	    ? 2
	    : 1;
}

static void
add_utf8(struct buf *out, uint32_t c)
{
	int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	out->data[out->len++] =
	    (char)(more ? 0xffU << (7 - more) | c >> 6 * more : c);
	while (more-- > 0)
		out->data[out->len++] = (char)(0x80 | (c >> 6 * more & 0x3f));
}

static uint32_t
unit_at(const unsigned char *s, size_t width, bool is_big)
{
	uint32_t c = 0;

	for (size_t i = 0; i < width; i++)
		c = c << 8 | s[is_big ? i : width - 1 - i];
	return c;
}

/* Convert UTF-16 or UTF-32 to UTF-8; half a pair becomes U+FFFD. */
static void
convert(struct buf *text, size_t width)
{
	const unsigned char *s = (const unsigned char *)text->data;
	bool is_big = *s == 0xfe || *s == 0;
	size_t cap = text->len / 2 * 3 + 1;
	struct buf out = { .data = xmalloc(cap), .cap = cap };

	for (size_t i = 0; i + width <= text->len; i += width) {
		uint32_t c = unit_at(s + i, width, is_big);
		uint32_t low = width == 2 && i + 4 <= text->len
		    ? unit_at(s + i + 2, width, is_big)
		    : 0;

		if (c == 0xfeff && i == 0)
			continue;
		if (c >> 10 == 0x36 && low >> 10 == 0x37) {
			c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
			i += 2;
		} else if (c >> 11 == 0x1b || c > 0x10ffff) {
			c = 0xfffd;
		}
		add_utf8(&out, c);
	}
	out.data[out.len] = '\0';
	buf_free(text);
	*text = out;
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
	if (width_of(head, (size_t)n) > 1)
		return 1;
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
	size_t width;

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
	width = width_of(text->data, text->len);
	if (width > 1)
		convert(text, width);
	return 0;
}

/* Load a file that may be JSON: all of it, or the beginning of a large one. */
static enum examined
load(int fd, const char *path, int64_t size, struct buf *text, struct err *e)
{
	bool is_named = is_named_metadata(path);
	bool is_large = size > RECORDING_JSON_BYTES;
	int begins = is_large && !is_named ? 0 : begins_like_json(fd, e);

	/* A media file can be named after a room called metadata.json. */
	if (begins == 0 && (!is_named || mimetype_is_media_name(path)))
		return EXAMINED_PLAIN;
	if (begins == -1 ||
	    load_bytes(fd, is_large ? BEGINNING_BYTES : (size_t)size, text,
		e) == -1)
		return EXAMINED_UNREADABLE;
	return is_large ? EXAMINED_WITHHELD : EXAMINED_JSON;
}

/* Media are too large to search, and texts do not end up in them. */
static bool
is_searched(const char *path, int64_t size)
{
	return size <= RECORDING_JSON_BYTES && !mimetype_is_media_name(path);
}

static enum examined
search(const struct recording *rec, const char *path, int fd, int64_t size,
    struct err *e)
{
	int found = is_searched(path, size) ? recording_search(rec, fd, e) : 0;

	return found == -1 ? EXAMINED_UNREADABLE
	    : found        ? EXAMINED_NAMING
			   : EXAMINED_PLAIN;
}

/* Remove from possible JSON what must not be sent. */
static enum examined
redact(const struct recording *rec, const char *path, struct buf *text)
{
	const struct text_list *pointers = &rec->policy->redact;
	bool is_naming = json_names_in(buf_str(text), text->len, pointers);

	if (json_text_cut(text, pointers))
		return is_naming &&
			json_names_in_strings(buf_str(text), text->len,
			    pointers)
		    ? EXAMINED_NAMING
		    : EXAMINED_JSON;
	return is_named_metadata(path) ? EXAMINED_WITHHELD
	    : is_naming                ? EXAMINED_NAMING
				       : EXAMINED_PLAIN;
}

/* What to send of a loaded file. */
static enum examined
judge(const struct recording *rec, const char *path, int fd, int64_t size,
    enum examined loaded, struct buf *text, struct err *e)
{
	if (loaded == EXAMINED_JSON)
		loaded = redact(rec, path, text);
	return loaded == EXAMINED_PLAIN ? search(rec, path, fd, size, e)
					: loaded;
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
	rec->examined_bytes += fd != -1 && is_searched(path, st.st_size)
	    ? st.st_size
	    : (int64_t)text.len;
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
	if (fd != -1)
		examined =
		    judge(rec, path, fd, st.st_size, examined, &text, &e);
	if (examined == EXAMINED_JSON)
		*size = (int64_t)text.len;
	return examined;
}

int
recording_read_json(const struct recording *rec, const char *path, int fd,
    const struct stat *st, struct buf *text, struct err *e)
{
	enum examined examined = EXAMINED_PLAIN;

	if (rec->policy->redact.n > 0) {
		examined = load(fd, path, st->st_size, text, e);
		examined = judge(rec, path, fd, st->st_size, examined, text, e);
	}
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

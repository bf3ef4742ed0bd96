#include "io/json_text.h"

#include <assert.h>
#include <ctype.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/json.h"

enum { MAX_DEPTH = 2048 };

struct walk {
	char *s; /* followed by a NUL, which ends every loop */
	size_t len, i, depth;
	size_t n;                  /* pointers */
	struct text_list *tokens;  /* of each */
	struct json_place *places; /* NULL: cut out what is found */
	/* Output ends at out; input from kept on is still to be moved there. */
	size_t out, kept;
};

/*
 * The position.  For each pointer, bit k means that its first k tokens led
 * here.  One level of nesting per call; NULL: nothing below matters.
 */
static bool walk_value(struct walk *w, uint64_t *at);

/* A member: its position, and which pointers pass through or end there. */
struct step {
	uint64_t *at, here, hits;
};

static void
skip_blanks(struct walk *w)
{
	w->i += strspn(w->s + w->i, " \t\n\r");
}

static bool
accept(struct walk *w, char c)
{
	skip_blanks(w);
	if (w->s[w->i] != c)
		return false;
	w->i++;
	return true;
}

/* The length of the escape sequence at s, or 0. */
static size_t
escape_length(const char *s)
{
	if (s[1] != 'u')
		return s[1] && strchr("\"\\/bfnrt", s[1]) ? 2 : 0;
	for (size_t k = 2; k < 6; k++)
		if (!isxdigit((unsigned char)s[k]))
			return 0;
	return 6;
}

static bool
skip_string(struct walk *w)
{
	if (!accept(w, '"'))
		return false;
	while (w->s[w->i] != '"') {
		const char *s = w->s + w->i;
		size_t n = *s == '\\'          ? escape_length(s)
		    : (unsigned char)*s < 0x20 ? 0
					       : text_utf8_length(s);

		if (n == 0)
			return false;
		w->i += n;
	}
	w->i++;
	return true;
}

static bool
skip_digits(struct walk *w)
{
	size_t n = strspn(w->s + w->i, "0123456789");

	w->i += n;
	return n > 0;
}

static bool
skip_number(struct walk *w)
{
	w->i += w->s[w->i] == '-';
	if (w->s[w->i] == '0')
		w->i++;
	else if (!skip_digits(w))
		return false;
	if (w->s[w->i] == '.' && (w->i++, !skip_digits(w)))
		return false;
	if (w->s[w->i] != 'e' && w->s[w->i] != 'E')
		return true;
	w->i++;
	w->i += w->s[w->i] == '+' || w->s[w->i] == '-';
	return skip_digits(w);
}

static bool
skip_scalar(struct walk *w)
{
	static const char *const words[] = { "true", "false", "null" };

	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
		size_t len = strlen(words[k]);

		if (strncmp(w->s + w->i, words[k], len) != 0)
			continue;
		w->i += len;
		return true;
	}
	return w->s[w->i] == '"' ? skip_string(w) : skip_number(w);
}

static struct step
step(const struct walk *w, uint64_t *at, const char *name)
{
	struct step next = { .at = at ? at + w->n : NULL };

	for (size_t n = 0; at && n < w->n; n++) {
		next.at[n] = 0;
		for (size_t k = 0; at[n] >> k; k++)
			if ((at[n] >> k & 1) && k < w->tokens[n].n && name &&
			    strcmp(w->tokens[n].items[k], name) == 0)
				next.at[n] |= (uint64_t)2 << k;
		next.here |= (uint64_t)(next.at[n] != 0) << n;
		next.hits |= (next.at[n] >> w->tokens[n].n & 1) << n;
	}
	/* A search ends here; a cut may match at any depth. */
	if (w->places && next.here == 0)
		next.at = NULL;
	return next;
}

/* The same for the quoted key that was just skipped. */
static struct step
step_by_key(const struct walk *w, uint64_t *at, size_t start)
{
	const char *key = w->s + start;
	size_t len = w->i - start;
	autojson json_t *name = NULL;
	autofree char *plain = NULL;

	if (at == NULL)
		return (struct step){ 0 };
	if (memchr(key, '\\', len) == NULL) {
		plain = xstrndup(key + 1, len - 2);
		return step(w, at, plain);
	}
	/* "meeting\u005furl" is the same member. */
	name = json_loadb(key, len, JSON_DECODE_ANY, NULL);
	return step(w, at, json_string_value(name));
}

static struct step
step_by_index(const struct walk *w, uint64_t *at, size_t index)
{
	char name[24];

	(void)snprintf(name, sizeof(name), "%zu", index);
	return step(w, at, name);
}

/* What was already cut may be cut again. */
static void
cut(struct walk *w, size_t from, size_t to)
{
	if (from < w->kept)
		from = w->kept;
	memmove(w->s + w->out, w->s + w->kept, from - w->kept);
	w->out += from - w->kept;
	w->kept = to;
}

static void
note_places(struct walk *w, uint64_t hits, size_t start, bool is_leading)
{
	for (size_t n = 0; hits >> n; n++)
		if ((hits >> n & 1) && w->places[n].end == 0) {
			w->places[n].start = start;
			w->places[n].end = w->i;
			w->places[n].is_leading = is_leading;
		}
}

static void
note_twice(struct walk *w, uint64_t bits)
{
	for (size_t n = 0; w->places && n < w->n; n++)
		w->places[n].is_twice |= bits >> n & 1;
}

/* The members of an object; a comma is cut along with each. */
struct members {
	uint64_t seen;
	size_t kept_end; /* of the last one kept; 0: none */
	size_t cut_end;  /* of the last one cut, if none is kept yet */
	bool is_other;   /* not the first */
};

static bool
walk_member(struct walk *w, struct members *m, uint64_t *at, bool is_outer)
{
	size_t start, value;
	struct step next;

	skip_blanks(w);
	start = w->i;
	if (!skip_string(w))
		return false;
	next = step_by_key(w, at, start);
	note_twice(w, m->seen & next.here);
	m->seen |= next.here;
	if (!accept(w, ':'))
		return false;
	skip_blanks(w);
	value = w->i;
	if (w->places == NULL && next.hits) {
		if (!walk_value(w, NULL))
			return false;
		cut(w,
		    m->kept_end      ? m->kept_end
			: m->cut_end ? m->cut_end
				     : start,
		    w->i);
		m->cut_end = m->kept_end ? 0 : w->i;
		return true;
	}
	if (m->cut_end && !m->kept_end)
		cut(w, m->cut_end, start);
	if (!walk_value(w, next.at))
		return false;
	if (w->places)
		note_places(w, next.hits, value, is_outer && !m->is_other);
	m->kept_end = w->i;
	m->is_other = true;
	return true;
}

static bool
walk_object(struct walk *w, uint64_t *at)
{
	struct members m = { 0 };
	bool is_outer = w->depth == 1;

	/* When cutting, pointers start at every object. */
	for (size_t n = 0; at && w->places == NULL && n < w->n; n++)
		at[n] |= 1;
	w->i++;
	if (accept(w, '}'))
		return true;
	do {
		if (!walk_member(w, &m, at, is_outer))
			return false;
	} while (accept(w, ','));
	return accept(w, '}');
}

static bool
walk_element(struct walk *w, size_t index, uint64_t *at)
{
	struct step next = step_by_index(w, at, index);
	bool is_cut = w->places == NULL && next.hits;
	const char *left;
	size_t start;

	skip_blanks(w);
	start = w->i;
	if (!walk_value(w, is_cut ? NULL : next.at))
		return false;
	if (w->places)
		note_places(w, next.hits, start, false);
	if (is_cut) {
		left = w->i - start < 4 ? "0" : "null";
		cut(w, start, w->i);
		memcpy(w->s + w->out, left, strlen(left));
		w->out += strlen(left);
	}
	return true;
}

static bool
walk_array(struct walk *w, uint64_t *at)
{
	size_t index = 0;

	w->i++;
	if (accept(w, ']'))
		return true;
	do {
		if (!walk_element(w, index++, at))
			return false;
	} while (accept(w, ','));
	return accept(w, ']');
}

static bool
walk_value(struct walk *w, uint64_t *at)
{
	bool is_good;

	if (w->s[w->i] != '{' && w->s[w->i] != '[')
		return skip_scalar(w);
	if (++w->depth > MAX_DEPTH)
		return false;
	is_good = w->s[w->i] == '{' ? walk_object(w, at) : walk_array(w, at);
	w->depth--;
	return is_good;
}

/* The number of consecutive values; 0: it is not JSON. */
static size_t
walk_all(struct walk *w, uint64_t *at)
{
	size_t values = 0;

	if (strncmp(w->s, "\xef\xbb\xbf", 3) == 0)
		w->i = 3;
	do {
		for (size_t n = 0; n < w->n; n++)
			at[n] = 1;
		skip_blanks(w);
		if (!walk_value(w, at))
			return 0;
		skip_blanks(w);
		values++;
	} while (w->i < w->len);
	return values;
}

static size_t
walk(struct walk *w, const struct text_list *pointers)
{
	struct text_list tokens[JSON_TEXT_POINTERS];
	autofree uint64_t *at =
	    xcalloc((MAX_DEPTH + 2) * (pointers->n + 1), sizeof(*at));
	size_t values;

	assert(pointers->n <= JSON_TEXT_POINTERS);
	w->n = pointers->n;
	w->tokens = tokens;
	for (size_t n = 0; n < w->n; n++)
		json_pointer_split(pointers->items[n], &tokens[n]);
	values = walk_all(w, at);
	for (size_t n = 0; n < w->n; n++)
		text_list_free(&tokens[n]);
	w->tokens = NULL;
	return values;
}

bool
json_text_find(const struct buf *text, const struct text_list *pointers,
    struct json_place *places)
{
	struct walk w = {
		.s = (char *)buf_str(text),
		.len = text->len,
		.places = places,
	};

	memset(places, 0, pointers->n * sizeof(*places));
	return walk(&w, pointers) == 1;
}

bool
json_text_cut(struct buf *text, const struct text_list *pointers)
{
	struct walk w = {
		.s = (char *)buf_str(text),
		.len = text->len,
	};

	if (walk(&w, pointers) == 0)
		return false;
	cut(&w, w.len, w.len);
	text->len = w.out;
	text->data[text->len] = '\0';
	return true;
}

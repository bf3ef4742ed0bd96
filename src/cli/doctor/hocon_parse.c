#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <jansson.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/doctor/hocon_internal.h"

enum { PATH_BYTES = 1024, VALUES = 100 * 1000 };

static int
fail(const struct hocon *h, const char *what)
{
	size_t line = 1;

	for (const char *s = h->in.text; s < h->in.at; s++)
		line += *s == '\n';
	return err_set(h->e, ERR_CONFIG, "%s:%zu: %s", h->in.file, line, what);
}

static void
add(struct buf *pieces, enum kind kind, const char *text, size_t len)
{
	buf_addf(pieces, "%c%.*s", kind, (int)len, text);
	buf_add(pieces, "", 1);
}

/* Empties pieces.  Array elements are not stored. */
static void
put(struct hocon *h, const char *path, struct buf *pieces)
{
	if (h->mute == 0 && pieces->len > 0) {
		struct value *v = xcalloc(1, sizeof(*v));

		v->path = xstrdup(path);
		v->pieces = steal(&pieces->data);
		v->older = h->newest;
		h->newest = v;
		h->n++;
	}
	buf_free(pieces);
}

static void
put_one(struct hocon *h, const char *path, enum kind kind, const char *text)
{
	struct buf piece = { 0 };

	add(&piece, kind, text, strlen(text));
	put(h, path, &piece);
}

/* The length of the blanks here, without ends of lines. */
static size_t
blanks(const char *s)
{
	static const char all[] =
	    " \t\v\f\r\x1c\x1d\x1e\x1f\u00a0\u1680\u2000\u2001\u2002"
	    "\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
	    "\u202f\u205f\u3000\ufeff";
	size_t n = 0, len;

	while (s[n] && (len = text_utf8_length(s + n)) > 0 &&
	    memmem(all, sizeof(all) - 1, s + n, len))
		n += len;
	return n;
}

static bool
is_comment(const char *s)
{
	return *s == '#' || strncmp(s, "//", 2) == 0;
}

/* Skip blanks, comments and ends of lines.  Was there an end of a line? */
static bool
skip(struct hocon *h)
{
	for (bool is_line = false;; is_line = true, h->in.at++) {
		h->in.at += blanks(h->in.at);
		if (is_comment(h->in.at))
			h->in.at += strcspn(h->in.at, "\n");
		if (*h->in.at != '\n')
			return is_line;
	}
}

static bool
accept(struct hocon *h, const char *word)
{
	bool is_there = strncmp(h->in.at, word, strlen(word)) == 0;

	h->in.at += is_there ? strlen(word) : 0;
	return is_there;
}

/* The length of an unquoted string; only a number like 1e+9 has a plus. */
static size_t
word(const char *s)
{
	size_t n = 0;

	while (s[n] && !strchr("\n$\"{}[]:=,#`^?!@*&\\", s[n]) &&
	    (s[n] != '+' ||
		(n > 1 && strchr("eE", s[n - 1]) &&
		    isdigit((unsigned char)s[n - 2]))) &&
	    blanks(s + n) == 0 && !is_comment(s + n))
		n++;
	return n;
}

static int
parse_quoted(struct hocon *h, struct buf *out)
{
	const char *from = h->in.at, *end = from + 1;
	json_t *string;

	if (accept(h, "\"\"\"")) {
		if ((end = strstr(h->in.at, "\"\"\"")) == NULL)
			return fail(h, "an unterminated string");
		/* Of more than three quotes, the first belong to the string. */
		end += strspn(end, "\"");
		buf_add(out, h->in.at, (size_t)(end - h->in.at) - 3);
		h->in.at = end;
		return 0;
	}
	while (*end && *end != '"')
		end += end[0] == '\\' && end[1] ? 2 : 1;
	end += *end == '"';
	string = json_loadb(from, (size_t)(end - from), JSON_DECODE_ANY, NULL);
	if (string == NULL)
		return fail(h, "not a JSON string");
	buf_adds(out, json_string_value(string));
	json_decref(string);
	h->in.at = end;
	return 0;
}

/* A path of words, split at dots, and strings, below base; or NULL. */
char *
hocon_parse_path(struct hocon *h, const char *base)
{
	autobuf struct buf path = { 0 };
	bool is_key = false, is_bad = false;
	size_t n, gap = 0;

	buf_addf(&path, "%s\1", base);
	while ((n = word(h->in.at)) > 0 || *h->in.at == '"') {
		buf_add(&path, h->in.at - gap, gap);
		if (n == 0 && parse_quoted(h, &path) == -1)
			return NULL;
		for (is_key |= n == 0; n > 0; n--, h->in.at++) {
			bool is_dot = *h->in.at == '.';

			is_bad |= is_dot && !is_key;
			is_key = !is_dot;
			buf_add(&path, is_dot ? "\1" : h->in.at, 1);
		}
		gap = blanks(h->in.at);
		h->in.at += gap;
	}
	if (is_key && !is_bad && path.len < PATH_BYTES)
		return steal(&path.data);
	(void)fail(h, "expected a key that is not too long");
	return NULL;
}

/* Stored as the path of the file's include, "\2", PATH. */
static int
parse_substitution(struct hocon *h, struct buf *pieces)
{
	enum kind kind = accept(h, "${?") ? OPTIONAL : NEEDED;
	autofree char *path = NULL;
	autofree char *both = NULL;

	if (kind == NEEDED && !accept(h, "${"))
		return fail(h, "expected { after $");
	h->in.at += blanks(h->in.at);
	if ((path = hocon_parse_path(h, "")) == NULL)
		return -1;
	both = xasprintf("%s\2%s", h->in.prefix, path);
	add(pieces, kind, both, strlen(both));
	return accept(h, "}") ? 0 : fail(h, "expected }");
}

static int
parse_string(struct hocon *h, struct buf *pieces)
{
	autobuf struct buf text = { 0 };
	/* null can be the beginning of a string. */
	bool is_null = strncmp(h->in.at, "null", 4) == 0;
	size_t n = is_null ? 4 : word(h->in.at);

	if (*h->in.at == '"') {
		if (parse_quoted(h, &text) == -1)
			return -1;
		add(pieces, TEXT, buf_str(&text), text.len);
	} else if (n == 0) {
		return fail(h, "expected a value");
	}
	if (n > 0)
		add(pieces, is_null ? NOTHING : TEXT, h->in.at, n);
	h->in.at += n;
	return 0;
}

static int parse_all(struct hocon *, const char *path, char end);

static int
parse_piece(struct hocon *h, const char *path, struct buf *pieces)
{
	int rc;

	if (h->n > VALUES || h->depth >= HOCON_DEPTH)
		return fail(h, "too large or nested too deeply");
	h->depth++;
	if (accept(h, "{")) {
		/* What precedes the members is older than they are. */
		add(pieces, OBJECT, "", 0);
		put(h, path, pieces);
		rc = parse_all(h, path, '}');
	} else if (accept(h, "[")) {
		add(pieces, ARRAY, "", 0);
		h->mute++;
		rc = parse_all(h, path, ']');
		h->mute--;
	} else if (*h->in.at == '$') {
		rc = parse_substitution(h, pieces);
	} else {
		rc = parse_string(h, pieces);
	}
	h->depth--;
	return rc;
}

/* Parse pieces up to the end of the line; blanks within a string are kept. */
static int
parse_value(struct hocon *h, const char *path)
{
	autobuf struct buf pieces = { 0 };
	size_t gap = 0;
	char last = 0;

	skip(h);
	do {
		if (gap && !strchr("{[", last) && !strchr("{[", *h->in.at))
			add(&pieces, BLANK, h->in.at - gap, gap);
		last = *h->in.at;
		if (parse_piece(h, path, &pieces) == -1)
			return -1;
		gap = blanks(h->in.at);
		h->in.at += gap;
	} while (!strchr("\n,}]", *h->in.at) && !is_comment(h->in.at));
	put(h, path, &pieces);
	return 0;
}

static int
parse_member(struct hocon *h, const char *base)
{
	autofree char *path = hocon_parse_path(h, base);
	autobuf struct buf pieces = { 0 };
	bool is_more;
	int rc;

	if (path == NULL)
		return -1;
	skip(h);
	if (*h->in.at == '{')
		return parse_piece(h, path, &pieces);
	is_more = accept(h, "+=");
	if (!is_more && !accept(h, "=") && !accept(h, ":"))
		return fail(h, "expected = or :");
	if (is_more)
		put_one(h, path, ARRAY, "");
	h->mute += is_more;
	rc = parse_value(h, path);
	h->mute -= is_more;
	return rc;
}

int
hocon_parse(struct hocon *h, const char *path, const char *file)
{
	autobuf struct buf text = { .limit = HOCON_BYTES + 1 - h->bytes };
	struct place outer = h->in;
	struct stat st;
	int rc;

	if (h->files++ >= HOCON_FILES || h->depth >= HOCON_DEPTH)
		return fail(h, "endless includes");
	rc = file_read_named(file, &text, &st);
	if (rc == -1 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (rc == -1 || fnmatch("*.properties", file, 0) == 0) {
		const char *why = rc == -1 ? strerror(errno) : "not HOCON";
		autofree char *named = xasprintf("%s%s%s",
		    outer.file ? file : "", outer.file ? ": " : "", why);

		put_one(h, path, UNSEEN, named);
		return 1;
	}
	h->bytes += text.len;
	h->depth++;
	h->in = (struct place){ file, path, buf_str(&text), buf_str(&text) };
	skip(h);
	rc = parse_all(h, path, accept(h, "{") ? '}' : '\0');
	skip(h);
	if (rc == 0 && h->in.at != h->in.text + text.len)
		rc = fail(h, "expected the end");
	h->in = outer;
	h->depth--;
	return rc == -1 ? -1 : 1;
}

/* A name without a suffix stands for up to three files. */
static int
include(struct hocon *h, const char *path, const char *name, bool is_needed)
{
	static const char *const endings[] = { ".properties", ".json", ".conf",
		"" };
	bool is_whole =
	    fnmatch("*.@(properties|json|conf)", name, FNM_EXTMATCH) == 0;
	int found = 0;

	for (size_t i = is_whole ? 3 : 0; i < (is_whole ? 4 : 3); i++) {
		autofree char *file = xasprintf("%s%s", name, endings[i]);
		int rc = hocon_parse(h, path, file);

		if (rc == -1)
			return -1;
		found += rc;
	}
	return found || !is_needed ? 0
				   : fail(h, "the required file is missing");
}

static int
parse_include(struct hocon *h, const char *path)
{
	autobuf struct buf name = { 0 };
	autofree char *folder = file_parent(h->in.file);
	autofree char *file = NULL;
	bool is_needed = false, is_file = false, is_seen = true;
	size_t open = 0;
	const char *s;

	for (skip(h); *h->in.at != '"'; skip(h), open++)
		if (accept(h, "required("))
			is_needed = true;
		else if (accept(h, "file("))
			is_file = true;
		else if (accept(h, "url(") || accept(h, "classpath("))
			is_seen = false;
		else
			return fail(h, "expected a quoted name");
	if (parse_quoted(h, &name) == -1)
		return -1;
	for (; open > 0; open--)
		if (skip(h), !accept(h, ")"))
			return fail(h, "expected )");
	s = buf_str(&name);
	/* file() is relative to the directory in which Jibri was started. */
	if (!is_seen || (is_file && *s != '/') || s[strcspn(s, ":/")] == ':') {
		file = xasprintf("include %s is not followed", s);
		put_one(h, path, UNSEEN, file);
		return 0;
	}
	file = *s == '/' ? xstrdup(s) : xasprintf("%s/%s", folder, s);
	return include(h, path, file, is_needed);
}

/* Parse members, or the elements of an array. */
static int
parse_all(struct hocon *h, const char *path, char end)
{
	bool is_line;
	int rc;

	for (skip(h); *h->in.at != end; skip(h)) {
		if (end == ']')
			rc = parse_value(h, path);
		else if (word(h->in.at) == 7 && accept(h, "include"))
			rc = parse_include(h, path);
		else
			rc = parse_member(h, path);
		if (rc == -1)
			return -1;
		is_line = skip(h);
		if (!accept(h, ",") && !is_line && *h->in.at != end)
			return fail(h, "expected a comma or a new line");
	}
	h->in.at += end != '\0';
	return 0;
}

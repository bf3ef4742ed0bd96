#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/doctor/hocon.h"
#include "cli/doctor/hocon_internal.h"

enum { VALUE_BYTES = 64 * 1024, STEPS = 10 * 1000 * 1000 };

struct found {
	enum kind kind;
	struct buf text;
};

/* The rest of path below base: "" if they are equal; NULL if not below it. */
static const char *
below(const char *path, const char *base)
{
	size_t len = strlen(base);

	if (strncmp(path, base, len) != 0 || !strchr("\1", path[len]))
		return NULL;
	return path + len;
}

static int evaluate(struct hocon *, struct value *, const char *rest,
    struct found *);

/* Find the newest definition; the members of an object are separate values. */
static int
lookup(struct hocon *h, const char *path, struct found *out)
{
	struct value *from = h->newest;
	bool is_object = false;

	h->steps += h->n + 1;
	if (h->depth++ >= HOCON_DEPTH || h->steps > STEPS)
		return err_set(h->e, ERR_CONFIG, "endless substitutions");
	/* A value that refers to itself means its earlier definition. */
	for (struct value *v = h->newest; v; v = v->older)
		if (v->is_busy && below(path, v->path))
			from = v->older;
	for (struct value *v = from; v && !out->kind; v = v->older) {
		const char *rest = below(path, v->path);

		if (rest && evaluate(h, v, rest, out) == -1)
			return -1;
		is_object |= out->kind == OBJECT ||
		    (rest == NULL && below(v->path, path));
		if (out->kind == OBJECT)
			out->kind = UNDEFINED;
	}
	if (is_object || out->kind == HIDDEN)
		out->kind = is_object ? OBJECT : UNDEFINED;
	h->depth--;
	return 0;
}

/* A substitution, or its member at rest, a path below it. */
static int
substitute(struct hocon *h, const char *piece, const char *rest,
    struct found *out)
{
	const char *inner = strchr(piece, '\2') + 1, *value = NULL;
	autofree char *path = xasprintf("%.*s%s%s", (int)(inner - piece - 2),
	    piece + 1, inner, rest);
	autofree char *name = xstrdup(inner + 1);

	/*
	 * First relative to its file, then to the whole, then in the
	 * environment.
	 */
	if (lookup(h, path, out) == -1 ||
	    (!out->kind && lookup(h, path + (inner - piece - 2), out) == -1))
		return -1;
	if (*rest && !out->kind) {
		if (substitute(h, piece, "", out) == -1)
			return -1;
		if (out->kind)
			out->kind = out->kind == OBJECT ? UNDEFINED : HIDDEN;
	}
	if (*rest || out->kind)
		return 0;
	if (strchr(name, '\1') == NULL)
		value = getenv(name);
	if (value) {
		free(h->open);
		h->open =
		    xasprintf("${%s} may be different where Jibri runs", name);
		out->kind = TEXT;
		buf_adds(&out->text, value);
		return 0;
	}
	for (char *c = name; *c; c++)
		*c = *c == '\1' ? '.' : *c;
	if (*piece == NEEDED)
		return err_set(h->e, ERR_CONFIG, "${%s} has no value here",
		    name);
	free(h->open);
	h->open = xasprintf("${?%s} is not set here", name);
	return 0;
}

/* Strings are joined; an object or an array stays as it is. */
static int
join(struct hocon *h, struct found *out, const struct found *one)
{
	bool is_text = out->kind != OBJECT && out->kind != ARRAY;
	bool is_more_text = one->kind != OBJECT && one->kind != ARRAY;

	if (out->kind == UNDEFINED || (out->kind == BLANK && !is_more_text))
		out->kind = one->kind;
	else if (one->kind == UNDEFINED || (!is_text && one->kind == BLANK))
		return 0;
	else if (is_text && is_more_text)
		out->kind = TEXT;
	else if (one->kind != out->kind)
		return err_set(h->e, ERR_CONFIG,
		    "values of different kinds next to each other");
	if (!buf_adds(&out->text, buf_str(&one->text)) ||
	    out->text.len > VALUE_BYTES)
		return err_set(h->e, ERR_CONFIG, "a value is too long");
	return 0;
}

/* The value itself, or its member at rest, a path below it. */
static int
evaluate(struct hocon *h, struct value *v, const char *rest, struct found *out)
{
	int rc = 0;

	v->is_busy = true;
	for (char *p = v->pieces; *p && rc == 0; p += strlen(p) + 1) {
		struct found one = { .kind = (enum kind) * p };

		if (*p == NEEDED || *p == OPTIONAL) {
			one.kind = UNDEFINED;
			rc = substitute(h, p, rest, &one);
		} else if (*p == UNSEEN && *rest) {
			rc = err_set(h->e, ERR_CONFIG, "%s", p + 1);
		} else if (*p == OBJECT || *p == UNSEEN) {
			one.kind = *rest ? UNDEFINED : OBJECT;
		} else if (*rest) {
			one.kind = *p == BLANK ? UNDEFINED : HIDDEN;
		} else {
			buf_adds(&one.text, p + 1);
		}
		if (*rest && one.kind)
			buf_free(&out->text), out->kind = UNDEFINED;
		if (rc == 0)
			rc = join(h, out, &one);
		buf_free(&one.text);
	}
	v->is_busy = false;
	return rc;
}

int
hocon_load(struct hocon **out, const char *path, struct err *e)
{
	struct hocon *h = xcalloc(1, sizeof(*h));
	int rc;

	*e = (struct err){ 0 };
	h->e = e;
	rc = hocon_parse(h, "", path);
	*out = rc == 1 ? h : NULL;
	if (rc != 1)
		hocon_free(h);
	return rc;
}

int
hocon_get(struct hocon *h, const char *path, char **value, struct err *e)
{
	autofree char *keys = NULL;
	struct found f = { 0 };
	int rc = -1;

	*value = NULL;
	*e = (struct err){ 0 };
	h->e = e;
	h->in = (struct place){ path, "", path, path };
	h->depth = h->steps = 0;
	mem_replace(&h->open, NULL);
	keys = hocon_parse_path(h, "");
	if (keys)
		rc = lookup(h, keys, &f);
	if (rc == 0 &&
	    (f.kind == OBJECT || f.kind == ARRAY ||
		!text_is_utf8(buf_str(&f.text))))
		rc = err_set(e, ERR_CONFIG, "%s is not a string", path);
	if (rc == 0 && h->open)
		(void)err_set(e, ERR_CONFIG, "%s", h->open);
	if (rc == 0 && f.kind != UNDEFINED && f.kind != NOTHING) {
		*value = xstrdup(buf_str(&f.text));
		rc = 1;
	}
	buf_free(&f.text);
	return rc;
}

void
hocon_free(struct hocon *h)
{
	struct value *v = h ? h->newest : NULL;

	while (v) {
		struct value *older = v->older;

		free(v->path);
		free(v->pieces);
		free(v);
		v = older;
	}
	if (h)
		free(h->open);
	free(h);
}

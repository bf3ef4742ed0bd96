#include "io/xml.h"

#include <dlfcn.h>
#include <expat.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

enum {
	DEPTH = 16,
	PATH_BYTES = 1024,
	TEXT_BYTES = 16 * 1024,
	TOKEN_BYTES = 4 * 1024, /* expat rereads an incomplete token */
};

/* A function of the library, while it is loaded. */
#define LIB(x, name) ((__typeof__(name) *)dlsym((x)->handle, #name))

struct xml {
	void *handle;
	XML_Parser parser;
	xml_element *element;
	void *ctx;
	struct buf path, text;
	size_t lengths[DEPTH]; /* of the path, without each element */
	size_t depth;
	int64_t given, read; /* bytes in total, and in complete tokens */
	const char *refused; /* why it was stopped; NULL: it was not */
};

static void
refuse(struct xml *x, const char *why)
{
	if (x->refused == NULL)
		x->refused = why;
	(void)LIB(x, XML_StopParser)(x->parser, XML_FALSE);
}

static void
on_start(void *ctx, const char *name, const char **attributes)
{
	struct xml *x = ctx;
	size_t len = x->path.len;

	(void)attributes;
	if (x->refused)
		return;
	if (x->depth == DEPTH ||
	    !buf_addf(&x->path, "%s%s", len > 0 ? "/" : "", name)) {
		refuse(x, "is nested too deeply");
		return;
	}
	x->lengths[x->depth++] = len;
	buf_drop(&x->text, x->text.len);
}

static void
on_end(void *ctx, const char *name)
{
	struct xml *x = ctx;

	(void)name;
	if (x->refused)
		return;
	x->element(x->ctx, buf_str(&x->path), buf_str(&x->text));
	x->path.len = x->lengths[--x->depth];
	x->path.data[x->path.len] = '\0';
	buf_drop(&x->text, x->text.len);
}

static void
on_text(void *ctx, const char *data, int len)
{
	struct xml *x = ctx;

	if (!x->refused && !buf_add(&x->text, data, (size_t)len))
		refuse(x, "has a text that is too long");
}

static void
on_doctype(void *ctx, const char *name, const char *sysid, const char *pubid,
    int has_subset)
{
	(void)name, (void)sysid, (void)pubid, (void)has_subset;
	refuse(ctx, "has a DOCTYPE");
}

static void *
load(void)
{
	return dlopen("libexpat.so.1", RTLD_NOW | RTLD_LOCAL);
}

/* expat says "expat_2.5.0". */
char *
xml_library(void)
{
	struct xml x = { .handle = load() };
	char *text;

	if (x.handle == NULL)
		return xstrdup("no expat");
	text = xstrdup(LIB(&x, XML_ExpatVersion)());
	text[strcspn(text, "_")] = ' ';
	(void)dlclose(x.handle);
	return text;
}

struct xml *
xml_open(xml_element *element, void *ctx, struct err *e)
{
	static const XML_Memory_Handling_Suite memory = { xmalloc, xrealloc,
		free };
	struct xml *x = xcalloc(1, sizeof(*x));

	x->handle = load();
	if (x->handle == NULL) {
		free(x);
		(void)err_set(e, ERR_CONFIG,
		    "S3 needs libexpat, which cannot be loaded: %s", dlerror());
		return NULL;
	}
	x->element = element;
	x->ctx = ctx;
	x->path.limit = PATH_BYTES;
	x->text.limit = TEXT_BYTES;
	x->parser = LIB(x, XML_ParserCreate_MM)(NULL, &memory, NULL);
	LIB(x, XML_SetUserData)(x->parser, x);
	LIB(x, XML_SetElementHandler)(x->parser, on_start, on_end);
	LIB(x, XML_SetCharacterDataHandler)(x->parser, on_text);
	LIB(x, XML_SetStartDoctypeDeclHandler)(x->parser, on_doctype);
	return x;
}

static int
parse(struct xml *x, const char *data, int len, int is_end, struct err *e)
{
	if (LIB(x, XML_Parse)(x->parser, data, len, is_end) == XML_STATUS_OK)
		return 0;
	return err_set(e, ERR_CONFIG, "%s",
	    x->refused
		? x->refused
		: LIB(x, XML_ErrorString)(LIB(x, XML_GetErrorCode)(x->parser)));
}

/* Debian 13's expat deprecates it, and Debian 12's lacks what replaces it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static int64_t
current_byte(const struct xml *x)
{
	return LIB(x, XML_GetCurrentByteIndex)(x->parser);
}
#pragma GCC diagnostic pop

/* Checked at boundaries that do not depend on how the document arrives. */
static int
check_token(struct xml *x, size_t n, struct err *e)
{
	int64_t read = current_byte(x);

	/* -1 while expat waits for more. */
	if (read > x->read)
		x->read = read;
	x->given += (int64_t)n;
	if (x->given % TOKEN_BYTES != 0 || x->given - x->read < TOKEN_BYTES)
		return 0;
	return err_set(e, ERR_CONFIG,
	    "has a tag or a comment that is too long");
}

int
xml_add(struct xml *x, const char *data, size_t len, struct err *e)
{
	for (size_t n; len > 0; data += n, len -= n) {
		n = TOKEN_BYTES - (size_t)(x->given % TOKEN_BYTES);
		n = n < len ? n : len;
		if (parse(x, data, (int)n, 0, e) == -1 ||
		    check_token(x, n, e) == -1)
			return -1;
	}
	return 0;
}

int
xml_end(struct xml *x, struct err *e)
{
	return parse(x, "", 0, 1, e);
}

void
xml_free(struct xml *x)
{
	if (x == NULL)
		return;
	LIB(x, XML_ParserFree)(x->parser);
	(void)dlclose(x->handle);
	buf_free(&x->path);
	buf_free(&x->text);
	free(x);
}

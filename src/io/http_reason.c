#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/digest.h"
#include "io/http_internal.h"
#include "io/json.h"

enum {
	EXCERPT_BYTES = 200,
	SCANNED_BYTES = 4096, /* of a text; the rest is ignored */
	ESCAPE_BYTES = 10,    /* the longest escape, as in &#x00002F; */
	SECRET_BYTES_MIN = 4,
	REPEATED_BYTES_MIN = 8, /* unlikely by chance */
	NESTED = 4,
};

/* A text to be shown, while the secrets in it are masked. */
struct scan {
	struct buf text;
	const char *end;
	const char *open; /* a secret matched up to here may continue past
			     the end */
};

/* Headers whose values may be shown; of others only the name. */
bool
http_is_harmless(const char *line, size_t name_len)
{
	static const char *const names[] = { "Accept", "Accept-Encoding",
		"Allow", "Connection", "Content-Length", "Content-Type", "Date",
		"Expect", "Host", "Idempotency-Key", "Keep-Alive", "Location",
		"Proxy-Connection", "Retry-After", "Server",
		"Transfer-Encoding", "User-Agent", "Via", "webhook-id",
		"webhook-timestamp" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == name_len &&
		    strncasecmp(names[i], line, name_len) == 0)
			return true;
	return false;
}

/* The character that this JSON, URL or HTML escape means; 0: none. */
static char
unescape(const char *s, size_t *len)
{
	static const struct {
		const char *before;
		size_t digits; /* at most; exactly, unless a ; ends them */
		int base;
	} forms[] = { { "\\u", 4, 16 }, { "%", 2, 16 }, { "&#x", 6, 16 },
		{ "&#", 6, 10 } };
	static const char *const names[] = { "&amp;&", "&lt;<", "&gt;>",
		"&quot;\"", "&apos;'" };

	for (size_t i = 0; i < 4; i++) {
		size_t n = strlen(forms[i].before), k = 0;
		char digits[8] = "";

		if (strncasecmp(s, forms[i].before, n) != 0)
			continue;
		for (; k < forms[i].digits && isxdigit((unsigned char)s[n + k]);
		     k++)
			digits[k] = s[n + k];
		*len = n + k + (*s == '&');
		if (*s == '&' ? s[n + k] == ';' : k == forms[i].digits)
			return (char)strtol(digits, NULL, forms[i].base);
	}
	for (size_t i = 0; i < 5; i++) {
		*len = strlen(names[i]) - 1;
		if (strncmp(s, names[i], *len) == 0)
			return names[i][*len];
	}
	*len = 2;
	return *s == '\\' ? s[1] : '\0';
}

/* How many bytes at s encode this character? 0: it is another. */
static size_t
length_of(const char *s, char c, bool is_raw_first)
{
	size_t len;

	if (is_raw_first && *s == c)
		return 1;
	if (*s && strchr("\\%&", *s) && unescape(s, &len) == c)
		return len;
	return *s == c;
}

/* The length of the blank or line break, raw or escaped, at s; 0: none. */
static size_t
blank_length(const char *s)
{
	size_t len = 2;
	char c = *s;

	if (c == '\\' && s[1] && strchr("nrt", s[1]))
		return len;
	if (c && strchr("\\%&", c))
		c = unescape(s, &len);
	else
		len = 1;
	return c && strchr(" \t\r\n", c) ? len : 0;
}

/*
 * The end of the secret that begins here, or NULL.  The text may have it
 * escaped, or plain, in which case it may look like an escape.  A server may
 * have broken it into lines.
 */
static const char *
end_of(const struct scan *scan, const char *s, const char *secret,
    bool is_raw_first)
{
	const char *from = s;

	for (size_t len; *secret; s += len) {
		len = length_of(s, *secret, is_raw_first);
		secret += len > 0;
		if (len == 0 && s > from)
			len = blank_length(s);
		if (len == 0)
			return s >= scan->open ? scan->end : NULL;
	}
	return s;
}

static void
mask(struct scan *scan, const char *secret)
{
	if (strlen(secret) < SECRET_BYTES_MIN)
		return;
	for (char *s = scan->text.data; s && s < scan->end;) {
		const char *end = end_of(scan, s, secret, false);

		if (end == NULL)
			end = end_of(scan, s, secret, true);
		if (end)
			memset(s, '*', (size_t)(end - s));
		s += end ? end - s : 1;
	}
}

/*
 * Mask the secret, and its base64 except for the last digits, which depend on
 * what follows.
 */
static void
mask_forms(struct scan *scan, const char *secret)
{
	size_t len = secret ? strlen(secret) : 0;
	autofree char *coded = digest_base64(secret ? secret : "", len);

	mask(scan, secret ? secret : "");
	coded[len * 4 / 3] = '\0';
	mask(scan, coded);
	for (char *c = coded; (c = strpbrk(c, "+/")) != NULL;)
		*c = *c == '+' ? '-' : '_';
	mask(scan, coded);
}

/* Mask what follows "Bearer" or "Basic" unless it looks like a word. */
static void
mask_credentials(struct buf *text)
{
	static const char *const schemes[] = { "bearer ", "basic " };
	static const char alphabet[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "-._~+/=%\\";

	for (char *s = (char *)buf_str(text); *s; s++)
		for (size_t i = 0; i < 2; i++) {
			size_t n = strlen(schemes[i]), len;

			if (strncasecmp(s, schemes[i], n) != 0)
				continue;
			len = strspn(s + n, alphabet);
			if (len > 1 &&
			    strspn(s + n + 1, "abcdefghijklmnopqrstuvwxyz") <
				len - 1)
				memset(s + n, '*', len);
		}
}

/* Mask each value in a bare request's URL, encoded and decoded. */
static void
mask_url(struct scan *scan, const char *url)
{
	const char *path = strpbrk(strstr(url, "://") + 3, "/?");

	mask(scan, url);
	for (const char *c = path ? path : ""; *c;) {
		size_t len = strcspn(++c, "/?&=");
		autofree char *word = xstrndup(c, len);
		autofree char *plain = text_percent_decode(word, len);

		if (len >= REPEATED_BYTES_MIN) {
			mask(scan, word);
			mask(scan, plain ? plain : "");
		}
		c += len;
	}
}

/* Mask the secrets of the settings and of this request. */
static void
mask_all(const struct http_answer *a, struct scan *scan)
{
	for (size_t i = 0; a->secrets && i < HTTP_SECRETS; i++)
		if (a->secrets[i])
			mask_forms(scan, *a->secrets[i]);
	for (size_t i = 0; a->request && i < a->request->headers->n; i++) {
		const char *line = a->request->headers->items[i];
		/* Without "Bearer"; a bare one's value is secret as a whole. */
		const char *blank = a->request->is_bare ? strchr(line, ' ')
							: strrchr(line, ' ');

		if (blank && !http_is_harmless(line, strcspn(line, ":")))
			mask_forms(scan, blank + 1);
	}
	if (a->request && a->request->is_bare)
		mask_url(scan, a->request->url);
	mask_credentials(&scan->text);
}

char *
http_masked(const struct http_answer *a, const char *text, size_t len)
{
	bool is_cut = len > SCANNED_BYTES;
	struct scan scan = { 0 };

	(void)buf_add(&scan.text, text, is_cut ? SCANNED_BYTES : len);
	for (char *nul;
	     (nul = memchr(buf_str(&scan.text), '\0', scan.text.len)) != NULL;)
		*nul = '?';
	scan.end = buf_str(&scan.text) + scan.text.len;
	scan.open = is_cut ? scan.end - ESCAPE_BYTES : scan.end + 1;
	mask_all(a, &scan);
	if (is_cut)
		scan.text.data[scan.text.len - ESCAPE_BYTES] = '\0';
	return scan.text.data;
}

char *
http_excerpt(const struct http_answer *a, const char *text, size_t len)
{
	char *shown = http_masked(a, text, len);
	size_t end = strnlen(shown, EXCERPT_BYTES);

	/* Do not cut within a character. */
	while (end > 0 && (shown[end] & 0xC0) == 0x80)
		end--;
	shown[end] = '\0';
	return shown;
}

static bool
is_repeated(const char *text, const char *secret)
{
	const struct scan whole = { .open = text + strlen(text) + 1 };

	if (strlen(secret) < REPEATED_BYTES_MIN)
		return false;
	if (strpbrk(text, "\\%& \t\r\n") == NULL)
		return strstr(text, secret) != NULL;
	for (const char *s = text; *s; s++)
		if (end_of(&whole, s, secret, false) ||
		    end_of(&whole, s, secret, true))
			return true;
	return false;
}

bool
http_has_secret(const struct http_answer *a, const char *text)
{
	static const char name[] = "Authorization:";

	for (size_t i = 0; a->secrets && i < HTTP_SECRETS; i++)
		if (a->secrets[i] && *a->secrets[i] &&
		    is_repeated(text, *a->secrets[i]))
			return true;
	/* A fetched token is not in any setting. */
	for (size_t i = 0; a->request && i < a->request->headers->n; i++) {
		const char *line = a->request->headers->items[i];

		if (strncasecmp(line, name, strlen(name)) == 0 &&
		    is_repeated(text, strrchr(line, ' ') + 1))
			return true;
	}
	return false;
}

/* A text meant for people, or NULL; borrowed. */
static const char *
find_reason(const json_t *json, int nested)
{
	static const char *const names[] = { "message", "error_description",
		"error", "detail", "title", "defaultMessage" };
	const char *found = json_string_value(json);

	if (found || nested == 0)
		return found && *found ? found : NULL;
	found = find_reason(json_array_get(json, 0), nested - 1);
	for (size_t i = 0; found == NULL && i < 6; i++)
		found =
		    find_reason(json_object_get(json, names[i]), nested - 1);
	return found;
}

static void
add_reason(struct buf *text, const json_t *json)
{
	const char *found = find_reason(json, NESTED);

	if (found)
		(void)buf_addf(text, "%s%s", text->len ? "; " : "", found);
}

/* The text for people, and what a list of errors adds to it. */
static void
add_reasons(struct buf *text, json_t *json)
{
	json_t *errors = json_object_get(json, "errors");
	void *at = json_object_iter(errors);

	add_reason(text, json);
	for (size_t i = 0; i < json_array_size(errors); i++)
		add_reason(text, json_array_get(errors, i));
	for (; at; at = json_object_iter_next(errors, at))
		add_reason(text, json_object_iter_value(at));
}

/* Make one line of UTF-8 without markup, limited by its escaped length. */
static char *
one_line(const char *s)
{
	bool is_markup = s[strspn(s, " \t\r\n")] == '<', is_blank = false;
	struct buf line = { 0 };

	for (size_t n, cost = 0; *s; s += n) {
		n = text_utf8_length(s);
		if (is_markup && *s == '<')
			n = strcspn(s + 1, ">") + 1;
		if (*s == ' ' || text_unprintable(s) || n == 0 ||
		    (is_markup && strchr("<>", *s))) {
			is_blank = line.len > 0;
			n += n == 0;
			continue;
		}
		cost += (size_t)is_blank + (n > 1 || *s == '\\' ? 4 * n : 1);
		if (cost > EXCERPT_BYTES)
			break;
		(void)buf_adds(&line, is_blank ? " " : "");
		(void)buf_add(&line, s, n);
		is_blank = false;
	}
	return line.data;
}

char *
http_reason(const struct http_answer *a)
{
	struct err ignored;
	autojson json_t *json =
	    json_parse_foreign(buf_str(&a->body), a->body.len, &ignored);
	autobuf struct buf found = { 0 };
	autofree char *text = NULL;

	add_reasons(&found, json);
	text = found.len ? http_masked(a, found.data, found.len)
			 : http_masked(a, buf_str(&a->body), a->body.len);
	return one_line(text);
}

#include "target.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char *const stage_names[STAGE_COUNT] = {
	[STAGE_OTHER] = "other",
	[STAGE_LOOKUP] = "lookup",
	[STAGE_LIST] = "list",
	[STAGE_UPLOAD] = "upload",
	[STAGE_DOWNLOAD] = "download",
	[STAGE_WEBHOOK] = "webhook",
	[STAGE_HEALTH] = "health",
	[STAGE_TOKEN] = "token",
	[STAGE_URLS] = "urls",
	[STAGE_BUCKET] = "bucket",
	[STAGE_HEAD] = "head",
	[STAGE_DELETE] = "delete",
	[STAGE_BEGIN] = "begin",
	[STAGE_PART] = "part",
	[STAGE_PARTS] = "parts",
	[STAGE_COMPLETE] = "complete",
	[STAGE_ABORT] = "abort",
	[STAGE_UPLOADS] = "uploads",
};

/* In a path, `*` is one segment that is not empty. */
static const struct route {
	enum stage stage;
	const char *method;
	const char *path;
} routes[] = {
	{ STAGE_LOOKUP, "GET", "/api/meetings/room/*" },
	{ STAGE_LIST, "GET", "/metadata" },
	{ STAGE_LIST, "GET", "/file-service/metadata" },
	{ STAGE_UPLOAD, "POST", "/files/structured/*" },
	{ STAGE_UPLOAD, "POST", "/file-service/files/structured/*" },
	{ STAGE_DOWNLOAD, "GET", "/files/*/download" },
	{ STAGE_DOWNLOAD, "GET", "/file-service/files/*/download" },
	{ STAGE_WEBHOOK, "POST", "/webhooks/jitsi/recording" },
	{ STAGE_HEALTH, "GET", "/actuator/health" },
	{ STAGE_TOKEN, "POST", "/oauth/token" },
};

const char *
target_stage_name(enum stage stage)
{
	return stage_names[stage];
}

bool
target_stage(const char *name, enum stage *stage)
{
	for (size_t i = 0; i < STAGE_COUNT; i++) {
		if (strcmp(stage_names[i], name) == 0) {
			*stage = (enum stage)i;
			return true;
		}
	}
	return false;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* NULL for a broken escape, a NUL, and what is not UTF-8. */
static char *
decode(const char *s, size_t n, bool is_plus_space)
{
	autofree char *out = text_must(malloc(n + 1));
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%') {
			int high = n - i > 2 ? hex_value(s[i + 1]) : -1;
			int low = n - i > 2 ? hex_value(s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return NULL;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && is_plus_space) {
			c = ' ';
		}
		if (c == '\0')
			return NULL;
		out[used++] = c;
	}
	return text_is_utf8(out, used) ? text_copy(out, used) : NULL;
}

char *
target_decode(const char *s, size_t n)
{
	return decode(s, n, false);
}

static char *
encode(const char *s, const char *kept)
{
	static const char digits[] = "0123456789ABCDEF";
	char *out = text_must(malloc(s != NULL ? 3 * strlen(s) + 1 : 1));
	char *to = out;

	for (; s != NULL && *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr(kept, c) != NULL) {
			*to++ = *s;
			continue;
		}
		*to++ = '%';
		*to++ = digits[c >> 4];
		*to++ = digits[c & 15];
	}
	*to = '\0';
	return out;
}

char *
target_encode(const char *s)
{
	return encode(s, "-._~/");
}

char *
target_encode_all(const char *s)
{
	return encode(s, "-._~");
}

/* A target that Tomcat refuses before any service sees it. */
static bool
is_acceptable(const char *raw, size_t path_bytes)
{
	for (size_t i = 0; raw[i] != '\0'; i++) {
		if (raw[i] <= ' ' || raw[i] > '~')
			return false;
		if (strchr("[]\"<>\\^`{|}", raw[i]) != NULL)
			return false;
		if (i < path_bytes && strncasecmp(raw + i, "%2f", 3) == 0)
			return false;
	}
	return true;
}

/* Does path[0..n) fit the route?  Then *arg is what its `*` stands for. */
static bool
route_fits(const char *pattern, const char *path, size_t n, const char **arg,
    size_t *arg_bytes)
{
	const char *star = strchr(pattern, '*');
	size_t head = star != NULL ? (size_t)(star - pattern) : strlen(pattern);
	size_t tail = star != NULL ? strlen(star + 1) : 0;

	if (n < head + tail || memcmp(path, pattern, head) != 0)
		return false;
	*arg = path + head;
	*arg_bytes = n - head - tail;
	if (star == NULL)
		return *arg_bytes == 0;
	return *arg_bytes > 0 && memchr(*arg, '/', *arg_bytes) == NULL &&
	    memcmp(path + n - tail, star + 1, tail) == 0;
}

static void
refuse(struct target *t, unsigned status, const char *reason)
{
	if (t->refusal != 0)
		return;
	t->refusal = status;
	t->reason = reason;
}

static void
route_find(struct target *t, const char *method, const char *path, size_t n)
{
	bool is_method_right = true;

	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const char *arg;
		size_t arg_bytes;

		if (!route_fits(routes[i].path, path, n, &arg, &arg_bytes))
			continue;
		t->stage = routes[i].stage;
		is_method_right = strcmp(method, routes[i].method) == 0;
		free(t->argument);
		t->argument = decode(arg, arg_bytes, false);
		if (is_method_right)
			break;
	}
	if (t->stage == STAGE_OTHER)
		refuse(t, 404, "no such path");
	else if (!is_method_right)
		refuse(t, 405, "method not allowed");
	else if (t->argument == NULL)
		refuse(t, 400, "bad escape in the path");
}

void
target_parse(struct target *t, const char *prefix, const char *method,
    const char *raw)
{
	size_t n = strcspn(raw, "?");
	size_t skip = strlen(prefix);

	*t = (struct target){ .stage = STAGE_OTHER };
	t->query = text_copy(raw + n, strlen(raw + n));
	if (!is_acceptable(raw, n))
		refuse(t, 400, "illegal character in the request target");
	if (n <= skip || strncmp(raw, prefix, skip) != 0 || raw[skip] != '/') {
		refuse(t, 404, "outside of the prefix");
		return;
	}
	route_find(t, method, raw + skip, n - skip);
}

char *
target_query(const struct target *t, const char *key)
{
	const char *at = t->query;
	size_t key_bytes = strlen(key);

	while (*at == '?' || *at == '&') {
		size_t n = strcspn(++at, "&");

		if (n > key_bytes && strncmp(at, key, key_bytes) == 0 &&
		    at[key_bytes] == '=')
			return decode(at + key_bytes + 1, n - key_bytes - 1,
			    true);
		at += n;
	}
	return NULL;
}

void
target_release(struct target *t)
{
	free(t->argument);
	free(t->bucket);
	free(t->upload);
	free(t->query);
}

#include "io/http_tally.h"

#include <stdbool.h>
#include <string.h>

#define MOST (INT64_C(1) << 40)

static const char *const names[HTTP_SERVICES] = {
	[HTTP_OTHER] = "other",
	[HTTP_MEETING_SERVICE] = "meeting-service",
	[HTTP_WEBHOOK] = "webhook",
	[HTTP_FILE_SERVICE] = "file-service",
	[HTTP_S3] = "s3",
	[HTTP_PARTS] = "parts",
	[HTTP_TOKEN] = "token",
};

const char *
http_service_name(enum http_service service)
{
	return names[service];
}

enum http_service
http_service_parse(const char *name)
{
	for (int i = 0; i < HTTP_SERVICES; i++)
		if (strcmp(names[i], name) == 0)
			return (enum http_service)i;
	return HTTP_OTHER;
}

/* The values may come from a journal that anybody wrote. */
static bool
is_sound(int64_t key, int64_t count)
{
	return key >= 0 && key < INT64_C(1000) * HTTP_SERVICES && count > 0 &&
	    count <= MOST;
}

void
http_tally_add(struct http_tally *t, int64_t key, int64_t count)
{
	const int last = HTTP_TALLY - 1;
	int i = key == 0 ? last : 0;

	if (!is_sound(key, count))
		return;
	while (i < last && t->count[i] != 0 && t->key[i] != key)
		i++;
	t->key[i] = i == last ? 0 : key;
	t->count[i] = count < MOST - t->count[i] ? t->count[i] + count : MOST;
}

bool
http_tally_is_empty(const struct http_tally *t)
{
	return t->count[0] == 0 && t->count[HTTP_TALLY - 1] == 0;
}

void
http_tally_sum(struct http_tally *t, const struct http_tally *more)
{
	for (int i = 0; i < HTTP_TALLY; i++)
		http_tally_add(t, more->key[i], more->count[i]);
}

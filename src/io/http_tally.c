#include "io/http_tally.h"

#include <string.h>

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

bool
http_tally_is_key(int64_t key)
{
	return key >= 0 && key < INT64_C(1000) * HTTP_SERVICES;
}

void
http_tally_add(struct http_tally *t, int64_t key, int64_t count)
{
	int i = 0;

	while (i < HTTP_TALLY - 1 && t->count[i] != 0 && t->key[i] != key)
		i++;
	if (i == HTTP_TALLY - 1)
		key = 0;
	t->key[i] = key;
	t->count[i] += count;
}

void
http_tally_sum(struct http_tally *t, const struct http_tally *more)
{
	for (int i = 0; i < HTTP_TALLY; i++)
		if (more->count[i] > 0)
			http_tally_add(t, more->key[i], more->count[i]);
}

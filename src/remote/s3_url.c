#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "remote/request.h"
#include "remote/s3_internal.h"

enum { ETAG_BYTES = 128 };

char *
s3_url(const struct s3_policy *p, const char *object, const char *query)
{
	const char *scheme = strstr(p->url, "://");
	int len = scheme ? (int)(scheme + 3 - p->url) : 0;
	bool is_host = p->addressing == S3_HOST;
	autofree char *bucket = text_percent_encode(p->bucket, "");
	autofree char *key = text_percent_encode(object, "/");
	autofree char *base = xasprintf("%.*s%s%s%s", len, p->url,
	    is_host ? bucket : "", is_host ? "." : "", p->url + len);
	autofree char *path = xasprintf("%s%s%s%s%s", is_host ? "" : "/",
	    is_host ? "" : bucket, *key ? key : "/", *query ? "?" : "", query);

	return request_url(base, path);
}

char *
s3_etag(const char *text)
{
	autofree char *etag = http_etag(text);

	return strlen(etag) <= ETAG_BYTES ? steal(&etag) : NULL;
}

/* A slash ends the ETag, so one inside it is encoded. */
char *
s3_id(const char *etag, const char *object)
{
	autofree char *encoded = etag
	    ? text_percent_encode(etag, "!#$&'()*+,:;<=>?@[\\]^`{|}")
	    : NULL;

	return encoded ? xasprintf("%s%s", encoded, object) : NULL;
}

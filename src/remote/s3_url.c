#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "remote/s3_internal.h"

enum { ETAG_BYTES = 128 };

char *
s3_url(const struct s3_policy *p, const char *object, const char *query)
{
	autofree char *path = text_percent_encode(object, "/");
	const char *scheme = strstr(p->url, "://");
	int len = scheme ? (int)(scheme + 3 - p->url) : 0;
	autofree char *bucket = text_percent_encode(p->bucket, "");
	autofree char *base = p->addressing == S3_HOST
	    ? xasprintf("%.*s%s.%s", len, p->url, bucket, p->url + len)
	    : xasprintf("%s/%s", p->url, bucket);

	return xasprintf("%s%s%s%s", base, *path ? path : "/",
	    *query ? "?" : "", query);
}

char *
s3_etag(const char *text)
{
	size_t len;

	text += strspn(text, "\"");
	len = strcspn(text, "\"");
	return len <= ETAG_BYTES ? xstrndup(text, len) : NULL;
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

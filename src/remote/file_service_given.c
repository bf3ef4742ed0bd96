#include <string.h>

#include "base/mem.h"
#include "io/http.h"
#include "remote/file_service_internal.h"

/* Checks of what the service provides for sending parts. */

enum { MOST_URL = 8 * 1024, MOST_HEADERS = 32 };

/* RFC 9110, sections 5.1 and 5.5, without headers for framing. */
static bool
is_header(const char *name, const char *value)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789!#$%&'*+-.^_`|~";
	static const char *const framing[] = { "Connection", "Content-Length",
		"Expect", "Host", "Keep-Alive", "TE", "Trailer",
		"Transfer-Encoding", "Upgrade" };

	if (value == NULL || *name == '\0' ||
	    name[strspn(name, token)] != '\0' ||
	    strncasecmp(name, "Proxy-", strlen("Proxy-")) == 0)
		return false;
	for (size_t i = 0; i < sizeof(framing) / sizeof(framing[0]); i++)
		if (strcasecmp(name, framing[i]) == 0)
			return false;
	for (const char *c = value; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\x7f')
			return false;
	return strlen(value) <= MOST_URL && *value;
}

bool
file_service_headers(const json_t *json, struct text_list *headers)
{
	const char *name;
	json_t *value;

	if (json_object_size(json) > MOST_HEADERS)
		return false;
	json_object_foreach((json_t *)json, name, value)
	{
		if (!is_header(name, json_string_value(value)))
			return false;
		text_list_addf(headers, "%s: %s", name,
		    json_string_value(value));
	}
	return true;
}

/* Is this origin listed as "host" or "host:port"? */
static bool
is_listed(const struct text_list *hosts, const char *origin)
{
	const char *host = strstr(origin, "://") + 3;
	size_t bare = (size_t)(strrchr(host, ':') - host);

	for (size_t i = 0; i < hosts->n; i++)
		if (strcasecmp(hosts->items[i], host) == 0 ||
		    (strlen(hosts->items[i]) == bare &&
			strncasecmp(hosts->items[i], host, bare) == 0))
			return true;
	return false;
}

bool
file_service_may_go_to(const struct file_service_policy *p, const char *url,
    struct err *e)
{
	autofree char *own = http_url_origin(p->url);
	autofree char *origin =
	    url && strlen(url) <= MOST_URL ? http_url_origin(url) : NULL;
	bool is_plain = origin && strncmp(origin, "http:", 5) == 0;

	if (origin && own && strcmp(origin, own) == 0)
		return true;
	if (origin && is_listed(&p->part_hosts, origin) &&
	    (!is_plain || (own && strncmp(own, "http:", 5) == 0)))
		return true;
	if (origin)
		(void)err_set(e, ERR_CONFIG,
		    "the URL of a part leads to %s, which is not %s", origin,
		    is_listed(&p->part_hosts, origin) ? "protected by https"
						      : "in part-hosts");
	else
		(void)err_set(e, ERR_CONFIG,
		    "the URL of a part is not an http or https URL");
	return false;
}

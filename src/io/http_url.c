#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "io/http_internal.h"

/* A part of a URL as libcurl would use it; NULL: absent. */
static char *
url_part(const char *url, CURLUPart which, unsigned flags)
{
	CURLU *u = (http_init(), curl_url());
	char *part = NULL;

	/* Allocation cannot fail, see http_init(). */
	if (curl_url_set(u, CURLUPART_URL, url, flags) == CURLUE_OK)
		(void)curl_url_get(u, which, &part, 0);
	curl_url_cleanup(u);
	return part;
}

/* libcurl also accepts "http:/host" and "http:///host". */
static bool
has_host(const char *url)
{
	const char *colon = url + strcspn(url, ":/?#");

	return strncmp(colon, "://", 3) == 0 && colon[3] != '/';
}

int
http_url_check(const char *url, struct err *e)
{
	autofree char *origin = http_url_origin(url);
	autofree char *password = url_part(url, CURLUPART_PASSWORD, 0);
	autofree char *query = url_part(url, CURLUPART_QUERY, 0);

	if (origin && password == NULL && query == NULL)
		return 0;
	/* The URL is not shown: it may contain a password. */
	return err_set(e, ERR_CONFIG,
	    "is not an http or https URL, or has a user, query or fragment");
}

char *
http_url_origin(const char *url)
{
	CURLU *u = (http_init(), curl_url());
	autofree char *scheme = NULL, *host = NULL, *port = NULL;
	char *user = NULL, *fragment = NULL, *origin = NULL;

	if (has_host(url) &&
	    curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_NO_USER &&
	    curl_url_get(u, CURLUPART_FRAGMENT, &fragment, 0) ==
		CURLUE_NO_FRAGMENT &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK &&
	    strncmp(scheme, "http", 4) == 0)
		origin = xasprintf("%s://%s:%s", scheme, host, port);
	for (char *c = origin; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	free(user);
	free(fragment);
	curl_url_cleanup(u);
	return origin;
}

char *
http_url_resolve(const char *url, const char *reference)
{
	CURLU *u = (http_init(), curl_url());
	autofree char *from = http_url_origin(url);
	autofree char *whole = NULL, *to = NULL;

	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_set(u, CURLUPART_URL, reference, 0) == CURLUE_OK)
		(void)curl_url_get(u, CURLUPART_URL, &whole, 0);
	curl_url_cleanup(u);
	to = whole ? http_url_origin(whole) : NULL;
	return from && to && strcmp(from, to) == 0 ? steal(&whole) : NULL;
}

static bool
is_in_net(const struct in6_addr *address, const char *net, int bits)
{
	struct in6_addr n;
	size_t whole = (size_t)bits / 8;

	(void)inet_pton(AF_INET6, net, &n);
	return memcmp(address, &n, whole) == 0 &&
	    (bits % 8 == 0 ||
		(address->s6_addr[whole] ^ n.s6_addr[whole]) >>
			(8 - bits % 8) ==
		    0);
}

static enum http_exposure
address_exposure(const struct in6_addr *address)
{
	static const struct {
		const char *net;
		int bits;
		enum http_exposure exposure;
	} nets[] = {
		{ "::1", 128, HTTP_LOOPBACK },
		{ "::ffff:127.0.0.0", 104, HTTP_LOOPBACK },
		{ "::ffff:10.0.0.0", 104, HTTP_PRIVATE },
		{ "::ffff:172.16.0.0", 108, HTTP_PRIVATE },
		{ "::ffff:192.168.0.0", 112, HTTP_PRIVATE },
		{ "::ffff:169.254.0.0", 112, HTTP_PRIVATE },
		{ "fe80::", 10, HTTP_PRIVATE },
		{ "fc00::", 7, HTTP_PRIVATE },
	};

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if (is_in_net(address, nets[i].net, nets[i].bits))
			return nets[i].exposure;
	return HTTP_EXPOSED;
}

/* Is name the domain itself or below it? */
static bool
is_below(const char *name, const char *domain)
{
	size_t len = strlen(name), tail = strlen(domain);

	return len >= tail && strcasecmp(name + len - tail, domain) == 0 &&
	    (len == tail || name[len - tail - 1] == '.');
}

/* RFC 6761, 6762, 8375, and ICANN's reservation of "internal" in 2024. */
static enum http_exposure
name_exposure(char *name)
{
	static const char *const private[] = { "local", "internal",
		"home.arpa" };
	size_t len = strlen(name);

	if (len > 0 && name[len - 1] == '.')
		name[len - 1] = '\0';
	if (is_below(name, "localhost"))
		return HTTP_LOOPBACK;
	if (strchr(name, '.') == NULL)
		return HTTP_PRIVATE;
	for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		if (is_below(name, private[i]))
			return HTTP_PRIVATE;
	return HTTP_EXPOSED;
}

enum http_exposure
http_url_exposure(const char *url)
{
	const unsigned any = CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME;
	autofree char *scheme = url_part(url, CURLUPART_SCHEME, any);
	autofree char *host = url_part(url, CURLUPART_HOST, any);
	autofree char *address = NULL;
	struct in6_addr v6;

	if (scheme == NULL || host == NULL)
		return HTTP_EXPOSED;
	if (strcmp(scheme, "https") == 0)
		return HTTP_ENCRYPTED;
	address = *host == '[' ? xstrndup(host + 1, strcspn(host + 1, "]%"))
			       : xasprintf("::ffff:%s", host);
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return address_exposure(&v6);
	return *host == '[' ? HTTP_EXPOSED : name_exposure(host);
}

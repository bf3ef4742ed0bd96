#include <arpa/inet.h>
#include <string.h>

#include "base/mem.h"
#include "io/http_internal.h"

int
http_url_check(const char *url, struct err *e)
{
	static const CURLUPart forbidden[] = { CURLUPART_USER,
		CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT };
	CURLU *u = (http_init(), curl_url());
	char *scheme = NULL;
	bool is_good = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
		char *part = NULL;

		if (curl_url_get(u, forbidden[i], &part, 0) == CURLUE_OK)
			is_good = false;
		curl_free(part);
	}
	curl_free(scheme);
	curl_url_cleanup(u);
	if (is_good)
		return 0;
	/* Not shown: it may hold a password. */
	return err_set(e, ERR_CONFIG,
	    "is no http or https URL without user, query and fragment");
}

/* One part of a URL, as libcurl would use it; NULL: there is none. */
static char *
url_part(const char *url, CURLUPart which)
{
	CURLU *u = (http_init(), curl_url());
	char *part = NULL;
	char *copy = NULL;

	if (curl_url_set(u, CURLUPART_URL, url,
		CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
	    curl_url_get(u, which, &part, 0) == CURLUE_OK)
		copy = xstrdup(part);
	curl_free(part);
	curl_url_cleanup(u);
	return copy;
}

static enum http_exposure
ipv4_exposure(uint32_t address)
{
	static const struct {
		uint32_t net;
		int bits;
		enum http_exposure exposure;
	} nets[] = {
		{ 0x7f000000, 8, HTTP_LOOPBACK },
		{ 0x0a000000, 8, HTTP_PRIVATE },
		{ 0xac100000, 12, HTTP_PRIVATE },
		{ 0xc0a80000, 16, HTTP_PRIVATE },
		{ 0xa9fe0000, 16, HTTP_PRIVATE },
	};

	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++)
		if ((address ^ nets[i].net) >> (32 - nets[i].bits) == 0)
			return nets[i].exposure;
	return HTTP_EXPOSED;
}

static enum http_exposure
ipv6_exposure(const struct in6_addr *address)
{
	const uint8_t *b = address->s6_addr;

	if (IN6_IS_ADDR_LOOPBACK(address))
		return HTTP_LOOPBACK;
	if (IN6_IS_ADDR_V4MAPPED(address))
		return ipv4_exposure((uint32_t)b[12] << 24 |
		    (uint32_t)b[13] << 16 | (uint32_t)b[14] << 8 | b[15]);
	if (IN6_IS_ADDR_LINKLOCAL(address) || (b[0] & 0xfe) == 0xfc)
		return HTTP_PRIVATE;
	return HTTP_EXPOSED;
}

/* Is name the domain or below it? */
static bool
is_below(const char *name, const char *domain)
{
	size_t len = strlen(name), tail = strlen(domain);

	return len >= tail && strcasecmp(name + len - tail, domain) == 0 &&
	    (len == tail || name[len - tail - 1] == '.');
}

/* RFC 6761, 6762, 8375, and ICANN's decision of 2024 on "internal". */
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
	autofree char *scheme = url_part(url, CURLUPART_SCHEME);
	autofree char *host = url_part(url, CURLUPART_HOST);
	struct in6_addr v6;
	struct in_addr v4;

	if (scheme == NULL || host == NULL)
		return HTTP_EXPOSED;
	if (strcmp(scheme, "https") == 0)
		return HTTP_ENCRYPTED;
	if (*host == '[') {
		size_t len = strcspn(host + 1, "]%");

		memmove(host, host + 1, len);
		host[len] = '\0';
		return inet_pton(AF_INET6, host, &v6) == 1 ? ipv6_exposure(&v6)
							   : HTTP_EXPOSED;
	}
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ipv4_exposure(ntohl(v4.s_addr));
	return name_exposure(host);
}

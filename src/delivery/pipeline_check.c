#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "delivery/pipeline.h"

static bool
is_set(const char *s)
{
	return s != NULL && *s != '\0';
}

static int
check_readable(const char *name, const char *path, struct err *e)
{
	struct stat st;

	if (!is_set(path))
		return 0;
	/* It would be waited for, at each connection. */
	if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s %s: is a pipe, not a file",
		    name, path);
	if (access(path, R_OK) == 0)
		return 0;
	if (!err_is_passing(errno))
		return err_set(e, ERR_CONFIG, "%s %s: %s", name, path,
		    strerror(errno));
	return err_sys(e, "%s %s", name, path);
}

static int
check_tls(const struct http_policy *p, struct err *e)
{
	if (is_set(p->tls_key) && !is_set(p->tls_cert))
		return err_set(e, ERR_CONFIG,
		    "tls-cert is not set, tls-key is");
	if (check_readable("ca-file", p->ca_file, e) == -1 ||
	    check_readable("tls-cert", p->tls_cert, e) == -1)
		return -1;
	return check_readable("tls-key", p->tls_key, e);
}

static int
check_clear(const struct pipeline_policy *p, const char *name, const char *url,
    const char *secret, struct err *e)
{
	enum http_exposure exposure =
	    is_set(url) ? http_url_exposure(url) : HTTP_ENCRYPTED;

	if (p->require_tls && exposure >= HTTP_PRIVATE)
		return err_set(e, ERR_CONFIG,
		    "%s: http is refused, as require-tls is set", name);
	if (secret && exposure == HTTP_EXPOSED)
		log_warn("%s: %s goes over http, where others can read it; "
			 "use https",
		    name, secret);
	return 0;
}

static int
check_all_clear(const struct pipeline_policy *p, struct err *e)
{
	/* Through any other proxy https stays what it is. */
	bool is_proxy_told = is_set(p->http.proxy_auth) &&
	    strcmp(p->http.proxy, "none") != 0 &&
	    strcmp(p->http.proxy, "env") != 0;
	const struct {
		const char *name, *url, *secret;
	} ways[] = {
		{ "meeting-service-url", p->meeting.url,
		    auth_has_token(&p->auth, AUTH_MEETING_SERVICE) ? "the token"
			: webhook_shows_secret(&p->webhook) ? "webhook-secret"
							    : NULL },
		{ "file-service-url", p->filestore.url,
		    auth_has_token(&p->auth, AUTH_FILE_SERVICE) ? "the token"
								: NULL },
		{ "oauth-token-url", p->auth.token_url, "the token" },
		{ "proxy", is_proxy_told ? p->http.proxy : NULL, "proxy-auth" },
	};

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (check_clear(p, ways[i].name, ways[i].url, ways[i].secret,
			e) == -1)
			return -1;
	return 0;
}

int
pipeline_check_url(const char *name, const char *url, struct err *e)
{
	return http_url_check(url, e) == -1 ? err_wrap(e, "%s", name) : 0;
}

int
pipeline_check_reach(const struct pipeline_policy *p, struct err *e)
{
	if (check_tls(&p->http, e) == -1 || auth_check(&p->auth, e) == -1)
		return -1;
	if (is_set(p->auth.token_url) &&
	    pipeline_check_url("oauth-token-url", p->auth.token_url, e) == -1)
		return -1;
	return check_all_clear(p, e);
}

int
pipeline_check(const struct pipeline_policy *p, struct err *e)
{
	static const struct webhook probe = { .id = "" };
	struct text_list headers = { 0 };
	int result =
	    pipeline_check_url("meeting-service-url", p->meeting.url, e);

	if (result == 0)
		result =
		    pipeline_check_url("file-service-url", p->filestore.url, e);
	if (result == 0)
		result = pipeline_check_reach(p, e);
	if (result == 0)
		result = webhook_sign(&p->webhook, &probe, "", 0, &headers, e);
	text_list_free(&headers);
	return result;
}
